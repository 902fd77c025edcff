// The timeline of the passes: what each took, the nodes it left, and the slider over them.
import { scaleLinear, scaleSqrt } from "d3-scale";
import type { JSX } from "preact";
import { counted, time, whole } from "./format";
import { nodesIn } from "./reach";
import { useView, type Store } from "./store";

const HEIGHT = 92;
const BASE = 66; // where the bars of time stand

export function Timeline({ store }: { store: Store }): JSX.Element {
  const view = useView(store);
  const { steps } = store.model.report;
  const width = Math.max(520, steps.length * 40);
  const cell = width / steps.length;
  const nodes = scaleLinear([0, Math.max(1, ...steps.map((s) => s.nodes))], [BASE, 8]);
  const cost = scaleSqrt([0, Math.max(1, ...steps.map((s) => s.ns))], [0, BASE - 22]);
  const x = (i: number): number => (i + 0.5) * cell;
  const outline = steps
    .map(
      (s, i) =>
        `${i ? "H" : "M"}${(i * cell).toFixed(1)}${i ? "" : `,${nodes(s.nodes)}`}V${nodes(s.nodes).toFixed(1)}`,
    )
    .join("");
  const { reach } = store;
  return (
    <div class="timeline">
      <p class="note">
        Line: nodes in the module after each pass.
        {steps.some((s) => s.ns) && " Bars: its time, blue where it changed something."}
      </p>
      <svg
        class="plot"
        viewBox={`0 0 ${width} ${HEIGHT}`}
        preserveAspectRatio="none"
        width="100%"
        height={HEIGHT}
        role="img"
        aria-label="Nodes after each pass, and the time it took"
      >
        <path class="area" d={`${outline}H${width}V${BASE}H0Z`} />
        {steps.map((s, i) => {
          const there = reach ? nodesIn(store.model, reach, i) : 0;
          return (
            <g
              key={i}
              class={`pass ${s.changed ? "" : "idle"} ${i === view.step ? "now" : ""}`}
              onClick={() => store.set({ step: i })}
            >
              <rect class="cell" x={i * cell} y={0} width={cell} height={HEIGHT} />
              <rect
                class="cost"
                x={i * cell + cell * 0.3}
                width={cell * 0.4}
                y={BASE - cost(s.ns)}
                height={cost(s.ns)}
              />
              {reach && (
                <rect
                  class={there ? "there" : "gone"}
                  x={i * cell + 1}
                  width={cell - 2}
                  y={BASE + 3}
                  height={4}
                />
              )}
              <text class="tick" x={x(i)} y={BASE + 20} text-anchor="middle">
                {i}
              </text>
              <title>{`${i} ${s.pass}: ${s.summary}\n${whole(s.nodes)} nodes after it, ${counted(s.rewrites, "rewrite")}, ${time(s.ns)}`}</title>
            </g>
          );
        })}
      </svg>
      <input
        type="range"
        min={0}
        max={steps.length - 1}
        value={view.step}
        aria-label="Pass"
        aria-valuetext={`${view.step} ${steps[view.step]?.pass ?? ""}`}
        onInput={(event) => store.set({ step: Number(event.currentTarget.value) })}
      />
    </div>
  );
}
