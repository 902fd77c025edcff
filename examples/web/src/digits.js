// The tab of handwriting: a call of the network for each frame in which the drawing changed.
import { Pad } from "./pad.js";
import { rasterize, SIDE } from "./raster.js";
import { sample } from "./samples.js";
import { bytes, colour, paint } from "./canvas.js";
import { microseconds } from "./clock.js";

const MAPS = [
  { name: "maps1", count: 6, side: 28 },
  { name: "maps2", count: 16, side: 10 },
];
const SURE = 0.6;
const MEASUREMENTS = 15; // of the time, after a stroke
const $ = (id) => document.getElementById(id);

export class Digits {
  constructor(net) {
    this.net = net;
    this.bars = makeBars($("bars"));
    this.maps = MAPS.map(({ name, count, side }) => makeMaps($(name), name, count, side));
    this.pad = new Pad($("pad"), () => this.changed());
    $("clear").addEventListener("click", () => this.pad.clear());
    $("undo").addEventListener("click", () => this.pad.undo());
    let next = 3;
    $("example").addEventListener("click", () => this.pad.write(sample(next++ % 10)));
    this.changed();
  }

  /** The keys of this tab. */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.pad.clear();
    else if (event.key === "Backspace") this.pad.undo();
    else if (/^[0-9]$/.test(event.key)) this.pad.write(sample(Number(event.key)));
    else return;
    event.preventDefault();
  }

  begin(digit) {
    this.pad.write(sample(digit));
  }

  repaint() {
    this.pad.draw();
    this.show();
  }

  changed() {
    this.measurements = MEASUREMENTS;
    $("hint").classList.toggle("shown", !this.pad.strokes.length);
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.read();
      this.show();
    });
  }

  read() {
    this.image = rasterize(this.pad.strokes.filter((stroke) => stroke?.length));
    this.answers = this.image && this.net.run(this.image);
    this.measure();
  }

  /** Now, and some times more while the hand rests: browsers compile better while code runs. */
  measure() {
    clearTimeout(this.timer);
    if (!this.image) return;
    const time = microseconds(() => this.net.run(this.image));
    $("call-time").textContent = time.toFixed(time < 100 ? 1 : 0);
    if (--this.measurements > 0) this.timer = setTimeout(() => this.measure(), 60);
  }

  show() {
    const { image, answers } = this;
    const odds = answers ? softmax(answers.logits) : new Array(10).fill(0);
    const best = odds.indexOf(Math.max(...odds));
    showAnswer(answers ? best : null, odds[best]);
    this.bars.forEach(({ item, fill, percent }, digit) => {
      item.classList.toggle("best", Boolean(answers) && digit === best);
      fill.style.transform = `scaleX(${odds[digit]})`;
      percent.value = odds[digit];
      percent.textContent = answers ? `${(100 * odds[digit]).toFixed(1)}\u00a0%` : "";
    });
    if (!answers) $("call-time").textContent = "–";
    const blank = new Float32Array(SIDE * SIDE);
    paint($("seen"), image ?? blank, 1, bytes(colour("--ink")));
    this.maps.forEach((canvases, layer) => {
      const { name, side } = MAPS[layer];
      const values = answers?.[name];
      const most = values ? values.reduce((a, b) => Math.max(a, b)) : 0; // one scale for a layer
      canvases.forEach((canvas, map) => {
        const part = values?.subarray(map * side * side, (map + 1) * side * side);
        paint(canvas, part ?? blank.subarray(0, side * side), most, bytes(colour("--accent")));
      });
    });
  }
}

let speaking = 0;
function showAnswer(digit, probability) {
  const sure = probability >= SURE;
  $("answer").textContent = digit ?? "–";
  $("answer").classList.toggle("unsure", digit === null || !sure);
  const percent = `${(100 * probability).toFixed(probability > 0.9995 ? 0 : 1)}\u00a0%`;
  $("surety").textContent =
    digit === null ? "nothing yet" : sure ? `${percent} sure` : `unsure, ${percent}`;
  clearTimeout(speaking); // said once the hand rests
  const text = digit === null ? "" : `It reads ${digit}, ${percent}`;
  speaking = setTimeout(() => ($("spoken").textContent = text), 700);
}

function softmax(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function makeBars(list) {
  return Array.from({ length: 10 }, (_, digit) => {
    const item = document.createElement("li");
    item.innerHTML = `<b>${digit}</b><span class="track" aria-hidden="true"><span class="fill"></span></span>`;
    const percent = document.createElement("data");
    percent.className = "percent";
    item.append(percent);
    list.append(item);
    return { item, percent, fill: item.querySelector(".fill") };
  });
}

function makeMaps(grid, name, count, side) {
  const layer = name === "maps1" ? "First" : "Second";
  return Array.from({ length: count }, (_, map) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${layer} convolution, map ${map + 1} of ${count}`);
    grid.append(canvas);
    return canvas;
  });
}
