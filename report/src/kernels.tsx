// A kernel's page: why it takes its time, from the mathematics to the ports of the CPU.
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Figure, Missing } from "./figure";
import { bytes, counted, digits, operations, percent, time, whole } from "./format";
import { List } from "./list";
import { Bars } from "./plots";
import type { Call, HotLoop, Kernel } from "./report";
import { beyond, Roofline, roofClass } from "./roofline";
import { useView, type Store } from "./store";

function Chooser({ store }: { store: Store }): JSX.Element {
  const { model } = store;
  const { report } = model;
  const order = useMemo(() => model.slowest(), []);
  const all = report.whole?.median ?? order.reduce((sum, k) => sum + model.ownTime(k), 0);
  return (
    <div class="panel chooser">
      <header>
        <h3>Kernels</h3>
        <span class="note">{model.timed ? "slowest" : "most arithmetic"} first; ↑ ↓</span>
      </header>
      <List
        count={order.length}
        height={36}
        label="Kernels"
        show={order.indexOf(store.view.kernel)}
        row={(i) => {
          const k = order[i]!;
          const kernel = report.kernels[k]!;
          const ns = model.ownTime(k);
          const bound = report.calls[model.ownCalls(k)[0] ?? -1]?.bound;
          const loop = report.calls[model.loopsOf(k)[0] ?? -1]?.loop;
          return (
            <button
              key={k}
              type="button"
              class={`choice ${k === store.view.kernel ? "on" : ""}`}
              data-ref={`kernel:${k}`}
              aria-pressed={k === store.view.kernel}
              onClick={() => store.set({ kernel: k })}
            >
              <span class="choice-name">{kernel.name}</span>
              <span class="faint">
                {kernel.family}
                {kernel.calls.length > 1 ? `, ${kernel.calls.length} calls` : ""}
              </span>
              {loop !== undefined && !ns ? (
                <span class="faint">in a loop of {counted(loop, "step")}</span>
              ) : (
                <span class="num">{ns ? time(ns) : ""}</span>
              )}
              {ns > 0 && (
                <i
                  class={`choice-bar ${roofClass(bound?.roof)}`}
                  style={{ width: `${Math.min(100, (100 * ns) / all)}%` }}
                />
              )}
            </button>
          );
        }}
      />
    </div>
  );
}

const Fact = ({
  name,
  value,
  title,
}: {
  name: string;
  value: string;
  title?: string;
}): JSX.Element => (
  <div class="fact" title={title}>
    <b>{value}</b>
    <span>{name}</span>
  </div>
);

/** Of a loop every number is of all its steps and kernels. */
function LoopNote({ store, k, c }: { store: Store; k: number; c: number }): JSX.Element {
  const alone = store.model.ownCalls(k).length > 0;
  const call = store.model.report.calls[c]!;
  return (
    <p class="sentence">
      In a loop of {counted(call.loop!, "step")}: call {c}
      {call.kernel === k ? "" : `, ${store.model.callText(c)}`}.{" "}
      {alone ? "Not in the times below" : "No time of its own"}
      {call.time && (
        <>
          ; the whole loop takes <b>{time(call.time.median)}</b>
          {call.share !== undefined && `, ${percent(call.share)} of the call`}
        </>
      )}
      .
    </p>
  );
}

function Measured({ call, only }: { call: Call; only: boolean }): JSX.Element {
  const { time: took, bound, gflops } = call;
  return (
    <>
      <Fact
        name={took ? `p99 ${time(took.p99)}` : "time"}
        value={took ? time(took.median) : "not measured"}
      />
      {only && call.share !== undefined && <Fact name="of the call" value={percent(call.share)} />}
      {gflops !== undefined && <Fact name="attained" value={`${digits(gflops)} GFLOP/s`} />}
      {bound && (
        <Fact
          name={`of the roof ${bound.roof}, which allows ${time(bound.ns)}`}
          value={percent(bound.attained)}
          title={beyond(bound.attained)}
        />
      )}
      <Fact name="arithmetic" value={operations(call.flops)} />
      <Fact name="moved" value={bytes(call.bytes)} />
      <Fact name="FLOP a byte" value={digits(call.intensity)} />
    </>
  );
}

