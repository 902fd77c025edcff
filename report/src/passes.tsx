// The tab of the passes: timeline, graph beside text with what changed, remarks.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { changedNodes, stepDiff, type TextLine } from "./diff";
import { Figure, Missing } from "./figure";
import { counted, errorSize, errorText, time, whole } from "./format";
import { GraphView, graphsOf, placed, sameName } from "./graph";
import { List } from "./list";
import type { GraphState, Remark } from "./report";
import { meets } from "./reach";
import { useView, type Store } from "./store";
import { Timeline } from "./timeline";
import { plain, walk, type Model } from "./model";

type Shown = { line: TextLine } | { remark: Remark; more: number; name: string };

/** Lines with the remarks under the value they speak of; refusals of one value are one line until opened. */
function withRemarks(store: Store, step: number, open: Set<string>, onlyChanges: boolean): Shown[] {
  const remarks = placed(store.model, store.model.report.steps[step]?.remarks ?? []).byName;
  const said = new Set<string>();
  const rows: Shown[] = [];
  const lines = stepDiff(store.model, step);
  const near = onlyChanges ? nearChanges(lines) : null;
  lines.forEach((line, i) => {
    if (near && !near.has(i)) return;
    rows.push({ line });
    if (line.index < 0) return;
    for (const name of store.model.report.pool[line.index]?.results ?? []) {
      const list = remarks.get(name);
      if (!list || said.has(name)) continue;
      said.add(name);
      // Graphs that share a value, as those of a training step, say the same of it.
      const distinct = [...new Map(list.map((r) => [`${r.fired} ${r.message}`, r])).values()];
      const sorted = distinct.sort((a, b) => Number(b.fired) - Number(a.fired));
      const most = open.has(name)
        ? sorted.length
        : Math.max(1, sorted.filter((r) => r.fired).length);
      sorted
        .slice(0, most)
        .forEach((remark, k) =>
          rows.push({ remark, name, more: k === most - 1 ? sorted.length - most : 0 }),
        );
    }
  });
  return rows;
}

function nearChanges(lines: TextLine[]): Set<number> {
  const near = new Set<number>();
  lines.forEach((line, i) => {
    if (line.state !== "same") for (let k = i - 2; k <= i + 2; k++) near.add(k);
  });
  return near;
}

function LineText({ line }: { line: TextLine }): JSX.Element {
  if (line.from === undefined || line.to === undefined || line.to <= line.from)
    return <>{line.text}</>;
  return (
    <>
      {line.text.slice(0, line.from)}
      <b>{line.text.slice(line.from, line.to)}</b>
      {line.text.slice(line.to)}
    </>
  );
}

const SIGN = { same: " ", added: "+", removed: "−" };

function TextView({ store, step }: { store: Store; step: number }): JSX.Element {
  const [open, setOpen] = useState(new Set<string>());
  const [only, setOnly] = useState(false);
  const rows = useMemo(() => withRemarks(store, step, open, only), [step, open, only]);
  const anything = rows.some((row) => "line" in row && row.line.state !== "same");
  const first = rows.findIndex((row) => "line" in row && row.line.state !== "same");
  const entry = rows.findIndex((row) => "line" in row && row.line.text.startsWith("graph @"));
  const { reach } = store;
  const chosen = reach
    ? rows.findIndex(
        (row) =>
          "line" in row &&
          row.line.index >= 0 &&
          meets(store.model, reach, `node:${row.line.index}`) === 2,
      )
    : -1;
  const longest = Math.min(
    400,
    Math.max(20, ...rows.map((row) => ("line" in row ? row.line.text.length : 60))),
  );
  const more = (name: string): void => setOpen(new Set([...open, name]));
  return (
    <section class="panel text-panel" aria-label="Text IR">
      <header>
        <h3>Text IR</h3>
        <span class="note">{anything ? "against the step before" : "nothing changed"}</span>
        <span class="grow" />
        <label>
          <input type="checkbox" checked={only} onChange={() => setOnly(!only)} /> only changes
        </label>
      </header>
      {rows.length === 0 && <Missing>This pass changed nothing.</Missing>}
      <List
        class="code"
        count={rows.length}
        height={18}
        label="Text IR of the step"
        width={longest}
        show={chosen >= 0 ? chosen : first < 0 ? entry : first}
        shown={`${step} ${store.view.selection}`}
        row={(i) => {
          const row = rows[i]!;
          if ("remark" in row)
            return (
              <div
                key={i}
                class={`line remark ${row.remark.fired ? "fired" : "refused"}`}
                data-ref={`name:${row.name}`}
                title={row.remark.message}
              >
                <span class="sign" />
                {"      "}
                {row.remark.fired ? "✓" : "✕ not:"} {row.remark.message}
                {row.more > 0 && (
                  <button type="button" class="link" onClick={() => more(row.name)}>
                    … {row.more} more
                  </button>
                )}
              </div>
            );
          const { line } = row;
          const ref = line.index >= 0 ? `node:${line.index}` : undefined;
          return (
            <div
              key={i}
              class={`line ${anything ? line.state : "plain"}`}
              data-ref={ref}
              tabindex={-1}
            >
              <span class="sign">{SIGN[line.state]}</span>
              <LineText line={line} />
            </div>
          );
        }}
      />
    </section>
  );
}

