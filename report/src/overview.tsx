// The first tab: where the time goes, and what is worth a look.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Figure, Missing } from "./figure";
import { findings } from "./findings";
import { bytes, digits, percent, time, whole } from "./format";
import { List, sortHead } from "./list";
import type { Call } from "./report";
import { beyond, Roofline, roofClass } from "./roofline";
import { useView, type Store } from "./store";

/** Widths of the calls: by their time, or all the same where none was measured. */
export function callSpans(calls: Call[], total: number): { from: number; size: number }[] {
  const timed = calls.some((call) => call.time);
  let from = 0;
  return calls.map((call) => {
    const size = timed ? (call.time?.median ?? 0) / total : 1 / calls.length;
    const span = { from, size };
    from += size;
    return span;
  });
}

function Flame({ store }: { store: Store }): JSX.Element {
  const { report } = store.model;
  const { calls, whole: call, training } = report;
  const sum = calls.reduce((total, c) => total + (c.time?.median ?? 0), 0);
  const total = Math.max(sum, call?.median ?? 0) || 1;
  const spans = callSpans(calls, total);
  const [W, ROW] = [1000, 26];
  const lanes = training?.lanes ?? [];
  const top = ROW + 2 + (lanes.length ? ROW + 2 : 0);
  const rest = call ? Math.max(0, call.median - sum) : 0;
  const cut = (text: string, size: number): string => {
    const letters = Math.floor((size * W - 8) / 6.4);
    return letters < 3 ? "" : text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
  };
  return (
    <svg
      class="plot flame wide"
      viewBox={`0 0 ${W} ${top + ROW + 4}`}
      width="100%"
      role="img"
      aria-label="The call from left to right"
    >
      <rect class="all" width={W} height={ROW} rx={3} />
      <text x={8} y={ROW / 2} dominant-baseline="central">
        {report.model} ·{" "}
        {call
          ? `${training ? "a step" : "a call"} ${time(call.median)}`
          : sum
            ? `kernels ${time(sum)}`
            : "not measured: the same width for each call"}
      </text>
      {lanes.map((lane, i) => {
        const first = spans[lane.first];
        const last = spans[lane.last];
        if (!first || !last) return null;
        const size = last.from + last.size - first.from;
        return (
          <g
            key={i}
            class={`lane lane-${lane.name}`}
            transform={`translate(${first.from * W},${ROW + 2})`}
          >
            <rect width={Math.max(1, size * W - 1)} height={ROW} rx={3} />
            <text x={6} y={ROW / 2} dominant-baseline="central">
              {cut(lane.name, size)}
            </text>
          </g>
        );
      })}
      {calls.map((c, i) => {
        const { from, size } = spans[i]!;
        const name = store.model.callText(i);
        return (
          <g
            key={i}
            class={`segment ${roofClass(c.bound?.roof)}`}
            transform={`translate(${from * W},${top})`}
            data-ref={`call:${i}`}
            tabindex={0}
            role="button"
            aria-label={`${name} ${c.time ? time(c.time.median) : ""}`}
          >
            <rect width={Math.max(0.8, size * W - 1)} height={ROW} rx={2} />
            <text x={5} y={ROW / 2} dominant-baseline="central">
              {cut(name, size)}
            </text>
            <title>{`${name}${c.time ? `: ${time(c.time.median)}, ${percent(c.share ?? c.time.median / total)}` : ""}\n${c.verdict}`}</title>
          </g>
        );
      })}
      {rest / total > 0.01 && (
        <g class="segment rest" transform={`translate(${(sum / total) * W},${top})`}>
          <rect width={(rest / total) * W} height={ROW} rx={2} />
          <title>{`between the kernels: ${time(rest)}`}</title>
        </g>
      )}
    </svg>
  );
}

const Legend = ({ roofs }: { roofs: string[] }): JSX.Element => (
  <span class="legend">
    {roofs.map((roof) => (
      <span key={roof} class={roofClass(roof)}>
        <i />
        {roof === "FMA" ? "computes (FMA)" : `waits for ${roof}`}
      </span>
    ))}
  </span>
);

type Key = "call" | "name" | "time" | "gflops" | "attained";

function sortKey(store: Store, key: Key, c: number): number | string {
  const { calls, kernels } = store.model.report;
  const call = calls[c]!;
  if (key === "name") return kernels[call.kernel]!.name;
  if (key === "time") return -(call.time?.median ?? call.flops);
  if (key === "gflops") return -(call.gflops ?? 0);
  if (key === "attained") return call.bound?.attained ?? 9;
  return c;
}

function sorted(store: Store, key: Key): number[] {
  const order = store.model.report.calls.map((_, c) => c);
  return order.sort((a, b) => {
    const [x, y] = [sortKey(store, key, a), sortKey(store, key, b)];
    return x < y ? -1 : x > y ? 1 : a - b;
  });
}

