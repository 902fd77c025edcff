
const ARGUMENTS = { seed: 0, step: 8, lr: 16, bytes: 24 }; // linnet_step_args_v1

class Trainer {
  name = MODEL.name;
  target = MODEL.target;
  batch = MODEL.batch;
  tensors = MODEL.tensors;
  arenaBytes = MODEL.arenaBytes;
  memoryBytes = MODEL.memoryBytes;
  steps = 0;
  #code;
  #entries = {};

  constructor(code, memory) {
    this.memory = memory;
    this.#code = code;
    for (const [role, entry] of Object.entries(MODEL.entries))
      this.#entries[role] = new Entry(memory, { room: 1, ...entry });
    this.init(0);
  }

  // The function of this role; of the one for single samples if that is what `value` holds.
  #call(role, value, out) {
    const single = MODEL.entries[`${role}_1`];
    const first = single?.inputs.length === 1 ? value : value?.[single?.inputs[0].name];
    const name = single && first?.length === single.inputs[0].elements ? `${role}_1` : role;
    const { places } = MODEL.entries[name];
    return this.#entries[name].compute(value, out, 1, () => this.#code[name](...places));
  }
  #arguments(seed, step, lr) {
    const view = new DataView(this.memory.buffer, MODEL.arguments, ARGUMENTS.bytes);
    view.setBigInt64(ARGUMENTS.seed, BigInt(seed), true);
    view.setBigInt64(ARGUMENTS.step, BigInt(step), true);
    view.setFloat64(ARGUMENTS.lr, lr, true);
  }
  #tensor(name) {
    const tensor = MODEL.tensors.find((other) => other.name === name);
    if (tensor) return new ARRAYS[tensor.dtype](this.memory.buffer, tensor.at, tensor.elements);
    const names = MODEL.tensors.map((other) => other.name).join(", ");
    throw new TypeError(`there is no tensor '${name}'; ${names} expected`);
  }
  #slots() {
    return new Uint8Array(this.memory.buffer, MODEL.slots, MODEL.slotsBytes);
  }

  #seed = 0;
  init(seed = 0) {
    this.#seed = BigInt.asIntN(64, BigInt(seed));
    this.steps = 0;
    this.#arguments(this.#seed, 0, 0);
    this.#code.init(...MODEL.entries.init.places);
  }
  step(values, { lr } = {}) {
    if (typeof lr !== "number") throw new TypeError(`lr: a number expected, ${kind(lr)} found`);
    this.#arguments(this.#seed, this.steps + 1, lr);
    const losses = this.#call("train_step", values);
    const loss = (losses.loss ?? losses)[0]; // beside it the penalty, where there is one
    this.steps += 1;
    return loss;
  }
  evaluate(values, out) {
    return this.#call("evaluate", values, out);
  }
  run(values, out) {
    return this.#call("predict", values, out);
  }
  get(name) {
    return this.#tensor(name).slice();
  }
  set(name, value) {
    const tensor = this.#tensor(name);
    check(value, tensor.constructor, tensor.length, name);
    tensor.set(value);
  }
  snapshot() {
    return { id: MODEL.id, seed: this.#seed, steps: this.steps, slots: this.#slots().slice() };
  }
  restore(snapshot) {
    const { id, seed, steps, slots } = snapshot ?? {};
    if (typeof seed !== "bigint" || !Number.isSafeInteger(steps))
      throw new TypeError(`snapshot: what snapshot() gives expected, ${kind(snapshot)} found`);
    if (id !== MODEL.id) throw new Error(`snapshot: it is not of the trainer '${MODEL.id}'`);
    check(slots, Uint8Array, MODEL.slotsBytes, "snapshot");
    this.#slots().set(slots);
    this.#seed = seed;
    this.steps = steps;
  }
}

export async function load(source = WASM, { memory } = {}) {
  const place = memory_for(memory);
  return new Trainer(await instantiated(source, place), place);
}

export default load;