function Remarks({ store, step }: { store: Store; step: number }): JSX.Element {
  const [all, setAll] = useState(false);
  const [kind, setKind] = useState("both");
  const [words, setWords] = useState("");
  const [mine, setMine] = useState(false);
  const { steps } = store.model.report;
  const rows = useMemo(() => {
    const found: { step: number; remark: Remark }[] = [];
    steps.forEach((s, i) => {
      if (!all && i !== step) return;
      for (const remark of s.remarks) {
        if (kind === "fired" && !remark.fired) continue;
        if (kind === "refused" && remark.fired) continue;
        if (words && !`${s.pass} ${remark.message}`.toLowerCase().includes(words.toLowerCase()))
          continue;
        if (mine && store.reach && !speaksOf(store, remark)) continue;
        found.push({ step: i, remark });
      }
    });
    return found;
  }, [all, kind, words, step, mine, store.reach]);
  return (
    <section class="panel remarks" aria-label="Remarks">
      <header>
        <h3>Remarks</h3>
        <span class="note">{whole(rows.length)}</span>
        <span class="grow" />
        <label>
          <input type="checkbox" checked={all} onChange={() => setAll(!all)} /> of all passes
        </label>
        <label>
          <input type="checkbox" checked={mine} onChange={() => setMine(!mine)} /> of the selection
        </label>
        <select aria-label="Kind" value={kind} onChange={(e) => setKind(e.currentTarget.value)}>
          <option value="both">done and refused</option>
          <option value="fired">✓ done</option>
          <option value="refused">✕ refused</option>
        </select>
        <input
          type="search"
          placeholder="filter"
          aria-label="Filter remarks"
          value={words}
          onInput={(e) => setWords(e.currentTarget.value)}
        />
      </header>
      {rows.length === 0 && (
        <Missing>
          {all
            ? "No remark fits."
            : "This pass made no remark that fits. “of all passes” lists those of the others."}
        </Missing>
      )}
      <List
        fit
        count={rows.length}
        height={20}
        label="Remarks"
        class="code"
        shown={all}
        row={(i) => {
          const { step: at, remark } = rows[i]!;
          const name = store.model.subjects(remark)[0];
          const place = remark.places[0];
          return (
            <div
              key={i}
              class={`line remark ${remark.fired ? "fired" : "refused"}`}
              tabindex={-1}
              title={remark.message}
              data-ref={
                name && store.model.definition(name) !== undefined
                  ? `name:${name}`
                  : place !== undefined
                    ? `place:${place}`
                    : undefined
              }
            >
              <span class="mark-sign">{remark.fired ? "✓" : "✕"}</span>
              <button type="button" class="link pass-name" onClick={() => store.set({ step: at })}>
                {steps[at]!.pass}
              </button>
              <span class="where">{place !== undefined ? store.model.placeText(place) : ""}</span>
              <span>
                {remark.fired ? "" : "not: "}
                {remark.message}
              </span>
            </div>
          );
        }}
      />
    </section>
  );
}

function speaksOf(store: Store, remark: Remark): boolean {
  const { reach } = store;
  if (!reach) return true;
  return (
    remark.places.some((place) => reach.places.has(place)) ||
    store.model.subjects(remark).some((n) => reach.names.has(n))
  );
}

