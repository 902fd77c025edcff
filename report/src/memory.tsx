// The tab of the memory: the arena over the call, the stack, every value's address and life.
import { scaleLinear } from "d3-scale";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Figure, Missing } from "./figure";
import { bytes, time, whole } from "./format";
import { List, sortHead } from "./list";
import { callSpans } from "./overview";
import { LeftTick } from "./plots";
import type { Stored } from "./report";
import { useView, type Store } from "./store";

const [W, H] = [900, 330];
const M = { left: 66, right: 10, top: 8, bottom: 20 };
const STACK = 60; // height of the stack's plot, below

function useSpans(store: Store, byTime: boolean): { at: (call: number) => number } {
  return useMemo(() => {
    const { calls } = store.model.report;
    const total = calls.reduce((sum, call) => sum + (call.time?.median ?? 0), 0);
    const spans =
      byTime && total > 0
        ? callSpans(calls, total)
        : calls.map((_, i) => ({ from: i / calls.length, size: 1 / calls.length }));
    const x = scaleLinear([0, 1], [M.left, W - M.right]);
    return { at: (call) => x(call >= calls.length ? 1 : (spans[Math.max(0, call)]?.from ?? 0)) };
  }, [byTime]);
}

function Rectangle({
  v,
  value,
  x,
  y,
}: {
  v: number;
  value: Stored;
  x: (call: number) => number;
  y: (b: number) => number;
}): JSX.Element {
  const [left, right] = [x(value.first), x(value.last + 1)];
  const [top, bottom] = [y(value.offset + value.bytes), y(value.offset)];
  const letters = Math.floor((right - left - 8) / 6.6);
  const text = `%${value.name}`;
  return (
    <g
      class={`life life${v % 6}`}
      data-ref={`value:${v}`}
      tabindex={0}
      role="button"
      aria-label={`${value.name}: ${whole(value.bytes)} bytes at ${value.offset}, calls ${value.first} to ${value.last}`}
    >
      <rect
        x={left}
        y={top}
        width={Math.max(1, right - left - 1)}
        height={Math.max(1.5, bottom - top - 0.5)}
        rx={1.5}
      />
      {bottom - top > 12 && letters > 3 && (
        <text x={left + 5} y={(top + bottom) / 2} dominant-baseline="central">
          {text.length > letters ? `${text.slice(0, letters - 1)}…` : text}
        </text>
      )}
      <title>{`%${value.name}${value.from.length ? ` (in the model: ${value.from.join(", ")})` : ""}\n${value.type}\narena+${value.offset}, ${whole(value.bytes)} bytes\ncalls ${value.first}–${value.last}`}</title>
    </g>
  );
}

