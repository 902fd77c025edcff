// The tab that compares: a second report dropped on the page, matched by name; what differs is bright.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Missing } from "./figure";
import {
  bytes,
  counted,
  digits,
  errorSize,
  errorText,
  machine,
  percent,
  time,
  whole,
} from "./format";
import type { Call, Report } from "./report";
import type { Store } from "./store";

/** The report in a text: a page's JSON, or JSON itself. */
export function readReport(text: string): Report {
  let json = text;
  if (!/^\s*\{/.test(text)) {
    const found = text.match(
      /<script type="application\/json" id="linnet-report">([^]*?)<\/script>/,
    );
    if (!found) throw new Error("it is no page of `linnet report` and no JSON");
    json = found[1]!;
  }
  const report = JSON.parse(json) as Report;
  if (report.schema !== 1 || !Array.isArray(report.steps) || !Array.isArray(report.kernels))
    throw new Error("it holds no report of schema 1");
  return report;
}

interface Row {
  name: string;
  a: string;
  b: string;
  change?: string; // "−12 %"
  better?: boolean;
}

const ABSENT = "–";

function amount(
  name: string,
  a: number | undefined,
  b: number | undefined,
  show: (x: number) => string,
  lessIsBetter = true,
): Row {
  const row: Row = {
    name,
    a: a === undefined ? ABSENT : show(a),
    b: b === undefined ? ABSENT : show(b),
  };
  if (a === undefined || b === undefined || a === b) return row;
  if (a === Infinity || b === Infinity) row.better = b < a === lessIsBetter;
  else if (a > 0) {
    const ratio = b / a;
    row.change =
      ratio >= 2 || ratio <= 0.5
        ? `× ${digits(ratio)}`
        : `${ratio > 1 ? "+" : "−"}${percent(Math.abs(ratio - 1))}`;
    if (Math.abs(ratio - 1) > 0.03) row.better = ratio < 1 === lessIsBetter;
  }
  return row;
}

const text = (name: string, a: string | undefined, b: string | undefined): Row => ({
  name,
  a: a ?? ABSENT,
  b: b ?? ABSENT,
});

/** Those of A in its order, then what only B has. */
function matched<T>(a: T[], b: T[], key: (item: T) => string): { name: string; a?: T; b?: T }[] {
  const rest = new Map(b.map((item) => [key(item), item]));
  const rows: { name: string; a?: T; b?: T }[] = a.map((item) => {
    const name = key(item);
    const other = rest.get(name);
    rest.delete(name);
    return { name, a: item, b: other };
  });
  for (const [name, item] of rest) rows.push({ name, b: item });
  return rows;
}

function general(a: Report, b: Report): Row[] {
  const weights = (r: Report): string =>
    r.weights ?? (r.untrained ? "initial values" : "of the model");
  return [
    text("model", a.model, b.model),
    text("target", `${a.target.name} (${a.target.cpu})`, `${b.target.name} (${b.target.cpu})`),
    text("vectors", `${a.target.vector_bits} bits`, `${b.target.vector_bits} bits`),
    text("batch", String(a.batch), String(b.batch)),
    text("threads", String(a.threads), String(b.threads)),
    text("weights", weights(a), weights(b)),
    amount("a call", a.whole?.median, b.whole?.median, time),
    amount("a call, p99", a.whole?.p99, b.whole?.p99, time),
    amount(
      "a sample",
      a.whole && a.whole.median / a.batch,
      b.whole && b.whole.median / b.batch,
      time,
    ),
    amount("kernels", a.kernels.length, b.kernels.length, whole),
    amount("calls", a.calls.length, b.calls.length, whole),
    amount("arena", a.memory.arena_bytes, b.memory.arena_bytes, bytes),
    amount("stack", a.memory.stack_bytes, b.memory.stack_bytes, bytes),
    amount("constants", a.memory.constant_bytes, b.memory.constant_bytes, bytes),
    amount(
      "code",
      sum(a.kernels.map((k) => k.code_bytes)),
      sum(b.kernels.map((k) => k.code_bytes)),
      bytes,
    ),
  ];
}

const sum = (values: number[]): number => values.reduce((total, x) => total + x, 0);

const passes = (a: Report, b: Report): Row[] =>
  matched(a.steps, b.steps, (s) => s.pass).flatMap(({ name, a: x, b: y }) => {
    const show = (s: Report["steps"][number] | undefined): string | undefined =>
      s && `${whole(s.nodes)} nodes, ${whole(s.rewrites)} rewrites`;
    return [text(name, show(x), show(y))];
  });

function kernels(a: Report, b: Report): Row[] {
  // A loop's time is of all its kernels: it has a row of its own.
  const loops = (report: Report): Call[] => report.calls.filter((call) => call.loop !== undefined);
  const steps = (call: Call | undefined): string | undefined => call && counted(call.loop!, "step");
  const ofLoops = matched(loops(a), loops(b), (c) => c.result).flatMap(({ name, a: x, b: y }) => [
    text(`loop of %${name}`, steps(x), steps(y)),
    amount(`loop of %${name}: time`, x?.time?.median, y?.time?.median, time),
  ]);
  const ofKernels = matched(a.kernels, b.kernels, (k) => k.name).flatMap(({ name, a: x, b: y }) => {
    const took = (report: Report, kernel: typeof x): number | undefined => {
      const own = kernel?.calls.map((c) => report.calls[c]).filter((c) => c?.loop === undefined);
      const times = own?.flatMap((call) => call?.time?.median ?? []);
      return times?.length ? sum(times) : undefined;
    };
    const rows = [
      text(name, x?.schedule, y?.schedule),
      amount(`${name}: time`, took(a, x), took(b, y), time),
    ];
    if (x?.hot && y?.hot) {
      rows.push(
        amount(
          `${name}: loads per FMA`,
          x.hot.loads_per_fma ?? undefined,
          y.hot.loads_per_fma ?? undefined,
          digits,
        ),
      );
      rows.push(amount(`${name}: FLOP a cycle, modelled`, rate(x.hot), rate(y.hot), digits, false));
    }
    if (x && y) rows.push(amount(`${name}: code`, x.code_bytes, y.code_bytes, bytes));
    return rows;
  });
  return [...ofKernels, ...ofLoops].filter((row) => row.a !== ABSENT || row.b !== ABSENT);
}

const rate = (hot: NonNullable<Report["kernels"][number]["hot"]>): number | undefined =>
  hot.mca ? hot.flops / hot.mca.cycles : undefined;

function numbers(a: Report, b: Report): Row[] {
  return matched(a.numbers?.values ?? [], b.numbers?.values ?? [], (v) => v.name)
    .flatMap(({ name, a: x, b: y }) => {
      const range = (v: typeof x): string | undefined =>
        v &&
        (v.min === null || v.max === null
          ? "nothing finite"
          : `${digits(v.min, 6)} … ${digits(v.max, 6)}, mean ${v.mean === null ? ABSENT : digits(v.mean, 6)}`);
      return [
        text(`%${name}`, range(x), range(y)),
        amount(
          `%${name}: error against f64`,
          errorSize(x?.absolute),
          errorSize(y?.absolute),
          errorText,
        ),
      ];
    })
    .filter((row) => row.a !== ABSENT || row.b !== ABSENT);
}

function answers(a: Report, b: Report): Row[] {
  const last = (r: Report): Map<string, number> =>
    new Map(
      (r.steps.flatMap((s) => (s.errors ? [s.errors] : [])).pop() ?? []).map((e) => [
        e.output,
        errorSize(e.absolute)!,
      ]),
    );
  const [x, y] = [last(a), last(b)];
  return [...new Set([...x.keys(), ...y.keys()])].map((name) =>
    amount(`${name}: error after the passes`, x.get(name), y.get(name), errorText),
  );
}

const memory = (a: Report, b: Report): Row[] =>
  matched(a.memory.values, b.memory.values, (v) => v.name).map(({ name, a: x, b: y }) => {
    const show = (v: typeof x): string | undefined =>
      v && `${v.memory}+${v.offset}, ${whole(v.bytes)} bytes`;
    return text(`%${name}`, show(x), show(y));
  });

const differs = (row: Row): boolean => row.a !== row.b;

function Table({ title, rows, only }: { title: string; rows: Row[]; only: boolean }): JSX.Element {
  const different = rows.filter(differs);
  const shown = only ? different : rows;
  return (
    <section class="panel" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <span class="note">
          {different.length
            ? `${whole(different.length)} of ${whole(rows.length)} differ`
            : "no difference"}
        </span>
      </header>
      {shown.length > 0 && (
        <table class="plain compared">
          <thead>
            <tr>
              <th scope="col" />
              <th scope="col">this report</th>
              <th scope="col">the other</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {shown.map((row, i) => (
              <tr key={i} class={differs(row) ? "differs" : "equal"}>
                <th scope="row">{row.name}</th>
                <td>{row.a}</td>
                <td>{row.b}</td>
                <td class={row.better === undefined ? "" : row.better ? "better" : "worse"}>
                  {row.change}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** The report that was dropped; kept while tabs are changed. */
export interface Other {
  name: string;
  report?: Report;
  fault?: string;
}

export async function readFile(file: File): Promise<Other> {
  try {
    return { name: file.name, report: readReport(await file.text()) };
  } catch (error) {
    return { name: file.name, fault: error instanceof Error ? error.message : String(error) };
  }
}

export interface Comparing {
  store: Store;
  other: Other | null;
  choose: (file: File) => void;
}

export function Compare({ store, other, choose }: Comparing): JSX.Element {
  const [only, setOnly] = useState(true);
  const a = store.model.report;
  const b = other?.report;
  return (
    <div class="compare">
      <section class="panel drop" aria-label="The other report">
        <p>
          Drop a second report anywhere on this page, its HTML or its JSON, or{" "}
          <label class="file">
            choose a file
            <input
              type="file"
              accept=".html,.json"
              onChange={(e) => {
                const file = e.currentTarget.files?.[0];
                if (file) choose(file);
              }}
            />
          </label>
          . It is read here and sent nowhere.
        </p>
        {other?.fault && (
          <p class="missing bad">
            {other.name}: {other.fault}.
          </p>
        )}
        {b && (
          <p>
            <b>this report</b>: {a.model}, {machine(a.target)}, batch {a.batch}; <b>the other</b>:{" "}
            {b.model}, {machine(b.target)}, batch {b.batch} ({other!.name}){" "}
            <label>
              <input type="checkbox" checked={only} onChange={() => setOnly(!only)} /> only
              differences
            </label>
          </p>
        )}
      </section>
      {!b && (
        <Missing>
          Two targets, two schedules, two batch sizes, before and after a change: passes, kernels,
          times, memory and numbers are matched by name and what differs is shown.
        </Missing>
      )}
      {b && (
        <>
          <Table title="In general" rows={general(a, b)} only={only} />
          <Table title="Kernels" rows={kernels(a, b)} only={only} />
          <Table title="Passes" rows={passes(a, b)} only={only} />
          <Table title="Answers" rows={[...answers(a, b), ...numbers(a, b)]} only={only} />
          <Table title="Memory" rows={memory(a, b)} only={only} />
        </>
      )}
    </div>
  );
}
