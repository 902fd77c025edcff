// A graph of a step as boxes and edges: values in, nodes with the rows of what is fused in them.
import dagre from "@dagrejs/dagre";
import type { GraphState, Node } from "./report";
import { plain, type Model } from "./model";

export interface Row {
  index: number; // into pool
  text: string;
  depth: number;
}
export interface Box {
  key: string;
  kind: "input" | "output" | "node" | "group" | "call" | "constant";
  index: number; // into pool; -1: an input or output
  title: string;
  note: string;
  rows: Row[];
  x: number;
  y: number;
  width: number;
  height: number;
  ref: string;
}
export interface Line {
  from: string;
  to: string;
  value: string;
  points: { x: number; y: number }[];
}
export interface Drawing {
  boxes: Box[];
  lines: Line[];
  width: number;
  height: number;
}

export const ROW = 17;
const HEAD = 22;
const LETTER = 6.7;
const WIDEST = 46; // letters

export const shorten = (text: string, most = WIDEST): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** "conv2d → %y" */
function rowText(node: Node): string {
  const name = node.results[0] ?? "";
  return node.op === plain(name) || !name ? node.op : `${node.op}  ${name}`;
}

export const shortType = (type: string | undefined): string => (type ?? "").replace(/ in .*/, "");

function rowsOf(model: Model, nodes: number[], rows: Row[], depth: number): void {
  for (const index of nodes) {
    const node = model.report.pool[index];
    if (!node || (node.op === "constant" && depth === 0)) continue;
    rows.push({ index, text: rowText(node), depth });
    for (const region of node.regions ?? []) rowsOf(model, region.nodes, rows, depth + 1);
  }
}

function boxOf(model: Model, node: Node, index: number, graphs: Map<string, GraphState>): Box {
  const rows: Row[] = [];
  const callee = node.callee ? plain(node.callee) : "";
  let kind: Box["kind"] = "node";
  let title = rowText(node);
  if (node.regions?.length) {
    kind = "group";
    for (const region of node.regions) rowsOf(model, region.nodes, rows, 0);
    title = node.results[0] ?? node.op;
  } else if (callee && graphs.has(callee)) {
    kind = "call";
    rowsOf(model, graphs.get(callee)!.nodes, rows, 0);
    title = callee;
  }
  const slot = node.storage?.[0];
  const note = slot ? `${shortType(node.types[0])}  ${slot}` : shortType(node.types[0]);
  const letters = Math.max(
    title.length + 2,
    note.length,
    ...rows.map((row) => row.text.length + 2 * row.depth + 1),
  );
  return {
    key: `n${index}`,
    kind,
    index,
    title,
    note,
    rows,
    x: 0,
    y: 0,
    width: Math.min(WIDEST, Math.max(12, letters)) * LETTER + 16,
    height: HEAD + rows.length * ROW + ROW + (rows.length ? 6 : 0),
    ref: `node:${index}`,
  };
}

function port(kind: "input" | "output", name: string, note: string, ref: string): Box {
  const letters = Math.max(name.length, note.length, 8);
  return {
    key: `${kind}:${name}`,
    kind,
    index: -1,
    title: name,
    note,
    rows: [],
    x: 0,
    y: 0,
    width: Math.min(WIDEST, letters) * LETTER + 20,
    height: HEAD + ROW,
    ref,
  };
}

interface Made {
  boxes: Map<string, Box>;
  producer: Map<string, string>; // value → key of its box
  uses: [string, string, string][]; // from, to, value
}

function collect(model: Model, graph: GraphState, graphs: Map<string, GraphState>): Made {
  const boxes = new Map<string, Box>();
  const producer = new Map<string, string>();
  const uses: Made["uses"] = [];
  const add = (box: Box): string => {
    boxes.set(box.key, box);
    return box.key;
  };
  for (const input of graph.inputs) {
    if (input.slot && /^(@|slot)/.test(input.slot)) continue; // parameters are beside the graph
    producer.set(
      input.name,
      add(port("input", input.name, shortType(input.type), `name:${input.name}`)),
    );
  }
  for (const index of graph.nodes) {
    const node = model.report.pool[index];
    if (!node || node.op === "constant") continue;
    const key = add(boxOf(model, node, index, graphs));
    for (const operand of new Set(node.operands.map(plain))) {
      const from = producer.get(operand);
      if (from) uses.push([from, key, operand]);
    }
    for (const name of node.results) producer.set(name, key);
  }
  for (const output of graph.outputs) {
    // So are their next values, of which a training step has many; a model's own state stays.
    if (model.report.kind === "training" && output.slot) continue;
    const from = producer.get(plain(output.value));
    if (!from) continue;
    const key = add(
      port("output", output.name, output.slot ?? "output", `name:${plain(output.value)}`),
    );
    uses.push([from, key, plain(output.value)]);
  }
  return { boxes, producer, uses };
}

const cache = new WeakMap<GraphState, Drawing>();

/** Laid out once, when first asked for. */
export function drawing(model: Model, step: number, graph: GraphState): Drawing {
  const known = cache.get(graph);
  if (known) return known;
  const graphs = new Map((model.graphs[step] ?? []).map((g) => [plain(g.name), g]));
  const { boxes, uses } = collect(model, graph, graphs);
  const g = new dagre.graphlib.Graph({ multigraph: true });
  g.setGraph({
    rankdir: "TB",
    nodesep: 22,
    ranksep: 26,
    edgesep: 8,
    marginx: 14,
    marginy: 14,
    ranker: boxes.size > 150 ? "longest-path" : "network-simplex",
  });
  g.setDefaultEdgeLabel(() => ({}));
  for (const box of boxes.values()) g.setNode(box.key, { width: box.width, height: box.height });
  for (const [from, to, value] of uses) g.setEdge(from, to, {}, value);
  if (boxes.size) dagre.layout(g);
  for (const box of boxes.values()) {
    const at = g.node(box.key);
    box.x = at.x - box.width / 2;
    box.y = at.y - box.height / 2;
  }
  const lines = uses.map(([from, to, value]) => ({
    from,
    to,
    value,
    points: (g.edge(from, to, value) as { points: { x: number; y: number }[] }).points,
  }));
  const { width = 100, height = 60 } = g.graph() as { width?: number; height?: number };
  const made = { boxes: [...boxes.values()], lines, width, height };
  cache.set(graph, made);
  return made;
}