function StepHead({ store, step }: { store: Store; step: number }): JSX.Element {
  const { steps } = store.model.report;
  const now = steps[step]!;
  const before = steps[step - 1];
  const worst = now.errors?.reduce(
    (most, e) => (errorSize(e.absolute)! > errorSize(most.absolute)! ? e : most),
    now.errors[0]!,
  );
  return (
    <div class="step-head">
      <button
        type="button"
        onClick={() => store.set({ step: Math.max(0, step - 1) })}
        disabled={step === 0}
        aria-label="Pass before"
      >
        ←
      </button>
      <button
        type="button"
        onClick={() => store.set({ step: Math.min(steps.length - 1, step + 1) })}
        disabled={step === steps.length - 1}
        aria-label="Next pass"
      >
        →
      </button>
      <h2>
        <span class="faint">{step}</span> {now.pass}
      </h2>
      {now.phase && <span class="chip">{now.phase}</span>}
      <span class="summary">{now.summary}</span>
      <span class="grow" />
      <span class="facts">
        <span>
          {before
            ? `${whole(before.nodes)} → ${whole(now.nodes)} nodes`
            : counted(now.nodes, "node")}
        </span>
        <span>
          {now.changed || step === 0 ? counted(now.rewrites, "rewrite") : "changed nothing"}
        </span>
        {now.ns > 0 && <span>{time(now.ns)}</span>}
        {worst && (
          <span
            class={worst.absolute === null ? "bad" : undefined}
            title={`output ${worst.output}: f32 after this pass against the imported module in f64`}
          >
            error {errorText(worst.absolute)}
          </span>
        )}
      </span>
    </div>
  );
}

/** The graph that is called, or if the pass left it as it was the first that it changed. */
function shownFirst(model: Model, step: number, at: number): string {
  const { added, removed } = changedNodes(model, step);
  const changed = at === step ? added : removed;
  const touched = (graph: GraphState): boolean => {
    let found = false;
    walk(model.report.pool, graph.nodes, (index) => (found ||= changed.has(index)));
    return found;
  };
  const entry = model.entry(at);
  const first = step > 0 && entry && !touched(entry) ? graphsOf(model, at).find(touched) : entry;
  return (first ?? entry)?.name ?? "";
}

export function Passes({ store }: { store: Store }): JSX.Element {
  const view = useView(store);
  const { model } = store;
  const step = view.step;
  const now = model.step(step);
  const [side, setSide] = useState<"after" | "before">("after");
  const [name, setName] = useState("");
  if (!now) return <Missing>The report has no passes.</Missing>;
  const at = side === "before" && step > 0 ? step - 1 : step;
  const graphs = graphsOf(model, at);
  const graph = sameName(graphs, name || shownFirst(model, step, at));
  return (
    <div class="passes">
      <Timeline store={store} />
      <StepHead store={store} step={step} />
      <div class="two">
        <Figure
          name={`${model.report.model}-${now.pass}`}
          title="Graph"
          class="graph-panel"
          note={now.changed || step === 0 ? undefined : "unchanged by this pass"}
          tools={
            <>
              {graphs.length > 1 && (
                <select
                  aria-label="Graph"
                  value={plain(graph?.name ?? "")}
                  onChange={(e) => setName(e.currentTarget.value)}
                >
                  {graphs.map((g) => (
                    <option key={g.name} value={plain(g.name)}>
                      {plain(g.name)}
                    </option>
                  ))}
                </select>
              )}
              <span class="switch" role="group" aria-label="Side of the pass">
                {(["before", "after"] as const).map((s) => (
                  <button
                    key={s}
                    type="button"
                    aria-pressed={side === s}
                    onClick={() => setSide(s)}
                    disabled={s === "before" && step === 0}
                  >
                    {s}
                  </button>
                ))}
              </span>
            </>
          }
        >
          {graph ? (
            <GraphView
              store={store}
              step={step}
              graph={graph}
              remarks={now.remarks}
              side={at === step ? "after" : "before"}
            />
          ) : (
            <Missing>This step has no graph.</Missing>
          )}
        </Figure>
        <TextView store={store} step={step} />
      </div>
      <Remarks store={store} step={step} />
    </div>
  );
}