function CallRow({ store, c }: { store: Store; c: number }): JSX.Element {
  const { model } = store;
  const call = model.report.calls[c]!;
  const share = call.share ?? 0;
  const from = call.places.map((p) => model.placeWord(p)).filter(Boolean);
  return (
    <div class="tr" role="row" data-ref={`call:${c}`} tabindex={0} aria-selected="false">
      <span role="cell" class="num faint">
        {c}
      </span>
      <span role="cell">
        <button
          type="button"
          class="link"
          onClick={() => store.set({ tab: "kernels", kernel: call.kernel, selection: `call:${c}` })}
        >
          {model.callText(c)}
        </button>
      </span>
      <span role="cell" class="faint" title={call.places.map((p) => model.placeText(p)).join("\n")}>
        {from.slice(0, 4).join(" ")}
      </span>
      <span role="cell" class="num">
        {call.time ? time(call.time.median) : "–"}
      </span>
      <span role="cell" class="share">
        {call.share !== undefined && (
          <>
            <i
              class={roofClass(call.bound?.roof)}
              style={{ width: `${Math.min(100, 100 * share)}%` }}
            />
            <span>{percent(share)}</span>
          </>
        )}
      </span>
      <span role="cell" class="num">
        {call.gflops !== undefined ? digits(call.gflops) : "–"}
      </span>
      <span role="cell">
        {call.bound ? (
          <span
            class={`chip ${roofClass(call.bound.roof)}`}
            title={beyond(call.bound.attained)}
          >
            {call.bound.roof} {percent(call.bound.attained)}
          </span>
        ) : (
          "–"
        )}
      </span>
      <span role="cell" class="verdict" title={call.verdict}>
        {call.verdict}
      </span>
    </div>
  );
}

function Calls({ store }: { store: Store }): JSX.Element {
  const [key, setKey] = useState<Key>(store.model.report.whole ? "time" : "call");
  const order = useMemo(() => sorted(store, key), [key]);
  const over = beyond(
    Math.max(...store.model.report.calls.map((call) => call.bound?.attained ?? 0)),
  );
  const head = sortHead(key, setKey);
  return (
    <section class="panel calls" aria-label="Kernels">
      <header>
        <h3>Kernels of the call</h3>
        <span class="note">
          {whole(order.length)} calls; a click selects, a name opens its page
        </span>
        {over && <span class="note over">{over}</span>}
      </header>
      <div role="table" aria-label="Kernels of the call" class="table calls-table">
        <div class="tr th" role="row">
          {head("#", "call", true)}
          {head("kernel", "name")}
          {head("layers")}
          {head("time", "time", true)}
          {head("share")}
          {head("GFLOP/s", "gflops", true)}
          {head("roof, attained", "attained")}
          {head("verdict")}
        </div>
        <List
          fit
          count={order.length}
          height={38}
          label="Rows of the kernels"
          row={(i) => <CallRow key={order[i]} store={store} c={order[i]!} />}
        />
      </div>
    </section>
  );
}

function Facts({ store }: { store: Store }): JSX.Element {
  const { report } = store.model;
  const { memory, roofs } = report;
  const rows: [string, string][] = [
    [
      report.kind === "training" ? "a step" : "a call",
      report.whole
        ? `${time(report.whole.median)}, p99 ${time(report.whole.p99)}${report.whole.max ? `, longest ${time(report.whole.max)}` : ""}`
        : "not measured",
    ],
    [
      "target",
      `${report.target.name}${report.target.cpu ? ` (${report.target.cpu})` : ""}, vectors of ${report.target.vector_bits} bits`,
    ],
    ["batch, threads", `${report.batch}, ${report.threads}`],
    [
      "weights",
      report.weights ?? (report.untrained ? "none given: initial values" : "of the model"),
    ],
    [
      "memory",
      `arena ${bytes(memory.arena_bytes)}, stack ${bytes(memory.stack_bytes)}, state ${bytes(memory.state_bytes)}, constants ${bytes(memory.constant_bytes)}`,
    ],
    [
      "machine",
      roofs
        ? `${digits(roofs.peak_gflops)} GFLOP/s; ${roofs.levels.map((l) => `${l.name} ${digits(l.gb_per_s)} GB/s`).join(", ")}`
        : "no roofs measured",
    ],
  ];
  return (
    <dl class="facts-list">
      {rows.map(([name, text]) => [<dt key={name}>{name}</dt>, <dd key={`${name}.`}>{text}</dd>])}
      <dt>made by</dt>
      <dd>
        <code>{report.command}</code>
      </dd>
    </dl>
  );
}

export function Overview({ store }: { store: Store }): JSX.Element {
  useView(store);
  const { report } = store.model;
  const found = useMemo(() => findings(store.model), []);
  const roofs = ["FMA", "L1", "L2", "L3", "DRAM"].filter((roof) =>
    report.calls.some((c) => c.bound?.roof === roof),
  );
  return (
    <div class="overview">
      <Figure
        name={`${report.model}-call`}
        title={report.kind === "training" ? "The training step" : "The call"}
        note={<Legend roofs={roofs} />}
      >
        <Flame store={store} />
      </Figure>
      <div class="two">
        <section class="panel" aria-label="Findings">
          <header>
            <h3>Worth a look</h3>
          </header>
          {found.length === 0 && <Missing>Nothing stands out.</Missing>}
          <ol class="findings">
            {found.map((finding, i) => (
              <li key={i}>
                <button
                  type="button"
                  class="finding"
                  data-ref={finding.ref}
                  onClick={() =>
                    store.set({ tab: finding.tab, selection: finding.ref ?? null, ...finding.view })
                  }
                >
                  <b>{finding.head}</b> <span>{finding.text}</span>
                </button>
              </li>
            ))}
          </ol>
        </section>
        <Figure
          name={`${report.model}-roofline`}
          title="Roofline"
          note="a point is a call, its size its time"
        >
          <Roofline store={store} />
        </Figure>
      </div>
      <Calls store={store} />
      <section class="panel" aria-label="Made of">
        <header>
          <h3>What was compiled, and where it ran</h3>
        </header>
        <Facts store={store} />
      </section>
    </div>
  );
}