function Verdict({ store, k }: { store: Store; k: number }): JSX.Element {
  const { model } = store;
  const kernel = model.report.kernels[k]!;
  const [own, loops] = [model.ownCalls(k), model.loopsOf(k)];
  if (!own.length && !loops.length)
    return <Missing>No call of this entry runs this kernel.</Missing>;
  const calls = own.map((c) => model.report.calls[c]!);
  const slowness = (call: Call): number => call.time?.median ?? call.flops;
  const slowest = calls.reduce(
    (most, x, i) => (slowness(x) > slowness(calls[most]!) ? i : most),
    0,
  );
  const call = calls[slowest];
  const timed = calls.some((x) => x.time);
  const share = calls.reduce((sum, x) => sum + (x.share ?? 0), 0);
  const over = beyond(call?.bound?.attained ?? 0);
  const most = timed ? "the slowest" : "the one with most arithmetic";
  return (
    <section class="panel verdict-panel" aria-label="Verdict">
      {loops.map((c) => (
        <LoopNote key={c} store={store} k={k} c={c} />
      ))}
      {calls.length > 1 && (
        <div class="fact-row">
          <Fact
            name={`of ${calls.length} calls`}
            value={timed ? time(model.ownTime(k)) : "not measured"}
          />
          {share > 0 && <Fact name="of the call" value={percent(share)} />}
        </div>
      )}
      {calls.length > 1 && (
        <p class="sentence">
          {calls.length} calls; below: {most}, call {own[slowest]}.
        </p>
      )}
      {call && (
        <p class="verdict-text">{call.verdict || "No verdict: this call was not measured."}</p>
      )}
      <div class="fact-row">
        {call && <Measured call={call} only={calls.length === 1} />}
        <Fact name="code" value={bytes(kernel.code_bytes)} />
        <Fact name="stack" value={bytes(kernel.stack_bytes)} />
      </div>
      {over && (
        <p class="note sentence">
          {kernel.family === "winograd" ? "FLOPs are counted as of the direct form; " : ""}
          {over}.
        </p>
      )}
    </section>
  );
}