function Arena({ store, byTime }: { store: Store; byTime: boolean }): JSX.Element {
  const { report } = store.model;
  const { at } = useSpans(store, byTime);
  const inArena = report.memory.values
    .map((value, v) => ({ value, v }))
    .filter(({ value }) => value.memory === "arena");
  const y = scaleLinear([0, Math.max(1, report.memory.arena_bytes)], [H - M.bottom, M.top]);
  const deepest = Math.max(0, ...report.kernels.map((kernel) => kernel.stack_bytes));
  const stack = scaleLinear([0, Math.max(1, deepest)], [H + STACK, H + 12]);
  const calls = report.calls;
  const every = Math.max(1, Math.ceil(calls.length / 30));
  const named = (c: number): string => {
    const letters = Math.floor((at(c + 1) - at(c) - 14) / 6.2);
    const { name } = report.kernels[calls[c]!.kernel]!;
    return letters < 8
      ? ""
      : name.length <= letters
        ? ` ${name}`
        : ` ${name.slice(0, letters - 1)}…`;
  };
  return (
    <svg
      class="plot arena wide"
      viewBox={`0 0 ${W} ${H + STACK + 18}`}
      width="100%"
      role="img"
      aria-label="The arena: bytes over the calls"
    >
      {y.ticks(5).map((tick) => (
        <LeftTick key={tick} y={y(tick)} left={M.left} right={W - M.right} text={bytes(tick)} />
      ))}
      {!inArena.length && (
        <text class="tick" x={W / 2} y={H / 2} text-anchor="middle">
          No value of this model needs the arena.
        </text>
      )}
      {inArena.map(({ value, v }) => (
        <Rectangle key={v} v={v} value={value} x={at} y={y} />
      ))}
      <text class="tick" x={M.left - 6} y={H + 12} text-anchor="end" dominant-baseline="middle">
        {bytes(deepest)}
      </text>
      <text class="tick" x={M.left - 6} y={H + STACK} text-anchor="end">
        stack
      </text>
      {calls.map((call, c) => {
        const kernel = report.kernels[call.kernel]!;
        const left = at(c);
        return (
          <g
            key={c}
            class="stack-bar"
            data-ref={`call:${c}`}
            tabindex={0}
            role="button"
            aria-label={`stack of ${kernel.name}: ${whole(kernel.stack_bytes)} bytes`}
          >
            <rect
              class="cell"
              x={left}
              width={Math.max(0.5, at(c + 1) - left)}
              y={H + 8}
              height={STACK - 8}
            />
            <rect
              class="bar"
              x={left}
              width={Math.max(0.5, at(c + 1) - left - 1)}
              y={stack(kernel.stack_bytes)}
              height={H + STACK - stack(kernel.stack_bytes)}
            />
            {c % every === 0 && (
              <text class="tick" x={left + 2} y={H + STACK + 13}>
                {c}
                {named(c)}
              </text>
            )}
            <title>{`call ${c}: ${store.model.callText(c)}${call.time ? `, ${time(call.time.median)}` : ""}\nstack ${whole(kernel.stack_bytes)} bytes`}</title>
          </g>
        );
      })}
    </svg>
  );
}

type Key = "name" | "memory" | "offset" | "bytes" | "first";
const order = ["input", "output", "arena", "slot", "constant"];

function compare(key: Key, a: Stored, b: Stored): number {
  if (key === "name") return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  if (key === "bytes") return b.bytes - a.bytes;
  if (key === "first") return a.first - b.first || a.last - b.last;
  const by = order.indexOf(a.memory) - order.indexOf(b.memory);
  return key === "memory" ? by || a.first - b.first : a.offset - b.offset || by;
}

/** Values that a name leads to and that no call stores, with the kernel that keeps each. */
function kept(store: Store, words: string): { name: string; kernel: number }[] {
  const { model } = store;
  const found: { name: string; kernel: number }[] = [];
  for (const [name, [kernel]] of model.kernelsOfName)
    if (name.toLowerCase().includes(words.toLowerCase()) && !model.storedOfName.has(name))
      found.push({ name, kernel: kernel! });
  return found.slice(0, 6);
}

