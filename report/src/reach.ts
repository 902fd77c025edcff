// What a selection reaches: from any point of the road, places, names, kernels, calls and memory.
import { lineKey, plain, type Model } from "./model";

/** "line:0:8", "place:3", "node:17", "name:conv1", "kernel:2", "call:4", "value:1" */
export type Ref = string;

export interface Reach {
  ref: Ref;
  kind: string;
  places: Set<number>;
  lines: Set<string>;
  names: Set<string>;
  kernels: Set<number>;
  calls: Set<number>;
  stored: Set<number>;
}

export const parts = (ref: Ref): [string, string] => {
  const colon = ref.indexOf(":");
  return [ref.slice(0, colon), ref.slice(colon + 1)];
};

function empty(ref: Ref): Reach {
  return {
    ref,
    kind: parts(ref)[0],
    places: new Set(),
    lines: new Set(),
    names: new Set(),
    kernels: new Set(),
    calls: new Set(),
    stored: new Set(),
  };
}

const addAll = <T>(set: Set<T>, items: Iterable<T>): void => {
  for (const item of items) set.add(item);
};

function fromPlaces(model: Model, reach: Reach, places: number[]): void {
  addAll(reach.places, places);
  for (const place of places) {
    addAll(reach.calls, model.callsOfPlace.of(place));
    if (!model.callsOfPlace.has(place)) addAll(reach.kernels, model.kernelsOfPlace.of(place));
  }
  for (const c of reach.calls) reach.kernels.add(model.report.calls[c]!.kernel);
  // Its values in memory: what its own names became, and what its calls write.
  for (const [, nodes] of importNames(model, places))
    for (const name of nodes) addAll(reach.stored, model.storedOfName.of(name));
  for (const c of reach.calls) addAll(reach.stored, model.report.calls[c]!.writes);
}

/** Names that the imported module gives to the nodes of places. */
export function importNames(model: Model, places: Iterable<number>): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const place of places) found.set(place, []);
  const visit = (nodes: number[]): void => {
    for (const index of nodes) {
      const node = model.report.pool[index];
      if (!node) continue;
      for (const place of node.places) found.get(place)?.push(...node.results);
      for (const region of node.regions ?? []) visit(region.nodes);
    }
  };
  for (const graph of model.graphs[0] ?? []) visit(graph.nodes);
  return found;
}

function fromNode(model: Model, reach: Reach, index: number): void {
  const node = model.report.pool[index];
  if (!node) return;
  addAll(reach.names, node.results);
  addAll(reach.places, node.places);
  for (const name of node.results) addAll(reach.stored, model.storedOfName.of(name));
  const callee = node.callee && model.kernelByName.get(plain(node.callee));
  if (callee !== undefined && callee !== "") reach.kernels.add(callee);
  else for (const name of node.results) addAll(reach.kernels, model.kernelsOfName.of(name));
  // A kernel may serve several calls: those of the node's own places, or all.
  const near = new Set(node.places.flatMap((place) => model.callsOfPlace.of(place)));
  if (!reach.kernels.size) for (const c of near) reach.kernels.add(model.report.calls[c]!.kernel);
  for (const k of reach.kernels) {
    const calls = model.report.kernels[k]!.calls;
    const own = calls.filter((c) => near.has(c));
    addAll(reach.calls, own.length ? own : calls);
  }
  for (const name of node.op === "call" ? node.results : []) {
    const exact = model.callsOfResult.of(name);
    if (exact.length) reach.calls = new Set(exact);
  }
  for (const c of reach.calls) addAll(reach.stored, model.report.calls[c]!.writes);
}

function fromCall(model: Model, reach: Reach, c: number): void {
  const call = model.report.calls[c];
  if (!call) return;
  reach.calls.add(c);
  reach.kernels.add(call.kernel);
  addAll(reach.places, call.places);
  addAll(reach.stored, call.writes);
  reach.names.add(plain(call.result));
}

function fromKernel(model: Model, reach: Reach, k: number): void {
  const kernel = model.report.kernels[k];
  if (!kernel) return;
  for (const c of kernel.calls) fromCall(model, reach, c);
  reach.kernels.add(k);
  addAll(reach.places, kernel.places);
}

