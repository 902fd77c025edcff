// The road of the selection: line → nodes, step by step → kernel → hot loop → bytes → time.
import type { ComponentChildren, JSX } from "preact";
import { bytes, counted, percent, time } from "./format";
import type { Model } from "./model";
import { importNames, nodesIn, parts, vanished, type Reach } from "./reach";
import type { Stored } from "./report";
import { useView, type Store } from "./store";

const listed = (names: string[], most = 3): string =>
  names.length <= most
    ? names.join(", ")
    : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;

/** What the selection is called. */
export function title(model: Model, reach: Reach): string {
  const [kind, id] = parts(reach.ref);
  const { report } = model;
  if (kind === "line") {
    const [source, line] = id.split(":").map(Number);
    return `${report.sources[source ?? 0]?.path.replace(/.*\//, "") ?? ""}:${line}`;
  }
  if (kind === "place") return model.placeText(Number(id));
  if (kind === "kernel") return `kernel ${report.kernels[Number(id)]?.name ?? ""}`;
  if (kind === "call") return `call ${id}: %${report.calls[Number(id)]?.result ?? ""}`;
  if (kind === "value") return `%${report.memory.values[Number(id)]?.name ?? ""} in memory`;
  if (kind === "name") return `%${id}`;
  const node = report.pool[Number(id)];
  return node ? `${node.op}${node.results.length ? ` %${node.results[0]}` : ""}` : "";
}

function Strip({ store, reach }: { store: Store; reach: Reach }): JSX.Element {
  const { model } = store;
  const { steps } = model.report;
  const counts = steps.map((_, i) => nodesIn(model, reach, i));
  const most = Math.max(1, ...counts);
  return (
    <span class="strip" role="group" aria-label="In which steps it has nodes">
      {counts.map((count, i) => (
        <button
          key={i}
          type="button"
          class={`${count ? "has" : "none"} ${i === store.view.step ? "now" : ""}`}
          title={`${i} ${steps[i]!.pass}: ${counted(count, "node")}`}
          aria-label={`${steps[i]!.pass}: ${counted(count, "node")}`}
          onClick={() => store.set({ tab: "passes", step: i })}
        >
          <i style={{ height: `${count ? 4 + (12 * count) / most : 2}px` }} />
        </button>
      ))}
    </span>
  );
}

const Stop = ({ children, name }: { children: ComponentChildren; name: string }): JSX.Element => (
  <li>
    <span class="stop-name">{name}</span>
    <span class="stop-body">{children}</span>
  </li>
);

function ofNodes(model: Model, reach: Reach): string {
  if (reach.kind === "node" || reach.kind === "name" || reach.kind === "value") return "";
  const names = reach.names.size
    ? [...reach.names].filter((name) => model.isImported(name))
    : importedNames(model, reach);
  return names.length
    ? listed(
        names.map((n) => `%${n}`),
        2,
      )
    : "none of its own";
}

function KernelStops({ store, reach }: { store: Store; reach: Reach }): JSX.Element {
  const { report } = store.model;
  const kernels = [...reach.kernels];
  const first = kernels.length ? report.kernels[kernels[0]!] : undefined;
  if (!first)
    return (
      <Stop name="kernel">
        <span class="faint">none: nothing of it runs in a call</span>
      </Stop>
    );
  const hot = first.hot;
  return (
    <>
      <Stop name={kernels.length > 1 ? `${kernels.length} kernels` : "kernel"}>
        {kernels.slice(0, 2).map((k) => (
          <button
            key={k}
            type="button"
            class="link"
            onClick={() => store.set({ tab: "kernels", kernel: k })}
          >
            {report.kernels[k]!.name}
          </button>
        ))}
        {kernels.length > 2 && <span class="faint">and {kernels.length - 2} more</span>}
      </Stop>
      {kernels.length === 1 && (
        <Stop name="hot loop">
          {hot ? (
            <button
              type="button"
              class="link"
              onClick={() => store.set({ tab: "kernels", kernel: kernels[0]! })}
            >
              {hot.instructions} instructions, lines {hot.first + 1}–{hot.last + 1}
            </button>
          ) : (
            <span class="faint" title={first.no_hot}>
              none
            </span>
          )}
        </Stop>
      )}
    </>
  );
}

/** The values that the selection itself computes. */
function ownNames(model: Model, reach: Reach): string[] {
  if (reach.kind === "node" || reach.kind === "name") return [...reach.names];
  if (reach.kind !== "line" && reach.kind !== "place") return [];
  if (reach.names.size) return [...reach.names];
  // A word's value is the last of its nodes: those before it prepare its operands.
  return [...importNames(model, reach.places).values()].flatMap((names) => names.slice(-1));
}

const importedNames = (model: Model, reach: Reach): string[] => [
  ...new Set([...importNames(model, reach.places).values()].flat()),
];

