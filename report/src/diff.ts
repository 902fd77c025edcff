// The text IR of a step, and what it changed against the step before.
import { diffArrays } from "diff";
import type { GraphState, Node } from "./report";
import type { Model } from "./model";

export interface TextLine {
  text: string;
  index: number; // into pool; -1: a head or a tail
  state: "same" | "added" | "removed";
  from?: number; // of a line that took another's place: the letters that are new
  to?: number;
}

type Plain = Pick<TextLine, "text" | "index">;

function nodeLines(model: Model, index: number, indent: string, lines: Plain[]): void {
  const node: Node | undefined = model.report.pool[index];
  if (!node) return;
  lines.push({ text: indent + node.text, index });
  (node.regions ?? []).forEach((region, i) => {
    if (i > 0 && region.head && !node.text.includes(region.head))
      lines.push({ text: indent + region.head, index });
    for (const inner of region.nodes) nodeLines(model, inner, `${indent}  `, lines);
    for (const tail of region.tail)
      if (tail.trim() !== node.close?.trim())
        lines.push({ text: `${indent}  ${tail.trim()}`, index: -1 });
  });
  if (node.close) lines.push({ text: indent + node.close, index: -1 });
}

function graphLines(model: Model, graph: GraphState, lines: Plain[]): void {
  if (lines.length) lines.push({ text: "", index: -1 });
  lines.push({ text: graph.head, index: -1 });
  for (const index of graph.nodes) nodeLines(model, index, "  ", lines);
  for (const tail of graph.tail) {
    const text = tail.trim();
    lines.push({ text: /^[})]/.test(text) ? text : `  ${text}`, index: -1 });
  }
}

const texts = new WeakMap<GraphState[], Plain[]>();

export function textOf(model: Model, step: number): Plain[] {
  const graphs = model.graphs[step] ?? [];
  let lines = texts.get(graphs);
  if (!lines) {
    lines = (model.report.steps[step]?.head ?? []).map((text) => ({ text, index: -1 }));
    for (const graph of graphs) graphLines(model, graph, lines);
    texts.set(graphs, lines);
  }
  return lines;
}

const definedIn = (text: string): string => text.match(/^\s*(%[\w.$-]+)/)?.[1] ?? "";

/** Where a line that took another's place begins and ends to differ from it. */
function narrow(line: TextLine, old: string): void {
  const text = line.text;
  let from = 0;
  while (from < text.length && from < old.length && text[from] === old[from]) from++;
  let end = 0;
  const most = Math.min(text.length, old.length) - from;
  while (end < most && text[text.length - 1 - end] === old[old.length - 1 - end]) end++;
  line.from = from;
  line.to = text.length - end;
}

const diffs = new WeakMap<Plain[], TextLine[]>();

/** All lines of a step, and between them those that it removed. */
export function stepDiff(model: Model, step: number): TextLine[] {
  const after = textOf(model, step);
  const before = step > 0 ? textOf(model, step - 1) : after;
  if (before === after) return after.map((line) => ({ ...line, state: "same" as const }));
  const known = diffs.get(after);
  if (known) return known;
  const lines: TextLine[] = [];
  let gone = new Map<string, string>();
  for (const part of diffArrays(before, after, { comparator: (a, b) => a.text === b.text })) {
    const state = part.added ? "added" : part.removed ? "removed" : "same";
    if (state === "removed") gone = new Map(part.value.map((l) => [definedIn(l.text), l.text]));
    for (const { text, index } of part.value) {
      const line: TextLine = { text, index, state };
      const name = definedIn(text);
      if (state === "added" && name && gone.has(name)) narrow(line, gone.get(name)!);
      lines.push(line);
    }
    if (state === "same") gone = new Map();
  }
  diffs.set(after, lines);
  return lines;
}

/** Pool indices that a step has and the one before has not, and the other way round. */
export function changedNodes(
  model: Model,
  step: number,
): { added: Set<number>; removed: Set<number> } {
  const of = (lines: Plain[]): Set<number> => new Set(lines.map((line) => line.index));
  const after = of(textOf(model, step));
  const before = step > 0 ? of(textOf(model, step - 1)) : after;
  return {
    added: new Set([...after].filter((index) => !before.has(index))),
    removed: new Set([...before].filter((index) => !after.has(index))),
  };
}
