
// A model stepped through time: its state lies in the module's memory.
class Stream {
  inputs = MODEL.stream.inputs;
  outputs = MODEL.stream.outputs;
  warmup = MODEL.stream.warmup;
  #memory;
  #code;
  #entry;
  #at;
  #release;

  constructor(memory, code, entry, at, release) {
    this.#memory = memory;
    this.#code = code;
    this.#entry = entry;
    this.#at = at;
    this.#release = release;
    this.reset();
  }

  #state() {
    if (this.#at === undefined) throw new Error(`${MODEL.name}: this stream has been freed`);
    return this.#at;
  }
  #bytes() {
    return new Uint8Array(this.#memory.buffer, this.#state(), MODEL.stream.stateBytes);
  }

  step(value, out) {
    const state = this.#state();
    const { places } = this.#entry;
    return this.#entry.compute(value, out, 1, () => this.#code.step(...places, state, MODEL.arena));
  }
  steps(value, out) {
    const state = this.#state();
    const { places } = this.#entry;
    return this.#entry.compute(value, out, this.#entry.samples(value), (count) =>
      this.#code.steps(...places, count, state, MODEL.arena),
    );
  }
  reset() {
    this.#code.reset(this.#state());
  }
  snapshot() {
    return this.#bytes().slice();
  }
  restore(snapshot) {
    check(snapshot, Uint8Array, MODEL.stream.stateBytes, "snapshot");
    const before = this.snapshot();
    this.#bytes().set(snapshot);
    if (this.#code.check(this.#state()) === 0) return;
    this.#bytes().set(before);
    throw new Error(`snapshot: it is not of ${MODEL.name} with these weights`);
  }
  free() {
    if (this.#at !== undefined) this.#release(this.#at);
    this.#at = undefined;
  }
}

class Net {
  name = MODEL.name;
  target = MODEL.target;
  batch = MODEL.batch;
  inputs = (MODEL.run ?? MODEL.stream).inputs;
  outputs = (MODEL.run ?? MODEL.stream).outputs;
  arenaBytes = MODEL.arenaBytes;
  memoryBytes = MODEL.memoryBytes;
  #code;
  #run;
  #step;
  #states = [];

  constructor(code, memory) {
    this.memory = memory;
    this.#code = code;
    if (MODEL.run) this.#run = new Entry(memory, MODEL.run);
    if (!MODEL.stream) return;
    this.#step = new Entry(memory, MODEL.stream);
    this.#states.push(MODEL.stream.state);
  }

  run(value, out) {
    const entry = this.#run;
    if (!entry) throw new TypeError(`${MODEL.name} has a state from call to call: stream() steps it`);
    if (MODEL.batch > 1)
      return entry.compute(value, out, entry.samples(value), (count) => this.#batch(count));
    return entry.compute(value, out, 1, () => this.#code.run(...entry.places, MODEL.arena));
  }

  // `count` samples that lie where a batch does: it, or what does not fill one, one by one.
  #batch(count) {
    const { inputs, outputs } = MODEL.run;
    if (count === MODEL.batch) return this.#code.run(...this.#run.places, MODEL.arena);
    let status = 0;
    for (let i = 0; i < count && status === 0; ++i) {
      const places = [...inputs, ...outputs].map(
        ({ at, elements, dtype }) => at + i * elements * ARRAYS[dtype].BYTES_PER_ELEMENT,
      );
      status = this.#code.single(...places, MODEL.arena);
    }
    return status;
  }

  stream() {
    if (!this.#step) throw new TypeError(`${MODEL.name} cannot be stepped: run() computes it`);
    const states = this.#states;
    if (states.length === 0) {
      const bytes = Math.ceil(MODEL.stream.stateBytes / MODEL.align) * MODEL.align;
      const pages = Math.ceil(bytes / PAGE);
      const start = this.memory.grow(pages) * PAGE;
      for (let at = start + pages * PAGE - bytes; at >= start; at -= bytes) states.push(at);
    }
    return new Stream(this.memory, this.#code, this.#step, states.pop(), (at) => states.push(at));
  }
}

export async function load(source = WASM, { memory } = {}) {
  const place = memory_for(memory);
  return new Net(await instantiated(source, place), place);
}

export default load;