/** Which of the selection's own values no memory holds, as the beginning of a sentence, and the stored ones that end it. */
function unstored(
  model: Model,
  reach: Reach,
  values: Stored[],
): { words: string; written: Stored[] } | null {
  const stored = new Set(values.flatMap((v) => [v.name, ...v.from]));
  const own = ownNames(model, reach);
  const hidden = own.filter((name) => !stored.has(name));
  const inside = hidden.filter((name) => model.kernelsOfName.has(name));
  const names = inside.length || hidden.length < own.length ? inside : hidden.slice(-1);
  if (!names.length) return null;
  const kernels = new Set(names.flatMap((name) => model.kernelsOfName.of(name)));
  const written = values.filter((v) =>
    [...reach.calls].some((c) => {
      const call = model.report.calls[c]!;
      return (
        (!kernels.size || kernels.has(call.kernel)) &&
        call.writes.some((i) => model.report.memory.values[i] === v)
      );
    }),
  );
  const who = listed(names.map((name) => `%${name}`));
  const where = names.length === 1 ? "stays in its" : "stay in their";
  const write = kernels.size > 1 ? "kernels, which write" : "kernel, which writes";
  return written.length ? { words: `${who} ${where} ${write}`, written } : null;
}

function MemoryStop({ store, reach }: { store: Store; reach: Reach }): JSX.Element {
  const values = [...reach.stored].map((v) => store.model.report.memory.values[v]!);
  const order = ["arena", "output", "input", "slot", "constant"];
  values.sort((a, b) => order.indexOf(a.memory) - order.indexOf(b.memory));
  const stays = unstored(store.model, reach, values);
  const shown = (stays?.written ?? values)
    .filter((v) => v.memory !== "constant" && v.memory !== "slot")
    .slice(0, 2);
  const show = shown.length ? shown : (stays?.written ?? values).slice(0, 1);
  return (
    <Stop name="bytes">
      {stays && <span>{stays.words}</span>}
      {show.map((v) => (
        <button
          key={v.name}
          type="button"
          class="link"
          onClick={() => store.set({ tab: "memory" })}
        >
          %{v.name} {v.memory}+{v.offset}, {bytes(v.bytes)}
        </button>
      ))}
      {!show.length && <span class="faint">never stored</span>}
      {values.length > show.length && (
        <span class="faint">and {values.length - show.length} more</span>
      )}
    </Stop>
  );
}

function TimeStop({ store, reach }: { store: Store; reach: Reach }): JSX.Element {
  const calls = [...reach.calls].map((c) => store.model.report.calls[c]!);
  const timed = calls.filter((call) => call.time);
  const sum = timed.reduce((total, call) => total + call.time!.median, 0);
  const share = timed.reduce((total, call) => total + (call.share ?? 0), 0);
  return (
    <Stop name="time">
      {timed.length ? (
        <b title={calls.map((call) => call.verdict).join("\n")}>
          {time(sum)}
          {share > 0 && `, ${percent(share)}`}
          {timed.some((call) => call.loop !== undefined) && ", the whole loop"}
        </b>
      ) : (
        <span class="faint">{calls.length ? "not measured" : "no call"}</span>
      )}
    </Stop>
  );
}

export function Crumb({ store }: { store: Store }): JSX.Element {
  useView(store);
  const { reach, model } = store;
  if (!reach)
    return (
      <nav class="crumb idle" aria-label="Road of the selection">
        Click a line of the model, a node, a kernel or a rectangle: here stands its road from the
        source over the passes and the kernel to bytes and time.
      </nav>
    );
  const end = vanished(model, reach);
  const names = ofNodes(model, reach);
  return (
    <nav class="crumb" aria-label="Road of the selection">
      <ol>
        <Stop name="selected">
          <b>{title(model, reach)}</b>
        </Stop>
        {["node", "name", "value", "call", "kernel"].includes(reach.kind) &&
          reach.places.size > 0 && (
            <Stop name="source">
              <span>
                {listed(
                  [...reach.places].map((p) => model.placeText(p)),
                  2,
                )}
              </span>
            </Stop>
          )}
        {names && (
          <Stop name="imported as">
            <span>{names}</span>
          </Stop>
        )}
        <Stop name="passes">
          <Strip store={store} reach={reach} />
          {end && (
            <button
              type="button"
              class="link gone"
              title={end.why}
              onClick={() => store.set({ tab: "passes", step: end.step })}
            >
              gone after {model.report.steps[end.step]!.pass}: {end.why}
            </button>
          )}
        </Stop>
        <KernelStops store={store} reach={reach} />
        <MemoryStop store={store} reach={reach} />
        <TimeStop store={store} reach={reach} />
      </ol>
      <button type="button" class="quiet" onClick={() => store.select(null)} title="Escape">
        clear
      </button>
    </nav>
  );
}