function Schedule({ kernel }: { kernel: Kernel }): JSX.Element {
  return (
    <section class="panel" aria-label="Schedule">
      <header>
        <h3>Schedule</h3>
        <code class="chosen">{kernel.schedule}</code>
      </header>
      {kernel.alternatives.length === 0 && (
        <Missing>The family {kernel.family} weighed no alternatives.</Missing>
      )}
      <table class="plain">
        <tbody>
          {kernel.alternatives.map((a, i) => (
            <tr key={i} class={a.chosen ? "chosen-row" : ""}>
              <td>{a.chosen ? "✓" : ""}</td>
              <td>
                <code>{a.schedule}</code>
              </td>
              <td>{a.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {kernel.refused.length > 0 && (
        <details>
          <summary>{whole(kernel.refused.length)} families were refused</summary>
          <table class="plain">
            <tbody>
              {kernel.refused.map((r, i) => (
                <tr key={i}>
                  <td>
                    <code>{r.family}</code>
                  </td>
                  <td>{r.why}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}

function Hot({ hot, name }: { hot: HotLoop; name: string }): JSX.Element {
  const { mca } = hot;
  const most = mca ? Math.max(...mca.ports.map((p) => p.cycles)) : 0;
  return (
    <Figure
      name={`${name}-ports`}
      title={hot.loops === false ? "Most of the arithmetic: no loop" : "Hot loop"}
      note={`lines ${hot.first + 1}–${hot.last + 1} of the assembly`}
    >
      <div class="fact-row">
        <Fact name="vectors" value={hot.vector_bits ? `${hot.vector_bits} bits` : "–"} />
        <Fact name="multiply-adds" value={whole(hot.fmas)} />
        <Fact name="loads" value={whole(hot.loads)} />
        <Fact
          name="loads per FMA"
          value={hot.loads_per_fma === null ? "–" : digits(hot.loads_per_fma)}
        />
        <Fact name="stores" value={whole(hot.stores)} />
        <Fact name="spills" value={whole(hot.spills)} />
        <Fact name="FLOP an iteration" value={whole(hot.flops)} />
        {hot.iterations !== undefined && (
          <Fact name="iterations a call" value={whole(hot.iterations)} />
        )}
      </div>
      {mca ? (
        <>
          <p class="sentence">
            On {mca.cpu} an iteration takes at least <b>{digits(mca.cycles)} cycles</b> (
            {whole(mca.uops)} µops, {digits(mca.ipc)} instructions a cycle), bound by{" "}
            <b>{mca.bottleneck}</b>. LLVM's model; all loads from L1.{" "}
            {mca.note && `${mca.note[0]!.toUpperCase()}${mca.note.slice(1)}.`}
          </p>
          <Bars
            label="Cycles of each port in an iteration"
            bars={mca.ports
              .filter((p) => p.cycles > 0)
              .map((p) => ({
                name: p.name,
                value: p.cycles,
                text: `${digits(p.cycles)} cycles`,
                strong: p.cycles >= most * 0.999,
              }))}
          />
        </>
      ) : (
        <Missing>
          No ports and cycles: {hot.no_mca ?? "LLVM has no scheduling model for this CPU"}.
        </Missing>
      )}
    </Figure>
  );
}

type Code = "assembly" | "llvm" | "stmt";
const CODES: [Code, string][] = [
  ["assembly", "Assembly"],
  ["llvm", "LLVM IR"],
  ["stmt", "Halide's loop nest"],
];

const said = ({ latency, ports }: { latency: number; ports: string }): string =>
  `${digits(latency)}c ${ports}`;

/** Tabs as an assembler sets them: operands stand in one column. */
const aligned = (line: string): string =>
  line.replace(/^\t(\S+)\t/, (_, name: string) => `    ${name.padEnd(13)} `).replace(/\t/g, "    ");

function CodeView({ store, k }: { store: Store; k: number }): JSX.Element {
  const kernel = store.model.report.kernels[k]!;
  const [code, setCode] = useState<Code>("assembly");
  const [words, setWords] = useState("");
  const lines = useMemo(() => kernel[code].replace(/\n$/, "").split("\n"), [k, code]);
  const longest = useMemo(
    () => lines.reduce((most, line) => Math.max(most, line.length), 0),
    [lines],
  );
  const hot = code === "assembly" ? kernel.hot : undefined;
  const costs = new Map((hot?.mca?.lines ?? []).map((line) => [line.line, line]));
  const beside = 2 + Math.min(24, Math.max(0, ...[...costs.values()].map((c) => said(c).length)));
  const found = words ? lines.findIndex((line) => line.includes(words)) : -1;
  const isHot = (i: number): boolean => hot !== undefined && i >= hot.first && i <= hot.last;
  return (
    <section class="panel code-panel" aria-label="Code">
      <header>
        <div class="switch" role="tablist" aria-label="Which code">
          {CODES.map(([name, text]) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={code === name}
              onClick={() => setCode(name)}
            >
              {text}
            </button>
          ))}
        </div>
        <span class="note">
          {whole(lines.length)} lines
          {hot ? "; the hot loop is marked, latency and ports beside it" : ""}
        </span>
        <span class="grow" />
        <input
          type="search"
          placeholder="find"
          aria-label="Find in the code"
          value={words}
          onInput={(e) => setWords(e.currentTarget.value)}
        />
      </header>
      {kernel[code] === "" ? (
        <Missing>The report has no such text for this kernel.</Missing>
      ) : (
        <List
          key={`${k}${code}`}
          class="code"
          count={lines.length}
          height={17}
          label="Code of the kernel"
          width={Math.min(400, longest + (costs.size ? 34 : 0))}
          show={found >= 0 ? found : hot ? hot.first : 0}
          shown={`${k}${code}${words}`}
          row={(i) => {
            const cost = costs.get(i);
            return (
              <div
                key={i}
                class={`line ${isHot(i) ? "hot" : ""} ${words && lines[i]!.includes(words) ? "found" : ""}`}
                data-ref={isHot(i) ? `kernel:${k}` : undefined}
              >
                <span class="number">{i + 1}</span>
                {costs.size > 0 && (
                  <span
                    class="mca"
                    style={{ width: `${beside}ch` }}
                    title={cost ? "latency; ports and their cycles" : undefined}
                  >
                    {cost ? said(cost) : ""}
                  </span>
                )}
                {aligned(lines[i]!)}
              </div>
            );
          }}
        />
      )}
    </section>
  );
}

export function Kernels({ store }: { store: Store }): JSX.Element {
  const view = useView(store);
  const { model } = store;
  const k = view.kernel;
  const kernel = model.report.kernels[k];
  useEffect(() => {
    document.querySelector(".kernel-page")?.scrollTo(0, 0);
  }, [k]);
  if (!kernel)
    return <Missing>The report has no kernels: nothing is left to compute in a call.</Missing>;
  return (
    <div class="kernels">
      <Chooser store={store} />
      <div class="kernel-page">
        <header class="kernel-head" data-ref={`kernel:${k}`}>
          <h2>{kernel.name}</h2>
          <span class="chip">{kernel.family}</span>
          <span class="faint">{kernel.ops.join(" · ")}</span>
          <span class="grow" />
          <span class="faint">
            {kernel.places
              .map((p) => model.placeText(p))
              .slice(0, 3)
              .join(", ")}
          </span>
        </header>
        <Verdict store={store} k={k} />
        <section class="panel" aria-label="Algorithm">
          <header>
            <h3>Algorithm</h3>
          </header>
          <div class="math">
            {kernel.algorithm.map((line, i) => (
              <div key={i}>{line}</div>
            ))}
          </div>
          {kernel.algorithm.length === 0 && (
            <Missing>The report has no formula for this kernel.</Missing>
          )}
        </section>
        <div class="two">
          <div class="stack">
            {kernel.hot ? (
              <Hot hot={kernel.hot} name={kernel.name} />
            ) : (
              <section class="panel">
                <header>
                  <h3>Hot loop</h3>
                </header>
                <Missing>
                  {kernel.no_hot
                    ? `No hot loop: ${kernel.no_hot}.`
                    : "The report marks no hot loop of this kernel."}
                </Missing>
              </section>
            )}
          </div>
          <Figure
            name={`${kernel.name}-roofline`}
            title="Roofline"
            note="this kernel among the others"
          >
            <Roofline store={store} only={k} />
          </Figure>
        </div>
        <Schedule kernel={kernel} />
        <CodeView store={store} k={k} />
      </div>
    </div>
  );
}
