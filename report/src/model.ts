// The report with the indices that the views ask: steps resolved, who speaks of what.
import { counted } from "./format";
import type { GraphState, Node, Remark, Report, Step } from "./report";

/** A set of indices under each key. */
class Index<K> extends Map<K, number[]> {
  add(key: K, value: number): void {
    const list = this.get(key);
    if (!list) this.set(key, [value]);
    else if (list[list.length - 1] !== value) list.push(value);
  }
  of(key: K): number[] {
    return this.get(key) ?? [];
  }
}

export const lineKey = (source: number, line: number): string => `${source}:${line}`;
export const plain = (name: string): string => name.replace(/^[@%]/, "").replace(/^"|"$/g, "");

/** Pool indices of a node and, with depth, of all within it. */
export function walk(
  pool: Node[],
  nodes: number[],
  visit: (index: number, node: Node, depth: number) => void,
  depth = 0,
): void {
  for (const index of nodes) {
    const node = pool[index];
    if (!node) continue;
    visit(index, node, depth);
    for (const region of node.regions ?? []) walk(pool, region.nodes, visit, depth + 1);
  }
}

export class Model {
  readonly graphs: GraphState[][] = []; // of every step, those of unchanged ones too
  readonly linePlaces = new Index<string>();
  private readonly declared = new Index<string>(); // a line that declares a layer → its places
  readonly declarations = new Index<number>(); // and back
  readonly layerNames = new Map<string, string[]>(); // a line that declares a layer of a block → its values
  readonly named = new Map<string, number>(); // ONNX: name of a node → place
  readonly kernelsOfPlace = new Index<number>();
  readonly kernelsOfName = new Index<string>();
  readonly callsOfPlace = new Index<number>();
  readonly callsOfResult = new Index<string>();
  readonly callsOfName = new Index<string>(); // of a value within a call's kernel, as it was named before kernels were shared
  readonly storedOfName = new Index<string>();
  readonly numbersOfName = new Map<string, number>();
  readonly kernelByName = new Map<string, number>();
  readonly kernelGraphs: (GraphState | undefined)[] = [];
  readonly lineTime = new Map<string, number>(); // ns of the calls that come from a line
  readonly callOfStored: (number | undefined)[] = []; // the call that writes it
  private readonly counts: (Map<number, number> | undefined)[] = [];
  private readonly names: (Map<string, number> | undefined)[] = [];
  private imported: Set<string> | undefined;
  private definitions: Map<string, number> | undefined;

  constructor(readonly report: Report) {
    this.resolveSteps();
    this.indexPlaces();
    this.indexDeclarations();
    this.indexKernels();
    this.indexCalls();
    this.indexGroups();
    report.memory.values.forEach((value, i) => {
      this.storedOfName.add(value.name, i);
      for (const name of value.from) this.storedOfName.add(name, i);
    });
    report.numbers?.values.forEach((value, i) => this.numbersOfName.set(value.name, i));
  }

