// The plot of a series: what was, what two models said, what they say of the steps ahead.
import { colour, fitted } from "./canvas.js";

const COLOURS = { ar: "--second", latent: "--accent" };
const EDGE = { left: 46, right: 12, top: 12, bottom: 26 };

/** state: values, at (so many are known), window, horizon, trained, first, curves {name, said, ahead} */
export function drawPlot(canvas, state) {
  const [context, width, height] = fitted(canvas);
  const from = Math.max(0, state.at - Math.min(state.window, Math.round(width / 5)));
  const to = state.at + state.horizon;
  const [low, high] = range(state.values);
  const x = (at) => EDGE.left + ((at - from) / (to - from)) * (width - EDGE.left - EDGE.right);
  const y = (value) =>
    height - EDGE.bottom - ((value - low) / (high - low)) * (height - EDGE.top - EDGE.bottom);
  const chart = { context, width, height, from, to, low, high, x, y };

  shadeTrained(chart, state);
  axes(chart, state);
  line(chart, state.values.slice(from, state.at), from, { colour: "--ink", width: 1.6 });
  for (const { name, said } of state.curves) {
    line(chart, said.slice(from, state.at), from, { colour: COLOURS[name], width: 1, alpha: 0.55 });
  }
  dots(chart, state.values.slice(state.at, to), state.at);
  for (const { name, ahead } of state.curves) {
    line(chart, [state.values[state.at - 1], ...ahead], state.at - 1, {
      colour: COLOURS[name],
      width: 2.4,
    });
  }
  now(chart, state);
}

function range(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = 0.06 * (most - least);
  return [least === 0 ? -room : least - room, most + room];
}

function shadeTrained({ context, height, from, to, x }, { trained }) {
  if (trained <= from) return;
  context.fillStyle = colour("--shade");
  context.fillRect(
    x(from),
    EDGE.top,
    x(Math.min(trained, to)) - x(from),
    height - EDGE.top - EDGE.bottom,
  );
}

/** 1, 2 or 5 times a power of ten that cuts `span` into some five parts. */
function pace(span, parts) {
  const power = 10 ** Math.floor(Math.log10(span / parts));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => span / step <= parts);
}

function axes({ context, width, height, from, to, low, high, x, y }, { first }) {
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = colour("--muted");
  context.strokeStyle = colour("--line");
  context.lineWidth = 1;
  const step = pace(high - low, 6);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
    const at = Math.round(y(value)) + 0.5;
    context.beginPath();
    context.moveTo(EDGE.left, at);
    context.lineTo(width - EDGE.right, at);
    context.stroke();
    context.fillText(value, EDGE.left - 8, at);
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  const pitch = Math.max(1, pace(to - from, width / 64));
  for (let at = Math.ceil((from + first) / pitch) * pitch; at < to + first; at += pitch) {
    const place = x(at - first);
    if (place > EDGE.left + 8 && place < width - EDGE.right - 14)
      context.fillText(at, place, height - EDGE.bottom + 8);
  }
}

function line({ context, x, y }, values, first, style) {
  context.beginPath();
  let pen = false;
  values.forEach((value, i) => {
    if (value === undefined || Number.isNaN(value)) return;
    if (pen) context.lineTo(x(first + i), y(value));
    else context.moveTo(x(first + i), y(value));
    pen = true;
  });
  context.strokeStyle = colour(style.colour);
  context.globalAlpha = style.alpha ?? 1;
  context.lineWidth = style.width;
  context.lineJoin = context.lineCap = "round";
  context.stroke();
  context.globalAlpha = 1;
}

function dots({ context, x, y }, values, first) {
  context.fillStyle = colour("--muted");
  values.forEach((value, i) => {
    context.beginPath();
    context.arc(x(first + i), y(value), 2, 0, 2 * Math.PI);
    context.fill();
  });
}

function now({ context, height, x, y }, { at, values }) {
  context.strokeStyle = colour("--muted");
  context.setLineDash([3, 4]);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x(at - 1), EDGE.top);
  context.lineTo(x(at - 1), height - EDGE.bottom);
  context.stroke();
  context.setLineDash([]);
  context.fillStyle = colour("--ink");
  context.beginPath();
  context.arc(x(at - 1), y(values[at - 1]), 4, 0, 2 * Math.PI);
  context.fill();
}
