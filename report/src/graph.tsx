// The drawing of a step's graph: boxes, edges, remarks where they belong.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { drawing, ROW, shorten, type Box, type Drawing, type Line } from "./layout";
import { changedNodes } from "./diff";
import { plain, type Model } from "./model";
import type { GraphState, Remark } from "./report";
import { meets } from "./reach";
import type { Store } from "./store";

/** Remarks of a step by the value they speak of, those of an edge by its two ends. */
export interface Placed {
  byName: Map<string, Remark[]>;
}

export function placed(model: Model, remarks: Remark[]): Placed {
  const byName = new Map<string, Remark[]>();
  for (const remark of remarks) {
    const name = model.subjects(remark)[0];
    if (!name) continue;
    const list = byName.get(name);
    if (list) list.push(remark);
    else byName.set(name, [remark]);
  }
  return { byName };
}

const curve = (points: { x: number; y: number }[]): string => {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x.toFixed(1)},${first.y.toFixed(1)}`;
  rest.forEach((point, i) => {
    const next = rest[i + 1];
    if (!next) path += `L${point.x.toFixed(1)},${point.y.toFixed(1)}`;
    else
      path += `Q${point.x.toFixed(1)},${point.y.toFixed(1)} ${((point.x + next.x) / 2).toFixed(1)},${((point.y + next.y) / 2).toFixed(1)}`;
  });
  return path;
};

function Badge({ remarks, x, y }: { remarks: Remark[]; x: number; y: number }): JSX.Element {
  const fired = remarks.some((remark) => remark.fired);
  const text = remarks.map((r) => `${r.fired ? "✓" : "not:"} ${r.message}`).join("\n");
  return (
    <g
      class={fired ? "badge fired" : "badge refused"}
      transform={`translate(${x},${y})`}
      role="img"
      aria-label={text}
    >
      <circle r="7" />
      <text text-anchor="middle" dominant-baseline="central">
        {fired ? "✓" : "✕"}
      </text>
      <title>{text}</title>
    </g>
  );
}

interface BoxProps {
  model: Model;
  box: Box;
  changed: Set<number> | null; // null: nothing did, all is bright
  remarks: Placed;
}

function namesOf(model: Model, index: number): string[] {
  return model.report.pool[index]?.results ?? [];
}

function Rows({ model, box, changed, remarks }: BoxProps): JSX.Element {
  return (
    <>
      {box.rows.map((row, i) => {
        const found = namesOf(model, row.index).flatMap((name) => remarks.byName.get(name) ?? []);
        const y = 22 + ROW + i * ROW;
        return (
          <g
            key={i}
            class={`row ${!changed || changed.has(row.index) ? "bright" : "dim"}`}
            data-ref={`node:${row.index}`}
            tabindex={-1}
          >
            <rect x={3} y={y} width={box.width - 6} height={ROW} rx={2} />
            <text x={10 + 12 * row.depth} y={y + ROW / 2} dominant-baseline="central">
              {shorten(row.text)}
            </text>
            {found.length > 0 && <Badge remarks={found} x={box.width - 12} y={y + ROW / 2} />}
          </g>
        );
      })}
    </>
  );
}

function BoxShape(props: BoxProps): JSX.Element {
  const { model, box, changed, remarks } = props;
  const bright =
    !changed || changed.has(box.index) || box.rows.some((row) => changed.has(row.index));
  const own =
    box.kind === "node" || !box.rows.length
      ? namesOf(model, box.index).flatMap((name) => remarks.byName.get(name) ?? [])
      : [];
  const label = `${box.kind} ${box.title}, ${box.note}`;
  return (
    <g
      class={`box ${box.kind} ${bright ? "bright" : "dim"}`}
      transform={`translate(${box.x.toFixed(1)},${box.y.toFixed(1)})`}
      data-ref={box.ref}
      tabindex={0}
      role="button"
      aria-label={label}
    >
      <rect
        class="frame"
        width={box.width}
        height={box.height}
        rx={box.kind === "input" || box.kind === "output" ? 12 : 4}
      />
      <text class="title" x={10} y={14} dominant-baseline="central">
        {shorten(box.title)}
      </text>
      <text class="type" x={10} y={29} dominant-baseline="central">
        {shorten(box.note)}
      </text>
      <title>{box.index >= 0 ? model.report.pool[box.index]!.text : label}</title>
      <Rows {...props} />
      {own.length > 0 && <Badge remarks={own} x={box.width - 12} y={14} />}
    </g>
  );
}

/** The remark that speaks of both ends of an edge, or of its value and the reader's op. */
function edgeRemarks(model: Model, line: Line, boxes: Map<string, Box>, remarks: Placed): Remark[] {
  const to = boxes.get(line.to);
  if (!to || to.index < 0) return [];
  const reader = model.report.pool[to.index];
  const ends = new Set([
    ...(reader?.results ?? []),
    ...to.rows.flatMap((row) => namesOf(model, row.index)),
  ]);
  const found: Remark[] = [];
  for (const list of [
    remarks.byName.get(line.value) ?? [],
    ...[...ends].map((n) => remarks.byName.get(n) ?? []),
  ])
    for (const remark of list) {
      const names = model.subjects(remark);
      const both = names.includes(line.value) && names.some((name) => ends.has(name));
      const byOp =
        names[0] === line.value &&
        !remark.fired &&
        reader &&
        remark.message.includes(`: ${reader.op} `);
      if (both || byOp) found.push(remark);
    }
  return [...new Set(found)];
}

const READABLE = 0.62; // no smaller unless asked for

interface Props {
  store: Store;
  step: number;
  graph: GraphState;
  remarks: Remark[];
  side: "after" | "before";
}

export function GraphView({ store, step, graph, remarks, side }: Props): JSX.Element {
  const { model } = store;
  const [zoom, setZoom] = useState(1);
  const view = useRef<HTMLDivElement>(null);
  const shown = side === "after" ? step : step - 1;
  const drawn: Drawing = drawing(model, shown, graph);
  const { added, removed } = changedNodes(model, step);
  const changed = side === "after" ? added : removed;
  const still = added.size + removed.size === 0 || step === 0;
  const where = placed(model, remarks);
  const boxes = new Map(drawn.boxes.map((box) => [box.key, box]));
  const width = (): number => Math.min(1, ((view.current?.clientWidth ?? 400) - 12) / drawn.width);
  const fit = (): void => setZoom(width());
  useEffect(() => {
    const element = view.current;
    const first = drawn.boxes.find(
      (b) => changed.has(b.index) || b.rows.some((r) => changed.has(r.index)),
    );
    if (!element) return;
    const scale = Math.max(READABLE, width());
    setZoom(scale);
    const to = first && !still ? first : (drawn.boxes.find((b) => b.index >= 0) ?? drawn.boxes[0]);
    requestAnimationFrame(() => {
      element.scrollTop = to ? Math.max(0, to.y * scale - 60) : 0;
      element.scrollLeft = to ? (to.x + to.width / 2) * scale - element.clientWidth / 2 : 0;
    });
  }, [graph, step]);
  // What was selected elsewhere comes into sight.
  useEffect(() => {
    const element = view.current;
    const { reach } = store;
    const box =
      reach &&
      drawn.boxes.find(
        (b) =>
          meets(model, reach, b.ref) === 2 ||
          b.rows.some((r) => meets(model, reach, `node:${r.index}`) === 2),
      );
    if (!element || !box) return;
    const [top, bottom] = [box.y * zoom, (box.y + box.height) * zoom];
    if (top < element.scrollTop || bottom > element.scrollTop + element.clientHeight)
      element.scrollTop = Math.max(0, top - 60);
    const [left, right] = [box.x * zoom, (box.x + box.width) * zoom];
    if (left < element.scrollLeft || right > element.scrollLeft + element.clientWidth)
      element.scrollLeft = Math.max(0, left - 60);
  }, [store.reach, drawn]);
  const wheel = (event: WheelEvent): void => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    setZoom((old) => Math.min(3, Math.max(0.1, old * (event.deltaY < 0 ? 1.15 : 1 / 1.15))));
  };
  return (
    <div class="graph-holder">
      <div class="zoom" role="group" aria-label="Zoom of the graph">
        <button
          type="button"
          class="quiet"
          onClick={() => setZoom(zoom / 1.25)}
          aria-label="Smaller"
        >
          −
        </button>
        <button type="button" class="quiet" onClick={fit} title="As wide as the panel">
          fit
        </button>
        <button type="button" class="quiet" onClick={() => setZoom(1)}>
          1:1
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => setZoom(zoom * 1.25)}
          aria-label="Larger"
        >
          +
        </button>
      </div>
      <div
        class="graph"
        ref={view}
        onWheel={wheel}
        tabindex={0}
        role="group"
        aria-label={`Graph ${graph.name} ${side} the pass`}
      >
        <svg
          class={`plot graph-drawing ${still ? "still" : ""}`}
          width={drawn.width * zoom}
          height={drawn.height * zoom}
          viewBox={`0 0 ${drawn.width} ${drawn.height}`}
        >
          {drawn.lines.map((line, i) => (
            <g key={i} class="edge" data-ref={`name:${line.value}`}>
              <path class="halo" d={curve(line.points)} />
              <path d={curve(line.points)} />
              <title>{`%${line.value}`}</title>
            </g>
          ))}
          {drawn.boxes.map((box) => (
            <BoxShape
              key={box.key}
              model={model}
              box={box}
              changed={still ? null : changed}
              remarks={where}
            />
          ))}
          {drawn.lines.map((line, i) => {
            const found = edgeRemarks(model, line, boxes, where);
            const middle = line.points[Math.floor(line.points.length / 2)];
            return found.length && middle ? (
              <Badge key={i} remarks={found} x={middle.x} y={middle.y} />
            ) : null;
          })}
        </svg>
      </div>
    </div>
  );
}

export const graphsOf = (model: Model, step: number): GraphState[] =>
  (model.graphs[step] ?? []).filter((graph) => graph.kind === "graph" || graph.kind === "loop");

export const sameName = (graphs: GraphState[], name: string): GraphState | undefined =>
  graphs.find((graph) => plain(graph.name) === plain(name)) ?? graphs[0];
