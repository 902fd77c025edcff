
// From here on every model's file is the same; what differs is WASM and MODEL above.

const ARRAYS = {
  f32: Float32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  i32: Int32Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
};
const PAGE = 65536;

// What a value is. Arrays of another realm, as a frame's, are told by their tag.
function kind(value) {
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return Object.prototype.toString.call(value).slice(8, -1);
}

const is = (value, type) => value instanceof type || kind(value) === type.name;

// That `value` is the array which `label` takes; a TypeError or RangeError.
function check(value, type, length, label) {
  if (!is(value, type))
    throw new TypeError(`${label}: ${type.name} of ${length} expected, ${kind(value)} found`);
  if (value.length !== length)
    throw new RangeError(`${label}: ${length} elements expected, ${value.length} found`);
}

// The array of each port: of one port the value itself, of several those of an object by name.
function by_port(value, ports, what) {
  if (ports.length === 1) return [value];
  const names = ports.map((port) => port.name);
  const expected = names.join(", ");
  if (kind(value) !== "Object")
    throw new TypeError(`${what}: an object with ${expected} expected, ${kind(value)} found`);
  for (const name of Object.keys(value))
    if (!names.includes(name))
      throw new TypeError(`${what}: there is no '${name}'; ${expected} expected`);
  return names.map((name) => {
    if (!Object.hasOwn(value, name))
      throw new TypeError(`${what}: '${name}' is missing; ${expected} expected`);
    return value[name];
  });
}

// One function of the module: the places of its ports in memory, with room for so many samples.
class Entry {
  #memory;
  #buffer;
  #inputs;
  #outputs;

  constructor(memory, { inputs, outputs, room }) {
    const port = (of) => ({ ...of, type: ARRAYS[of.dtype], view: null });
    this.#memory = memory;
    this.#inputs = inputs.map(port);
    this.#outputs = outputs.map(port);
    this.room = room;
    this.places = [...inputs, ...outputs].map(({ at }) => at);
  }

  // Views end when the memory grows, which its owner may do at any time.
  #refresh() {
    if (this.#buffer === this.#memory.buffer) return;
    this.#buffer = this.#memory.buffer;
    for (const port of [...this.#inputs, ...this.#outputs])
      port.view = new port.type(this.#buffer, port.at, port.elements * this.room);
  }

  // Copies `count` samples in, calls for as many at a time as there is room for, copies them out.
  compute(value, out, count, call) {
    const inputs = this.#inputs;
    const outputs = this.#outputs;
    const given = by_port(value, inputs, "inputs");
    inputs.forEach((port, i) => check(given[i], port.type, port.elements * count, port.name));
    const fresh = out === undefined;
    const results = fresh
      ? outputs.map((port) => new port.type(port.elements * count))
      : by_port(out, outputs, "out");
    if (!fresh)
      outputs.forEach((port, i) => check(results[i], port.type, port.elements * count, port.name));
    for (let from = 0; from < count; from += this.room) {
      const some = Math.min(count - from, this.room);
      this.#refresh();
      for (let i = 0; i < inputs.length; ++i) {
        const { view, elements } = inputs[i];
        const part = some === count ? given[i] : given[i].subarray(from * elements, (from + some) * elements);
        view.set(part);
      }
      const status = call(some);
      if (status !== 0) throw new Error(`${MODEL.name}: the call returned ${status}`);
      for (let i = 0; i < outputs.length; ++i) {
        const { view, elements } = outputs[i];
        results[i].set(some === this.room ? view : view.subarray(0, elements * some), from * elements);
      }
    }
    if (outputs.length === 1) return results[0];
    return Object.fromEntries(outputs.map((port, i) => [port.name, results[i]]));
  }

  // How many samples an input holds, by its first port.
  samples(value) {
    const { name, type, elements } = this.#inputs[0];
    const first = by_port(value, this.#inputs, "inputs")[0];
    if (!is(first, type))
      throw new TypeError(`${name}: ${type.name} expected, ${kind(first)} found`);
    if (elements === 0 || first.length % elements !== 0)
      throw new RangeError(`${name}: a multiple of ${elements} elements expected, ${first.length} found`);
    return first.length / elements;
  }
}

// The module, or its bytes, that `source` stands for.
async function opened(source) {
  const value = await source;
  const what = kind(value);
  if (what === "WebAssembly.Module" || what === "ArrayBuffer" || ArrayBuffer.isView(value))
    return value;
  if (what === "Response") {
    if (!value.ok) throw new Error(`${value.url}: HTTP status ${value.status}`);
    return value.arrayBuffer();
  }
  if (what !== "string" && what !== "URL")
    throw new TypeError(
      `load: bytes, a Response, a WebAssembly.Module or an address expected, ${what} found`,
    );
  const url = new URL(value, import.meta.url);
  if (url.protocol !== "file:" || typeof process !== "object") return opened(fetch(url));
  const files = "node:fs/promises"; // in a variable, where no bundler looks for it
  return (await import(/* webpackIgnore: true */ /* @vite-ignore */ files)).readFile(url);
}

// `given`, or new memory of the model's own.
function memory_for(given) {
  const bytes = MODEL.memoryBytes;
  if (given === undefined) return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  if (kind(given) !== "WebAssembly.Memory")
    throw new TypeError(`memory: WebAssembly.Memory expected, ${kind(given)} found`);
  const found = given.buffer.byteLength;
  if (found >= bytes) return given;
  throw new RangeError(`memory: ${bytes} bytes expected for ${MODEL.name}, ${found} found`);
}

// Its functions by their roles.
async function instantiated(source, memory) {
  const value = await opened(source);
  const module = kind(value) === "WebAssembly.Module" ? value : await WebAssembly.compile(value);
  const [section] = WebAssembly.Module.customSections(module, "linnet");
  const found = section ? new TextDecoder().decode(section) : "none of linnet's";
  if (found !== MODEL.id)
    throw new Error(
      `load: module '${MODEL.id}' expected, '${found}' found; the .wasm and the .mjs of one ` +
        "compilation belong together",
    );
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return Object.fromEntries(
    Object.entries(MODEL.functions).map(([role, name]) => [role, exports[name]]),
  );
}
