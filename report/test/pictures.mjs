#!/usr/bin/env node
// The pictures of docs/tour.md: takes them, and writes down which words they show (pictures.txt), for
// the test that asks whether a report still shows them.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { here, launch, open, settled } from "./browser.mjs";
import { dataOf, lenet } from "./reports.mjs";

const COLOURS = "128";
export const kept = join(here, "pictures.txt");
export const docs = join(here, "../../docs");
export const fileOf = (view) => join(docs, `tour_${view.name}.png`);

const stepOf = (pass) => (report) => report.steps.findIndex((step) => step.pass === pass);
const kernelOf = (name) => (report) => report.kernels.findIndex((kernel) => kernel.name === name);
const conv1 = (report) =>
  report.places.findIndex(({ line, column }) => line === 8 && column === 27);

// A picture is of the whole page, or without the model, which fills a third of it.
export const VIEWS = [
  { name: "overview", tab: "overview", height: 860, whole: true },
  { name: "passes", tab: "passes", step: stepOf("fuse_epilogue"), height: 880 },
  { name: "kernel", tab: "kernels", kernel: kernelOf("conv2_relu_max_pool2d"), height: 860 },
  {
    name: "assembly",
    tab: "kernels",
    kernel: kernelOf("conv2_relu_max_pool2d"),
    top: ".code-panel",
    height: 760,
  },
  {
    name: "memory",
    tab: "memory",
    at: (report) => `place:${conv1(report)}`,
    height: 800,
    whole: true,
  },
  { name: "numbers", tab: "numbers", at: () => "name:max_pool2d", height: 880 },
  { name: "compare", tab: "compare", other: "x86-64-v2", height: 760 },
];

/** The pages of the two targets, made once. */
export const reports = () =>
  Object.fromEntries(["x86-64-v3", "x86-64-v2"].map((target) => [target, lenet(target)]));

/** The page as the view wants it. */
export async function show(browser, paths, view) {
  const path = paths["x86-64-v3"];
  const report = dataOf(path);
  const words = new URLSearchParams({ tab: view.tab });
  for (const key of ["step", "kernel", "at"]) if (view[key]) words.set(key, view[key](report));
  const page = await open(browser, path, { hash: words, width: 1400, height: view.height });
  if (view.other) {
    await (await page.$(".file input")).uploadFile(paths[view.other]);
    await page.waitForSelector(".compared");
  }
  if (view.top) await page.$eval(view.top, (element) => element.scrollIntoView({ block: "start" }));
  await settled(page);
  return page;
}

/** The words in sight, row by row, without what a measurement says: another run, other times. */
export async function words(page) {
  const rows = await page.evaluate(() => {
    const MEASURED =
      ".flame, .finding, .verdict-panel, .calls-table .tr > .num:not(.faint), .verdict, .legend, .roofline, .facts-list, .over, .chip[class*=roof]";
    const SAME = ".source, .tabs, .top button, .timeline"; // in every picture
    const ROW =
      ".tr, tr, .line, .fact, li, header, figcaption, .choice, .step-head, p, button, svg g, div";
    const found = new Map();
    const walk = document.createTreeWalker(document.querySelector("#app"), NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const parent = node.parentElement;
      if (parent.closest(`${MEASURED}, ${SAME}, title, option`)) continue;
      range.selectNodeContents(node);
      const { top, bottom, width } = range.getBoundingClientRect();
      if (!width || bottom <= 0 || top >= innerHeight) continue;
      const row = parent.closest(ROW);
      found.set(row, [...(found.get(row) ?? []), node.textContent.trim()]);
    }
    return [...found.values()].map((texts) => texts.filter(Boolean).join(" "));
  });
  const amount = /[\d.,]+(?:e-?\d+)?\s?(ns|µs|ms|s|GFLOP\/s|GB\/s|%)(?![\w/])/g;
  return rows.filter(Boolean).map((row) =>
    row
      .replace(/\s+/g, " ")
      .replace(amount, "# $1")
      .replace(/× [\d.]+/g, "× #"),
  );
}

export const sum = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** What pictures.txt says of a picture: its file, then its words. */
export const entry = (view, file, rows) =>
  [`== tour_${view.name}.png ${file}`, ...rows.map((row) => `  ${row}`), ""].join("\n");

async function main() {
  try {
    execFileSync("pngquant", ["--version"]);
  } catch {
    console.error("pngquant is missing: apt-get install pngquant");
    process.exitCode = 4;
    return;
  }
  const browser = await launch();
  const paths = reports();
  let text = "";
  for (const view of VIEWS) {
    const page = await show(browser, paths, view);
    const picture = await (view.whole ? page : await page.$(".body")).screenshot();
    writeFileSync(
      fileOf(view),
      execFileSync("pngquant", ["--speed", "1", "--strip", COLOURS, "-"], { input: picture }),
    );
    text += entry(view, sum(fileOf(view)), await words(page));
    await page.close();
  }
  writeFileSync(kept, text);
  await browser.close();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main();
