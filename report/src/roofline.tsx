// All calls under the machine's roofs: FLOP a byte against FLOP a second, both axes logarithmic.
import { scaleLog } from "d3-scale";
import type { JSX } from "preact";
import { Missing } from "./figure";
import { digits, percent, time } from "./format";
import { LeftTick } from "./plots";
import { useView, type Store } from "./store";

const [W, H] = [520, 350];
const M = { left: 52, right: 16, top: 14, bottom: 36 };

export const roofClass = (roof: string | undefined): string =>
  roof === undefined
    ? "roof-none"
    : /^(L1|L2|L3|DRAM)$/.test(roof)
      ? `roof-${roof.toLowerCase()}`
      : "roof-fma";

/** What a share of a roof over 100 % means; nothing of a smaller one. */
export const beyond = (attained: number): string | undefined =>
  attained > 1.005
    ? "over 100 %: operands lay nearer than the roof assumes, or the CPU was clocked higher"
    : undefined;

export function Roofline({ store, only }: { store: Store; only?: number }): JSX.Element {
  useView(store);
  const { report } = store.model;
  const { roofs } = report;
  const points = report.calls
    .map((call, c) => ({ call, c }))
    .filter(({ call }) => call.gflops !== undefined && call.gflops > 0 && call.intensity > 0);
  if (!roofs)
    return (
      <Missing>
        No roofs: this machine was not measured (times are off, or the target is another machine).
      </Missing>
    );
  if (!points.length)
    return <Missing>No call of this model was measured and does arithmetic.</Missing>;
  const xs = points.map(({ call }) => call.intensity);
  const ys = points.map(({ call }) => call.gflops!);
  const slowest = Math.min(...roofs.levels.map((level) => level.gb_per_s));
  const x = scaleLog(
    [Math.min(0.1, ...xs) / 1.5, Math.max(roofs.peak_gflops / slowest, ...xs) * 2],
    [M.left, W - M.right],
  );
  const y = scaleLog(
    [
      Math.min(...ys, roofs.peak_gflops / 50) / 1.5,
      Math.max(roofs.peak_gflops * 2, 1.5 * Math.max(...ys)),
    ],
    [H - M.bottom, M.top],
  );
  const [low] = x.domain() as [number, number];
  const biggest = Math.max(...points.map(({ call }) => call.time?.median ?? 0), 1);
  const powers = (scale: typeof x): number[] =>
    scale.ticks(10).filter((t) => Math.abs(Math.log10(t) % 1) < 1e-9);
  return (
    <svg
      class="plot roofline"
      viewBox={`0 0 ${W} ${H}`}
      width="100%"
      role="img"
      aria-label="Roofline: calls by arithmetic intensity and attained speed"
    >
      {powers(x).map((t) => (
        <g key={t}>
          <line class="grid" x1={x(t)} x2={x(t)} y1={M.top} y2={H - M.bottom} />
          <text class="tick" x={x(t)} y={H - M.bottom + 14} text-anchor="middle">
            {t}
          </text>
        </g>
      ))}
      {powers(y).map((t) => (
        <LeftTick key={t} y={y(t)} left={M.left} right={W - M.right} text={t} />
      ))}
      <text class="tick" x={(M.left + W - M.right) / 2} y={H - 4} text-anchor="middle">
        FLOP a byte
      </text>
      <text
        class="tick"
        x={12}
        y={H / 2}
        text-anchor="middle"
        transform={`rotate(-90 12 ${H / 2})`}
      >
        GFLOP/s
      </text>
      {roofs.levels.map((level) => {
        const ridge = roofs.peak_gflops / level.gb_per_s;
        const from = Math.max(low, y.domain()[0]! / level.gb_per_s);
        const [left, bottom, right, top] = [
          x(from),
          y(from * level.gb_per_s),
          x(ridge),
          y(roofs.peak_gflops),
        ];
        const slope = (Math.atan2(top - bottom, right - left) * 180) / Math.PI; // the text runs along its line
        return (
          <g key={level.name} class={`roof ${roofClass(level.name)}`}>
            <line x1={left} y1={bottom} x2={right} y2={top} />
            <text
              transform={`translate(${left.toFixed(1)},${bottom.toFixed(1)}) rotate(${slope.toFixed(2)})`}
              x={10}
              y={-4}
            >
              {level.name} {digits(level.gb_per_s)} GB/s
            </text>
          </g>
        );
      })}
      <g class="roof roof-fma">
        <line
          x1={x(roofs.peak_gflops / Math.max(...roofs.levels.map((l) => l.gb_per_s)))}
          x2={W - M.right}
          y1={y(roofs.peak_gflops)}
          y2={y(roofs.peak_gflops)}
        />
        <text
          x={x(roofs.peak_gflops / Math.max(...roofs.levels.map((l) => l.gb_per_s))) + 4}
          y={y(roofs.peak_gflops) - 6}
        >
          FMA {digits(roofs.peak_gflops)} GFLOP/s
        </text>
      </g>
      {points.map(({ call, c }) => (
        <circle
          key={c}
          class={`point ${roofClass(call.bound?.roof)} ${only !== undefined && call.kernel !== only ? "other" : ""}`}
          data-ref={`call:${c}`}
          tabindex={0}
          role="button"
          aria-label={store.model.callText(c)}
          cx={x(call.intensity)}
          cy={y(call.gflops!)}
          r={3.5 + 7 * Math.sqrt((call.time?.median ?? 0) / biggest)}
        >
          <title>{`${store.model.callText(c)}: ${digits(call.gflops!)} GFLOP/s at ${digits(call.intensity)} FLOP a byte${call.time ? `, ${time(call.time.median)}` : ""}${call.bound ? `, ${percent(call.bound.attained)} of what ${call.bound.roof} allows${beyond(call.bound.attained) ? ` (${beyond(call.bound.attained)})` : ""}` : ""}`}</title>
        </circle>
      ))}
    </svg>
  );
}