  /** Lines that declare a layer, or a value, which other lines of the same block have places of. */
  private indexDeclarations(): void {
    this.report.sources.forEach(({ text }, source) => {
      const lines = text.split("\n");
      let block = 0;
      const blockOf = lines.map((line, i) =>
        /^(model|block|data|train)\b/.test(line) ? (block = i) : block,
      );
      const imported = [...this.importedNames()];
      const used = this.report.places.map((place, p) => ({ place, word: this.placeWord(p), p }));
      lines.forEach((line, i) => {
        const name = line.match(/^\s+layer\s+("[^"]+"|[\w.]+)\s*=/)?.[1]?.replaceAll('"', "");
        if (!name || this.linePlaces.has(lineKey(source, i + 1))) return;
        for (const { place, word, p } of used)
          if (place.source === source && word === name && blockOf[place.line! - 1] === blockOf[i]) {
            this.declared.add(lineKey(source, i + 1), p);
            this.declarations.add(p, i + 1);
          }
        if (this.declared.has(lineKey(source, i + 1))) return;
        // A block's nodes have their places in the block, for all its layers; their names tell which.
        const inBlock = lines[blockOf[i]!]!.startsWith("block");
        const names = imported.filter((value) =>
          inBlock ? `${value}.`.includes(`.${name}.`) : `${value}.`.startsWith(`${name}.`),
        );
        if (names.length) this.layerNames.set(lineKey(source, i + 1), names);
      });
    });
  }

  private importedNames(): Set<string> {
    if (this.imported) return this.imported;
    const names = new Set<string>();
    for (const graph of this.graphs[0] ?? [])
      walk(this.report.pool, graph.nodes, (_, node) => node.results.forEach((n) => names.add(n)));
    return (this.imported = names);
  }

  isImported(name: string): boolean {
    return this.importedNames().has(name);
  }

  /** Whether a line leads anywhere. */
  knows(id: string): boolean {
    return this.placesOfLine(id).length > 0 || this.layerNames.has(id);
  }

  /** Places of a line: its own, or those of the layer it declares. */
  placesOfLine(id: string): number[] {
    return this.linePlaces.get(id) ?? this.declared.of(id);
  }

  private resolveSteps(): void {
    let before: GraphState[] = [];
    for (const step of this.report.steps) {
      if (step.changed || step.graphs.length) before = step.graphs;
      this.graphs.push(before);
    }
  }

  private indexPlaces(): void {
    this.report.places.forEach((place, i) => {
      if (place.line !== undefined) this.linePlaces.add(lineKey(place.source ?? 0, place.line), i);
      else if (place.name !== undefined) this.named.set(place.name, i);
    });
  }

  private indexKernels(): void {
    const last = this.graphs[this.graphs.length - 1] ?? [];
    const graphs = new Map(last.filter((g) => g.kind !== "graph").map((g) => [plain(g.name), g]));
    this.report.kernels.forEach((kernel, k) => {
      this.kernelByName.set(plain(kernel.name), k);
      for (const place of kernel.places) this.kernelsOfPlace.add(place, k);
      const graph = graphs.get(plain(kernel.name));
      this.kernelGraphs.push(graph);
      if (graph)
        walk(this.report.pool, graph.nodes, (_, node) =>
          node.results.forEach((name) => this.kernelsOfName.add(name, k)),
        );
    });
  }

  private indexCalls(): void {
    this.report.calls.forEach((call, c) => {
      for (const place of call.places) this.callsOfPlace.add(place, c);
      this.callsOfResult.add(plain(call.result), c);
      for (const value of call.writes) this.callOfStored[value] ??= c;
      const lines = new Set(call.places.map((p) => this.lineOf(p)).filter(Boolean));
      if (call.time)
        for (const line of lines)
          this.lineTime.set(line!, (this.lineTime.get(line!) ?? 0) + call.time.median);
    });
  }

  /** Kernels of the same code are one, with the names of one of them; before that each had its own. */
  private indexGroups(): void {
    const { pool } = this.report;
    const grouped = (graphs: GraphState[]): boolean =>
      graphs.some((graph) => graph.nodes.some((index) => pool[index]?.op === "group"));
    for (const graph of this.graphs.filter(grouped).at(-1) ?? [])
      for (const index of graph.nodes) {
        const { op, results } = pool[index] ?? {};
        if (op !== "group") continue;
        const calls = results!.flatMap((result) => this.callsOfResult.of(result));
        walk(pool, [index], (_, node) => {
          for (const name of node.results) for (const c of calls) this.callsOfName.add(name, c);
        });
      }
    for (const [line, names] of this.layerNames) {
      names.push(...this.renamed(names));
      const its = new Set(names.flatMap((name) => this.callsOfName.of(name)));
      const times = [...its].flatMap((c) => this.report.calls[c]!.time?.median ?? []);
      if (times.length)
        this.lineTime.set(
          line,
          times.reduce((sum, ns) => sum + ns, 0),
        );
    }
  }

  /** Names of kernels' values that a pass made of others: `conv_1` of `conv`, by fold_batch_norm. */
  private renamed(names: string[]): string[] {
    const gone = new Set(names.filter((name) => !this.callsOfName.has(name)));
    return [...this.callsOfName.keys()].filter(
      (name) => !this.isImported(name) && gone.has(name.replace(/_\d+$/, "")),
    );
  }

  /** A kernel's calls that are of it alone: with a time of its own. */
  ownCalls(k: number): number[] {
    const { kernels, calls } = this.report;
    return kernels[k]!.calls.filter((c) => calls[c] && calls[c].loop === undefined);
  }

  /** Loops over time that run a kernel among others. */
  loopsOf(k: number): number[] {
    const { kernels, calls } = this.report;
    return kernels[k]!.calls.filter((c) => calls[c]?.loop !== undefined);
  }

  /** ns of a kernel's own calls. */
  ownTime(k: number): number {
    return this.ownCalls(k).reduce((sum, c) => sum + (this.report.calls[c]!.time?.median ?? 0), 0);
  }

  /** Whether any call was measured. */
  get timed(): boolean {
    return this.report.calls.some((call) => call.time);
  }

  /** Kernels, slowest first. Those of a loop stand where the loop does, the one with most of its arithmetic before the rest. */
  slowest(): number[] {
    const { kernels, calls } = this.report;
    const { timed } = this;
    const size = kernels.map((kernel) =>
      kernel.calls.reduce(
        (sum, c) => sum + ((timed ? calls[c]?.time?.median : calls[c]?.flops) ?? 0),
        0,
      ),
    );
    const main = new Set(calls.map((call) => call.kernel));
    return kernels
      .map((_, k) => k)
      .sort((a, b) => size[b]! - size[a]! || Number(main.has(b)) - Number(main.has(a)) || a - b);
  }

  /** A call by its kernel, or a loop by how many it has. */
  callText(c: number): string {
    const { kernels, calls } = this.report;
    const { kernel, loop } = calls[c]!;
    const { name } = kernels[kernel]!;
    if (loop === undefined) return name;
    const others = kernels.filter((k, i) => i !== kernel && k.calls.includes(c)).length;
    return `${name}${others ? ` and ${others} more` : ""} (in a loop of ${counted(loop, "step")})`;
  }

  lineOf(place: number): string | undefined {
    const { line, source } = this.report.places[place] ?? {};
    return line === undefined ? undefined : lineKey(source ?? 0, line);
  }

  /** "lenet.lin:8:27 conv1", or an ONNX node's name. */
  placeText(place: number): string {
    const at = this.report.places[place];
    if (!at) return "";
    if (at.line === undefined) return at.name ?? "";
    const path = this.report.sources[at.source ?? 0]?.path.replace(/.*\//, "") ?? "";
    return `${path}:${at.line} ${this.placeWord(place)}`.trim();
  }

  /** Where in its line a place begins, in a string's units; `column` is for people. */
  fromOf(place: number): number | undefined {
    const { from, column } = this.report.places[place] ?? {};
    return from ?? (column ? column - 1 : undefined);
  }

  /** The words of the source that a place covers. */
  placeWord(place: number): string {
    const at = this.report.places[place];
    if (!at || at.line === undefined) return at?.name ?? "";
    const line = this.report.sources[at.source ?? 0]?.text.split("\n")[at.line - 1] ?? "";
    const from = this.fromOf(place);
    return from === undefined ? "" : line.slice(from, from + (at.length ?? 0));
  }

  /** How many nodes of a step have a place. */
  placeCounts(step: number): Map<number, number> {
    return (this.counts[step] ??=
      this.unchanged(step, (s) => this.placeCounts(s)) ?? this.count(step));
  }

  /** How many nodes of a step define a name. */
  nameCounts(step: number): Map<string, number> {
    this.placeCounts(step);
    return (this.names[step] ??= this.unchanged(step, (s) => this.nameCounts(s)) ?? new Map());
  }

  private unchanged<T>(step: number, of: (step: number) => T): T | undefined {
    return step > 0 && this.graphs[step] === this.graphs[step - 1] ? of(step - 1) : undefined;
  }

  private count(step: number): Map<number, number> {
    const places = new Map<number, number>();
    const names = new Map<string, number>();
    for (const graph of this.graphs[step] ?? [])
      walk(this.report.pool, graph.nodes, (_, node) => {
        if (node.regions?.length || node.op === "call") return; // its inner nodes are counted
        for (const place of node.places) places.set(place, (places.get(place) ?? 0) + 1);
        for (const name of node.results) names.set(name, (names.get(name) ?? 0) + 1);
      });
    this.names[step] = names;
    return places;
  }

  /** The first node of any step that defines a value. */
  definition(name: string): number | undefined {
    if (!this.definitions) {
      const found = new Map<string, number>();
      this.graphs.forEach((graphs, step) => {
        if (step > 0 && graphs === this.graphs[step - 1]) return;
        for (const graph of graphs)
          walk(this.report.pool, graph.nodes, (index, node) => {
            for (const result of node.results) if (!found.has(result)) found.set(result, index);
          });
      });
      this.definitions = found;
    }
    return this.definitions.get(name);
  }

  step(index: number): Step | undefined {
    return this.report.steps[index];
  }

  /** The graph that is called: the first one, or the training step's. */
  entry(step: number): GraphState | undefined {
    const graphs = (this.graphs[step] ?? []).filter((graph) => graph.kind === "graph");
    const training = this.report.kind === "training";
    return (training && graphs.find((graph) => /train/.test(graph.name))) || graphs[0];
  }

  /** Values that a remark speaks of: its subject first. */
  subjects(remark: Remark): string[] {
    const names = remark.message.match(/%[\w.$-]*\w/g) ?? [];
    const list = names.map(plain);
    return [...new Set(remark.subject ? [plain(remark.subject), ...list] : list)];
  }
}
