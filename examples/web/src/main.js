// Unpacks the compiled models that lie in the page and hands them to the tabs.
import { models, facts } from "linnet:models";
import { sunspots, visitors } from "linnet:data";
import { Digits } from "./digits.js";
import { Series } from "./series.js";
import { makeTabs } from "./tabs.js";
import { makeTheme } from "./theme.js";

/** The bytes that the page holds under a name: deflated, then base64. */
async function payload(name) {
  const text = document.getElementById(`wasm-${name}`).textContent;
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/** A model as it was compiled. */
const open = ({ load, name }) => load(payload(name));

async function start() {
  const digits = new Digits(await open(models.digits));
  const series = new Series([
    {
      ...visitors,
      label: "Visitors",
      unit: "day",
      trained: 1600,
      start: 1560,
      window: 120,
      note:
        "Visitors of a park, a made-up series: a hidden weather decides how they come, in fine " +
        "weather they drift, in foul weather they swing in waves of a week. No model is told the " +
        "weather; the GRU's state has to guess it. Trained on the first 1,600 days; errors (root " +
        "mean squares) count from there on.",
      models: { ar: await open(models.ar_visitors), latent: await open(models.latent_visitors) },
    },
    {
      ...sunspots,
      label: "Sunspots",
      unit: "year",
      trained: 250,
      start: 220,
      window: 120,
      note:
        "Yearly sunspot numbers from 1700. Trained on the first 250 years (AR) and 247 (GRU); " +
        "errors (root mean squares) count from there on. 309 values are few for a GRU: nine lags " +
        "in a straight line do nearly as well.",
      models: { ar: await open(models.ar_sunspots), latent: await open(models.latent_sunspots) },
    },
  ]);
  document.getElementById("digits-facts").textContent = facts.digits;
  makeTheme(document.getElementById("theme"), () =>
    [digits, series].forEach((each) => each.repaint()),
  );
  makeTabs({
    digits: { key: (event) => digits.key(event) },
    series: {
      key: (event) => series.key(event),
      hide: () => series.hide(),
      show: () => series.begin(),
    },
  });
  digits.begin(5);
  document.documentElement.dataset.ready = "yes";
}

start().catch((error) => {
  const failure = document.getElementById("failure");
  failure.hidden = false;
  failure.textContent =
    `The page cannot start: ${error.message}. It needs WebAssembly with SIMD and ` +
    "DecompressionStream, which browsers have since 2023.";
  console.error(error);
});
