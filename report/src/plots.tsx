// Small plots: lines over an axis, histograms, bars.
import { scaleLinear, scaleLog } from "d3-scale";
import type { JSX } from "preact";
import { digits } from "./format";

interface LinesProps {
  series: { name: string; values: number[] }[];
  width?: number;
  height?: number;
  label: string;
  log?: boolean;
  x?: string;
  y?: (value: number) => string;
  mark?: number; // a position on the x axis
}

const M = { left: 58, right: 12, top: 10, bottom: 24 };

/** A line across a plot with its number left of it. */
export function LeftTick(props: {
  y: number;
  left: number;
  right: number;
  text: string | number;
}): JSX.Element {
  const { y, left, right, text } = props;
  return (
    <g>
      <line class="grid" x1={left} x2={right} y1={y} y2={y} />
      <text class="tick" x={left - 6} y={y} text-anchor="end" dominant-baseline="middle">
        {text}
      </text>
    </g>
  );
}

export function Lines(props: LinesProps): JSX.Element {
  const { series, width = 460, height = 170, label, mark } = props;
  const finite = series.flatMap((line) => line.values).filter(Number.isFinite);
  const above = finite.filter((v) => v > 0);
  // A logarithmic axis is worth its reading where the values span decades.
  const log =
    props.log === true && above.length > 0 && Math.max(...above) > 30 * Math.min(...above);
  const all = log ? above : finite;
  const count = Math.max(2, ...series.map((line) => line.values.length));
  let [low, high] = [Math.min(...all), Math.max(...all)];
  if (!all.length) [low, high] = [0, 1];
  if (!log && props.log) low = 0;
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  const x = scaleLinear([0, count - 1], [M.left, width - M.right]);
  const y = (log ? scaleLog() : scaleLinear())
    .domain([low, high])
    .nice()
    .range([height - M.bottom, M.top]);
  const path = (values: number[]): string => {
    let pen = "M";
    return values
      .map((value, i) => {
        if (!Number.isFinite(value) || (log && value <= 0)) {
          pen = "M";
          return "";
        }
        const point = `${pen}${x(i).toFixed(1)},${y(value).toFixed(1)}`;
        pen = "L";
        return point;
      })
      .join("");
  };
  return (
    <svg
      class={width > 600 ? "plot wide" : "plot"}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      {y
        .ticks(4)
        .filter((tick) => !log || Math.abs(Math.log10(tick) % 1) < 1e-9)
        .map((tick) => (
          <LeftTick
            key={tick}
            y={y(tick)}
            left={M.left}
            right={width - M.right}
            text={(props.y ?? digits)(tick)}
          />
        ))}
      {x
        .ticks(6)
        .filter(Number.isInteger)
        .map((tick) => (
          <text key={tick} class="tick" x={x(tick)} y={height - 8} text-anchor="middle">
            {tick}
          </text>
        ))}
      {props.x && (
        <text class="tick" x={width - M.right} y={height - M.bottom - 4} text-anchor="end">
          {props.x}
        </text>
      )}
      {mark !== undefined && (
        <line class="mark" x1={x(mark)} x2={x(mark)} y1={M.top} y2={height - M.bottom} />
      )}
      {series.map((line, i) => (
        <path key={line.name} class={`line c${i % 8}`} d={path(line.values)}>
          <title>{line.name}</title>
        </path>
      ))}
    </svg>
  );
}

export function Histogram(props: {
  bins: number[];
  min: number;
  max: number;
  width?: number;
  height?: number;
  label: string;
  axis?: boolean;
}): JSX.Element {
  const { bins, min, max, width = 80, height = 20, label, axis } = props;
  const most = Math.max(1, ...bins);
  const base = axis ? height - 16 : height;
  const y = scaleLinear([0, most], [0, base - 2]);
  const step = width / Math.max(1, bins.length);
  const zero = min < 0 && max > 0 ? (-min / (max - min)) * width : null;
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      {bins.map((count, i) => (
        <rect
          key={i}
          class="bar"
          x={i * step}
          width={Math.max(1, step - (axis ? 1 : 0.5))}
          y={base - Math.max(count ? 1 : 0, y(count))}
          height={Math.max(count ? 1 : 0, y(count))}
        >
          {axis && <title>{`${digits(min + ((max - min) * i) / bins.length)} … : ${count}`}</title>}
        </rect>
      ))}
      {zero !== null && <line class="zero" x1={zero} x2={zero} y1={0} y2={base} />}
      {axis && (
        <>
          <text class="tick" x={0} y={height - 3}>
            {digits(min)}
          </text>
          {zero !== null && zero > 40 && zero < width - 40 && (
            <text class="tick" x={zero} y={height - 3} text-anchor="middle">
              0
            </text>
          )}
          <text class="tick" x={width} y={height - 3} text-anchor="end">
            {digits(max)}
          </text>
        </>
      )}
    </svg>
  );
}

/** Named bars, longest first as given. */
export function Bars(props: {
  bars: { name: string; value: number; text: string; strong?: boolean }[];
  label: string;
  width?: number;
}): JSX.Element {
  const { bars, label, width = 420 } = props;
  const left = Math.min(220, 20 + 7 * Math.max(4, ...bars.map((bar) => bar.name.length)));
  const x = scaleLinear(
    [0, Math.max(1e-30, ...bars.map((bar) => bar.value))],
    [0, width - left - 90],
  );
  const height = 20 * bars.length + 4;
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      {bars.map((bar, i) => (
        <g key={bar.name} transform={`translate(0,${20 * i + 2})`}>
          <text class="tick name" x={left - 8} y={9} text-anchor="end" dominant-baseline="middle">
            {bar.name}
          </text>
          <rect
            class={bar.strong ? "bar strong" : "bar"}
            x={left}
            y={2}
            height={13}
            width={Math.max(1, x(bar.value))}
          />
          <text
            class="tick"
            x={left + Math.max(1, x(bar.value)) + 6}
            y={9}
            dominant-baseline="middle"
          >
            {bar.text}
          </text>
        </g>
      ))}
    </svg>
  );
}
