// A compiled model that is stepped through a series, in the series' own units.
import { microseconds } from "./clock.js";

export class Forecaster {
  constructor(net) {
    this.stream = net.stream();
    const [{ mean, std }] = net.inputs; // of the numbers that the model sees, if it learnt a scale
    this.mean = mean?.[0] ?? 0;
    this.std = std?.[0] ?? 1;
    this.value = new Float32Array(1);
  }

  reset() {
    this.stream.reset();
  }

  /** Takes a value, gives the next. */
  step(value) {
    this.value[0] = (value - this.mean) / this.std;
    return this.stream.step(this.value)[0] * this.std + this.mean;
  }

  /** `count` values that follow `next`, each from those before it; the stream stays where it is. */
  ahead(next, count) {
    const here = this.stream.snapshot();
    const values = [next];
    while (values.length < count) values.push(this.step(values.at(-1)));
    this.stream.restore(here);
    return values;
  }

  /** Microseconds of a step. */
  time() {
    const here = this.stream.snapshot();
    const out = new Float32Array(1);
    this.value[0] = 0;
    const time = microseconds(() => this.stream.step(this.value, out), this);
    this.stream.restore(here);
    return time;
  }
}

/** Root mean square errors of forecasts made 1, 2, … steps ahead. */
export class Errors {
  constructor() {
    this.sums = [];
    this.counts = [];
  }
  add(steps, error) {
    this.sums[steps] = (this.sums[steps] ?? 0) + error * error;
    this.counts[steps] = (this.counts[steps] ?? 0) + 1;
  }
  rmse(steps) {
    return this.counts[steps] ? Math.sqrt(this.sums[steps] / this.counts[steps]) : NaN;
  }
}