function Values({ store }: { store: Store }): JSX.Element {
  const { report } = store.model;
  const [key, setKey] = useState<Key>("memory");
  const [words, setWords] = useState("");
  const rows = useMemo(() => {
    const fits = (value: Stored): boolean =>
      [value.name, value.memory, value.type, ...value.from].some((t) =>
        t.toLowerCase().includes(words.toLowerCase()),
      );
    return report.memory.values
      .map((value, v) => ({ value, v }))
      .filter(({ value }) => fits(value))
      .sort((a, b) => compare(key, a.value, b.value) || a.v - b.v);
  }, [key, words]);
  const head = sortHead(key, setKey);
  const inside = words ? kept(store, words) : [];
  const reached = store.reach ? rows.findIndex(({ v }) => store.reach!.stored.has(v)) : -1;
  const kernelOf = (c: number | undefined): string =>
    c === undefined ? "" : report.kernels[report.calls[c]!.kernel]!.name;
  return (
    <section class="panel values" aria-label="Values in memory">
      <header>
        <h3>Values</h3>
        <span class="note">
          {whole(rows.length)} stored; one that is missing here never leaves its kernel
        </span>
        <span class="grow" />
        <input
          type="search"
          placeholder="filter by name"
          aria-label="Filter values"
          value={words}
          onInput={(e) => setWords(e.currentTarget.value)}
        />
      </header>
      {inside.length > 0 && (
        <p class="sentence">
          Not stored:{" "}
          {inside.map(({ name, kernel }) => (
            <span key={name}>
              %{name} stays within{" "}
              <button
                type="button"
                class="link"
                onClick={() => store.set({ tab: "kernels", kernel })}
              >
                {report.kernels[kernel]!.name}
              </button>
              , which writes{" "}
              {[...new Set(report.kernels[kernel]!.calls.flatMap((c) => report.calls[c]!.writes))]
                .slice(0, 2)
                .map(
                  (v) =>
                    `%${report.memory.values[v]!.name} (${report.memory.values[v]!.memory}+${report.memory.values[v]!.offset})`,
                )
                .join(", ")}
              .{" "}
            </span>
          ))}
        </p>
      )}
      <div role="table" class="table values-table" aria-label="Values in memory">
        <div class="tr th" role="row">
          {head("value", "name")}
          {head("in the model")}
          {head("type")}
          {head("memory", "memory")}
          {head("offset", "offset", true)}
          {head("bytes", "bytes", true)}
          {head("lives in calls", "first")}
          {head("written by")}
        </div>
        <List
          fit
          count={rows.length}
          height={24}
          label="Rows of the values"
          show={reached < 0 ? null : reached}
          row={(i) => {
            const { value, v } = rows[i]!;
            const always = value.memory !== "arena";
            return (
              <div
                key={v}
                class="tr"
                role="row"
                data-ref={`value:${v}`}
                tabindex={0}
                aria-selected="false"
              >
                <span role="cell" class="mono">
                  %{value.name}
                </span>
                <span role="cell" class="faint mono" title={value.from.join(", ")}>
                  {value.from.filter((n) => n !== value.name).join(", ")}
                </span>
                <span role="cell" class="mono faint" title={value.type}>
                  {value.type}
                </span>
                <span role="cell">
                  <span class={`chip memory-${value.memory}`}>{value.memory}</span>
                </span>
                <span role="cell" class="num">
                  {whole(value.offset)}
                </span>
                <span role="cell" class="num">
                  {whole(value.bytes)}
                </span>
                <span role="cell">
                  {always ? "the whole call" : `${value.first} – ${value.last}`}
                </span>
                <span role="cell" class="mono">
                  {kernelOf(store.model.callOfStored[v])}
                </span>
              </div>
            );
          }}
        />
      </div>
    </section>
  );
}

export function Memory({ store }: { store: Store }): JSX.Element {
  useView(store);
  const { report } = store.model;
  const [byTime, setByTime] = useState(false);
  const { memory } = report;
  const sum = memory.values
    .filter((v) => v.memory === "arena")
    .reduce((total, v) => total + v.bytes, 0);
  return (
    <div class="memory">
      <Figure
        name={`${report.model}-arena`}
        title="Arena over the call"
        note={`${bytes(memory.arena_bytes)} hold ${bytes(sum)} of values; below, the stack of each kernel`}
        tools={
          report.calls.some((c) => c.time) && (
            <span class="switch" role="group" aria-label="Width of a call">
              <button type="button" aria-pressed={!byTime} onClick={() => setByTime(false)}>
                calls
              </button>
              <button type="button" aria-pressed={byTime} onClick={() => setByTime(true)}>
                time
              </button>
            </span>
          )
        }
      >
        {report.calls.length ? (
          <Arena store={store} byTime={byTime} />
        ) : (
          <Missing>The entry calls no kernel.</Missing>
        )}
      </Figure>
      <Values store={store} />
    </div>
  );
}
