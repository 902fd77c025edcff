// What stands out in a report, in sentences: the first things to look at.
import { bytes, errorSize, errorText, operations, percent, time } from "./format";
import type { Model } from "./model";
import type { Ref } from "./reach";
import type { View } from "./store";

export interface Finding {
  head: string;
  text: string;
  tab: string;
  ref?: Ref;
  view?: Partial<View>;
}

/** Calls by the time that their roof would save. */
function slow(model: Model): Finding[] {
  const { calls } = model.report;
  const lost = calls
    .map((call, c) => ({
      call,
      c,
      lost: call.time ? call.time.median * (1 - Math.min(1, call.bound?.attained ?? 1)) : 0,
    }))
    .sort((a, b) => (b.call.time?.median ?? 0) - (a.call.time?.median ?? 0));
  const first = lost.slice(0, 2).filter(({ call }) => call.time);
  const behind = [...lost]
    .sort((a, b) => b.lost - a.lost)
    .find((x) => x.lost > 0 && !first.includes(x));
  const found = first.map(({ call, c }) => ({
    head: `${model.callText(c)} takes ${time(call.time!.median)}${call.share ? `, ${percent(call.share)}` : ""}.`,
    text: call.verdict,
    tab: "kernels",
    ref: `call:${c}`,
    view: { kernel: call.kernel },
  }));
  if (behind && behind.lost > 0.02 * (model.report.whole?.median ?? Infinity))
    found.push({
      head: `${model.callText(behind.c)} is furthest below its roof: ${time(behind.lost)} could be won.`,
      text: behind.call.verdict,
      tab: "kernels",
      ref: `call:${behind.c}`,
      view: { kernel: behind.call.kernel },
    });
  return found;
}

/** Where nothing was measured: the call with most of the arithmetic. */
function busy(model: Model): Finding[] {
  const { calls } = model.report;
  const total = calls.reduce((sum, call) => sum + call.flops, 0);
  if (calls.some((call) => call.time) || total === 0) return [];
  const c = calls.reduce((most, call, i) => (call.flops > calls[most]!.flops ? i : most), 0);
  const { kernel, flops, verdict } = calls[c]!;
  return [
    {
      head: `${model.callText(c)} does ${percent(flops / total)} of the arithmetic, ${operations(flops)}.`,
      text: verdict,
      tab: "kernels",
      ref: `call:${c}`,
      view: { kernel },
    },
  ];
}

/** Nodes that a pass drops whole: dropout, dead code. */
function dropped(model: Model): Finding[] {
  const found: Finding[] = [];
  model.report.steps.forEach((step, i) => {
    const fired = step.remarks.filter((remark) => remark.fired);
    if (!/^drop_dropout$/.test(step.pass) || !fired.length) return;
    const place = fired[0]!.places[0];
    found.push({
      head: `${step.pass} dropped ${fired.length === 1 ? "a node" : `${fired.length} nodes`}.`,
      text: fired[0]!.message,
      tab: "passes",
      ref: place === undefined ? undefined : `place:${place}`,
      view: { step: i },
    });
  });
  return found;
}

/** The first pass and the first value whose error is infinite: nothing is worth more of a look. */
function infinite(model: Model): Finding[] {
  const { steps, numbers } = model.report;
  const found: Finding[] = [];
  const output = (i: number): string | undefined =>
    steps[i]!.errors?.find((e) => e.absolute === null)?.output;
  const step = steps.findIndex((_, i) => output(i) !== undefined);
  const text = "One side is NaN or infinite where the other is not.";
  if (step >= 0)
    found.push({
      head: `After ${steps[step]!.pass} the error of output ${output(step)} is infinite.`,
      text,
      tab: "passes",
      view: { step },
    });
  const value = numbers?.values.find((v) => v.absolute === null || v.relative === null);
  if (value)
    found.push({
      head: `The error against f64 at %${value.name} is infinite.`,
      text,
      tab: "numbers",
      ref: `name:${value.name}`,
    });
  return found;
}

function wrong(model: Model): Finding[] {
  const values = model.report.numbers?.values ?? [];
  const found: Finding[] = [];
  const broken = values.find((value) => value.nans || value.infinities);
  if (broken)
    found.push({
      head: `%${broken.name} holds ${broken.nans ? `${broken.nans} NaN` : `${broken.infinities} infinities`}.`,
      text: "It is the first value of the call that does.",
      tab: "numbers",
      ref: `name:${broken.name}`,
    });
  const worst = values.reduce<(typeof values)[number] | null>(
    (most, v) => ((errorSize(v.relative) ?? 0) > (errorSize(most?.relative) ?? 0) ? v : most),
    null,
  );
  if (worst?.relative)
    // null: infinite() speaks of it
    found.push({
      head: `The largest error against f64 is at %${worst.name}.`,
      text: `${errorText(worst.relative)} of its largest magnitude, ${errorText(worst.absolute)} absolute.`,
      tab: "numbers",
      ref: `name:${worst.name}`,
    });
  return found;
}

function memory(model: Model): Finding[] {
  const { values, arena_bytes } = model.report.memory;
  let largest = -1;
  values.forEach((value, v) => {
    if (value.memory === "arena" && (largest < 0 || value.bytes > values[largest]!.bytes))
      largest = v;
  });
  const value = values[largest];
  if (!value) return [];
  return [
    {
      head: `%${value.name} is the largest of the arena: ${bytes(value.bytes)} of ${bytes(arena_bytes)}.`,
      text: `It lives from call ${value.first} to call ${value.last}.`,
      tab: "memory",
      ref: `value:${largest}`,
    },
  ];
}

/** Compile time, where one pass takes most of it. */
function passes(model: Model): Finding[] {
  const { steps } = model.report;
  const total = steps.reduce((sum, step) => sum + step.ns, 0);
  let i = 0;
  steps.forEach((step, k) => {
    if (step.ns > steps[i]!.ns) i = k;
  });
  const step = steps[i];
  if (!step || total === 0 || step.ns < 0.3 * total) return [];
  return [
    {
      head: `${step.pass} takes ${percent(step.ns / total)} of the passes' ${time(total)}.`,
      text: step.summary,
      tab: "passes",
      view: { step: i },
    },
  ];
}

export const findings = (model: Model): Finding[] => [
  ...infinite(model),
  ...slow(model),
  ...busy(model),
  ...wrong(model),
  ...dropped(model),
  ...memory(model),
  ...passes(model),
];