function fromStored(model: Model, reach: Reach, v: number): void {
  const value = model.report.memory.values[v];
  if (!value) return;
  reach.stored.add(v);
  reach.names.add(value.name);
  addAll(reach.names, value.from);
  const writer = model.callOfStored[v];
  const users = model.report.calls
    .map((call, c) => (call.reads.includes(v) || call.writes.includes(v) ? c : -1))
    .filter((c) => c >= 0);
  addAll(reach.calls, writer !== undefined ? [writer] : users);
  for (const c of reach.calls) {
    reach.kernels.add(model.report.calls[c]!.kernel);
    if (writer !== undefined) addAll(reach.places, model.report.calls[c]!.places);
  }
  for (const name of [value.name, ...value.from]) {
    const node = model.report.pool[model.definition(name) ?? -1];
    if (node && writer === undefined) addAll(reach.places, node.places);
  }
}

export function reachOf(model: Model, ref: Ref): Reach {
  const reach = empty(ref);
  const [kind, id] = parts(ref);
  if (kind === "line") {
    const layer = model.layerNames.get(id);
    if (layer) fromLayer(model, reach, layer);
    else fromPlaces(model, reach, model.placesOfLine(id));
    reach.lines.add(id);
  } else if (kind === "place") fromPlaces(model, reach, [Number(id)]);
  else if (kind === "node") fromNode(model, reach, Number(id));
  else if (kind === "name") fromName(model, reach, id);
  else if (kind === "kernel") fromKernel(model, reach, Number(id));
  else if (kind === "call") fromCall(model, reach, Number(id));
  else if (kind === "value") fromStored(model, reach, Number(id));
  for (const place of reach.places) {
    const at = model.report.places[place];
    if (at?.line === undefined) continue;
    reach.lines.add(lineKey(at.source ?? 0, at.line));
    for (const line of model.declarations.of(place)) reach.lines.add(lineKey(at.source ?? 0, line));
  }
  for (const [line, names] of model.layerNames)
    if (names.some((name) => reach.names.has(name))) reach.lines.add(line);
  return reach;
}

/** A layer of a block: its values, and the calls that compute them. */
function fromLayer(model: Model, reach: Reach, names: string[]): void {
  for (const name of names) for (const c of model.callsOfName.of(name)) fromCall(model, reach, c);
  addAll(reach.names, names);
}

function fromName(model: Model, reach: Reach, name: string): void {
  const node = model.definition(name);
  if (node !== undefined) fromNode(model, reach, node);
  else for (const v of model.storedOfName.of(name)) fromStored(model, reach, v);
  reach.names.add(name);
}

/** 2: it is meant; 1: it is of the same line; 0: it is not. */
export function meets(model: Model, reach: Reach, ref: Ref): 0 | 1 | 2 {
  if (ref === reach.ref) return 2;
  const [kind, id] = parts(ref);
  if (kind === "line") return reach.lines.has(id) ? 2 : 0;
  if (kind === "place") return reach.places.has(Number(id)) ? 2 : 0;
  if (kind === "kernel") return reach.kernels.has(Number(id)) ? 2 : 0;
  if (kind === "call") return reach.calls.has(Number(id)) ? 2 : 0;
  if (kind === "value") return reach.stored.has(Number(id)) ? 2 : 0;
  if (kind === "name") return reach.names.has(id) ? 2 : 0;
  if (kind !== "node") return 0;
  const node = model.report.pool[Number(id)];
  if (!node) return 0;
  if (node.results.some((name) => reach.names.has(name))) return 2;
  if (!node.places.some((place) => reach.places.has(place))) return 0;
  return reach.names.size ? 1 : 2;
}

/** How many nodes of the selection a step has. */
export function nodesIn(model: Model, reach: Reach, step: number): number {
  let sum = 0;
  if (reach.kind === "node" || reach.kind === "name" || (reach.kind === "line" && reach.names.size))
    for (const name of reach.names) sum += model.nameCounts(step).get(name) ?? 0;
  else for (const place of reach.places) sum += model.placeCounts(step).get(place) ?? 0;
  return sum;
}

/** The step that leaves none of the selection's nodes, and why. */
export function vanished(model: Model, reach: Reach): { step: number; why: string } | null {
  const { steps } = model.report;
  let seen = false;
  for (let step = 0; step < steps.length; step++) {
    const count = nodesIn(model, reach, step);
    if (count > 0) seen = true;
    else if (seen) {
      const about = steps[step]!.remarks.find(
        (r) =>
          r.fired &&
          (r.places.some((p) => reach.places.has(p)) ||
            model.subjects(r).some((n) => reach.names.has(n))),
      );
      return { step, why: about?.message ?? steps[step]!.summary };
    }
  }
  return null;
}
