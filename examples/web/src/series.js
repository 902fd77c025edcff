// The tab of forecasts: AR and latent AR step through a series side by side.
import { Errors, Forecaster } from "./forecaster.js";
import { drawPlot } from "./plot.js";

const AHEAD = 20;
const JUDGED = [1, 8]; // steps ahead whose errors are shown
const STEPS_A_SECOND = [2, 5, 12, 30, 60];
const LABELS = { ar: "AR(9)", latent: "latent AR" };
const $ = (id) => document.getElementById(id);

export class Series {
  /** series: [{name, label, unit, note, first, values, trained, start, window, models: {ar, latent}}], models as load() gives them */
  constructor(series) {
    this.all = series;
    this.models = {}; // by name
    this.makeChoice();
    $("play").addEventListener("click", () => this.play(!this.playing));
    $("step").addEventListener("click", () => {
      this.play(false);
      this.step();
      this.show();
    });
    $("end").addEventListener("click", () => this.toEnd());
    $("reset").addEventListener("click", () => this.reset());
    new ResizeObserver(() => this.draw()).observe($("plot"));
    this.choose(series[0]);
  }

  makeChoice() {
    this.all.forEach((series, at) => {
      const label = document.createElement("label");
      label.innerHTML = `<input type="radio" name="series">${series.label}`;
      const input = label.querySelector("input");
      input.checked = at === 0;
      input.addEventListener("change", () => this.choose(series));
      $("series-choice").append(label);
    });
  }

  choose(series) {
    this.series = series;
    this.forecasters = Object.entries(series.models).map(([name, net]) => ({
      name,
      label: LABELS[name],
      model: (this.models[net.name] ??= new Forecaster(net)),
    }));
    this.reset();
  }

  /** The values before `start` are taken at once, without being judged. */
  reset() {
    this.play(false);
    this.at = 0; // values taken so far
    for (const each of this.forecasters) {
      each.model.reset();
      Object.assign(each, { said: [], due: [], errors: new Errors(), time: NaN });
    }
    this.naive = new Errors();
    while (this.at < this.series.start) this.step();
    this.show();
  }

  toEnd() {
    this.play(false);
    while (this.at < this.series.values.length) this.step();
    this.show();
  }

  /** Takes one value: judges what was said of it, and hears what comes next. */
  step() {
    const { values, start, trained } = this.series;
    if (this.at === values.length) return;
    const value = values[this.at];
    const judged = this.at >= Math.max(start, trained);
    for (const each of this.forecasters) {
      for (const steps of judged ? JUDGED : []) {
        const said = each.due[this.at - steps]?.[steps - 1];
        if (said !== undefined) each.errors.add(steps, said - value);
      }
      const next = each.model.step(value);
      each.said[this.at + 1] = next;
      each.due[this.at] = each.ahead = each.model.ahead(next, AHEAD);
    }
    for (const steps of judged ? JUDGED : [])
      this.naive.add(steps, values[this.at - steps] - value);
    ++this.at;
    if (this.at === values.length) this.play(false);
  }

  play(on) {
    if (on && this.at === this.series.values.length) this.reset();
    this.playing = on;
    $("play").textContent = on ? "Pause" : "Play";
    $("play").setAttribute("aria-pressed", on);
    cancelAnimationFrame(this.frame ?? 0);
    let last = performance.now();
    const frame = (now) => {
      if (!this.playing) return;
      const steps = Math.min(
        10,
        Math.floor(((now - last) / 1000) * STEPS_A_SECOND[$("speed").value]),
      );
      if (steps > 0) {
        last = now;
        for (let i = 0; i < steps; ++i) this.step();
        this.show();
      }
      if (this.playing) this.frame = requestAnimationFrame(frame);
    };
    if (on) this.frame = requestAnimationFrame(frame);
  }

  /** The keys of this tab. */
  key(event) {
    if (event.key !== " " || event.target.closest("button, input, summary")) return;
    event.preventDefault();
    this.play(!this.playing);
  }

  /** The tab is seen: it plays, where motion is wanted. */
  begin() {
    this.draw();
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.play(true);
  }

  hide() {
    this.play(false);
  }

  repaint() {
    this.draw();
  }

  show() {
    this.draw();
    const { series } = this;
    const rows = this.forecasters.map((each) => [
      each.name,
      each.label,
      each.ahead[0],
      ...JUDGED.map((steps) => each.errors.rmse(steps)),
      each.model.time(),
    ]);
    rows.push([
      "naive",
      "last value",
      series.values[this.at - 1],
      ...JUDGED.map((steps) => this.naive.rmse(steps)),
      NaN,
    ]);
    $("scores").tBodies[0].replaceChildren(...rows.map(scoreRow));
    $("series-note").textContent = series.note;
    $("plot").setAttribute(
      "aria-label",
      `Plot of ${series.label}: ${this.at} of ${series.values.length} values taken, up to ` +
        `${series.unit} ${series.first + this.at - 1}; forecasts of ${AHEAD} more`,
    );
    this.showAhead();
  }

  showAhead() {
    const when = Array.from({ length: AHEAD }, (_, i) => this.series.first + this.at + i);
    const head = tableRow("th", [this.series.unit, ...when]);
    const rows = this.forecasters.map((each) => {
      const row = tableRow("td", [each.label, ...each.ahead.map((value) => value.toFixed(1))]);
      [...row.cells].slice(1).forEach((cell, i) => (cell.dataset.value = each.ahead[i]));
      row.className = each.name;
      return row;
    });
    $("ahead").replaceChildren(head, ...rows);
  }

  draw() {
    const { series, at } = this;
    drawPlot($("plot"), {
      ...series,
      at,
      horizon: AHEAD,
      curves: this.forecasters.map(({ name, said, ahead }) => ({ name, said, ahead })),
    });
  }
}

function tableRow(kind, cells) {
  const row = document.createElement("tr");
  for (const text of cells)
    row.append(Object.assign(document.createElement(kind), { textContent: text }));
  return row;
}

function scoreRow([name, label, next, ...rest]) {
  const [time, ...errors] = [rest.pop(), ...rest];
  const number = (value, digits) => (Number.isNaN(value) ? "–" : value.toFixed(digits));
  const row = tableRow("td", [
    number(next, 1),
    ...errors.map((error) => number(error, 1)),
    Number.isNaN(time) ? "–" : `${time.toFixed(1)}\u00a0µs`,
  ]);
  row.className = name;
  const head = document.createElement("th");
  head.scope = "row";
  head.append(document.createElement("i"), label);
  row.prepend(head);
  return row;
}
