// Numbers as a reader wants them: three digits, a unit.

const NARROW = "\u202f"; // between a number and its unit

/** Three significant digits, no exponent where none is needed. */
export function digits(x: number, count = 3): string {
  if (!Number.isFinite(x)) return String(x);
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-3) return x.toExponential(count - 1).replace("e+", "e");
  if (size >= 100) return Math.round(x).toLocaleString("en");
  return String(Number(x.toPrecision(count)));
}

/** An error as a number to compare: a report has null for an infinite one, nothing for an unknown one. */
export const errorSize = (error: number | null | undefined): number | undefined =>
  error === null ? Infinity : error;

export const errorText = (error: number | null | undefined): string =>
  error === undefined ? "–" : error === null || error === Infinity ? "infinite" : digits(error, 2);

export function time(ns: number): string {
  if (ns < 1000) return `${digits(ns)}${NARROW}ns`;
  if (ns < 1e6) return `${digits(ns / 1e3)}${NARROW}µs`;
  if (ns < 1e9) return `${digits(ns / 1e6)}${NARROW}ms`;
  return `${digits(ns / 1e9)}${NARROW}s`;
}

export function bytes(count: number): string {
  if (count < 10000) return `${Math.round(count).toLocaleString("en")}${NARROW}B`;
  if (count < 1e6) return `${digits(count / 1e3)}${NARROW}kB`;
  if (count < 1e9) return `${digits(count / 1e6)}${NARROW}MB`;
  return `${digits(count / 1e9)}${NARROW}GB`;
}

export function operations(count: number): string {
  if (count < 1e3) return `${count}${NARROW}FLOP`;
  if (count < 1e6) return `${digits(count / 1e3)}${NARROW}kFLOP`;
  if (count < 1e9) return `${digits(count / 1e6)}${NARROW}MFLOP`;
  return `${digits(count / 1e9)}${NARROW}GFLOP`;
}

export const whole = (count: number): string => Math.round(count).toLocaleString("en");

export function percent(share: number): string {
  const value = 100 * share;
  return `${value >= 10 || value === 0 ? Math.round(value) : Number(value.toPrecision(2))}${NARROW}%`;
}

/** "1 node", "3 nodes". */
export const counted = (count: number, noun: string): string =>
  `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;

/** A target by its CPU, or by its name where it means any CPU that has it. */
export const machine = ({ name, cpu }: { name: string; cpu: string }): string =>
  cpu && cpu !== "generic" ? cpu : name;
