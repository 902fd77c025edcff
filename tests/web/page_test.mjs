// The page in a headless Chromium: a hand draws, series stream, nothing is asked of any network.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { draw, fileUrl, launch, open, serve, settled, shown } from "./browser.mjs";
import { linnet, page as built, root } from "./page.mjs";
import { drawn } from "./strokes.mjs";

const MODELS = [
  // of the native programs: the page's name and row, model, weights, series, its index
  ["Visitors", "ar", "ar", "examples/web/weights/ar_visitors", "visitors", "day"],
  ["Visitors", "latent", "latent_ar", "examples/web/weights/latent_visitors", "visitors", "day"],
  ["Sunspots", "ar", "ar", "models/data/ar9_sunspots", "sunspots", "year"],
  ["Sunspots", "latent", "latent_ar", "examples/web/weights/latent_sunspots", "sunspots", "year"],
];
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** What every page must hold when a test is done with it. */
async function leave(page) {
  assert.deepEqual(page.messages, [], "no message on the console");
  const address = (url) => url.split("#")[0];
  assert.deepEqual(page.requests.map(address), [address(page.url())], "no request but the page");
  await page.close();
}

test("the page is one file under 400 kB that names no other", () => {
  assert.ok(statSync(built.file).size < 400_000, `${statSync(built.file).size} bytes`);
  const text = readFileSync(built.file, "utf8");
  assert.equal(text.match(/(?:src|href)="(?!data:)/g), null);
});

test("drawn digits are read, from file:", async () => {
  const page = await open(browser, fileUrl);
  for (let digit = 0; digit < 10; ++digit) {
    await page.keyboard.press("Escape");
    await draw(page, drawn(digit, digit % 2, "plain"));
    const { answer, odds, seen, maps, time } = await shown(page);
    assert.equal(answer, String(digit));
    assert.ok(
      Math.abs(odds.reduce((a, b) => a + b) - 1) < 1e-12,
      `${digit}: probabilities ${odds}`,
    );
    assert.equal(odds.indexOf(Math.max(...odds)), digit);
    assert.ok(seen && time > 0, `${digit}: seen ${seen}, ${time} µs`);
    assert.deepEqual(
      maps.map((layer) => layer.length),
      [6, 16],
    );
    for (const layer of maps)
      assert.ok(layer.filter(Boolean).length >= layer.length / 2, `${digit}: ${layer}`);
  }
  await leave(page);
});

test("from http: a finger on a phone draws, and only the page is asked for", async () => {
  const server = await serve();
  const page = await open(browser, server.url, { width: 390, height: 844, touch: true });
  await page.tap("#clear");
  const box = await (await page.$("#pad")).boundingBox();
  for (const [first, ...rest] of drawn(3, 0, "plain")) {
    const place = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
    await page.touchscreen.touchStart(...place(first));
    for (const point of rest) await page.touchscreen.touchMove(...place(point));
    await page.touchscreen.touchEnd();
  }
  await settled(page);
  assert.equal((await shown(page)).answer, "3");
  assert.equal(await page.evaluate(() => scrollY), 0, "the page does not scroll under the finger");
  await leave(page);
  assert.deepEqual(server.asked, ["/"]);
  server.close();
});

test("the answer follows the hand stroke by stroke, and undo goes back", async () => {
  const page = await open(browser, fileUrl);
  const [left, bar, stem] = [
    [
      [0.3, 0.2],
      [0.25, 0.4],
      [0.22, 0.55],
    ],
    [
      [0.22, 0.55],
      [0.5, 0.55],
      [0.75, 0.55],
    ],
    [
      [0.6, 0.2],
      [0.6, 0.5],
      [0.6, 0.85],
    ],
  ];
  await draw(page, [stem]);
  assert.equal((await shown(page)).answer, "1", "what was written for show is gone");
  await draw(page, [left, bar]);
  assert.equal((await shown(page)).answer, "4");
  await page.click("#undo");
  await page.keyboard.press("Backspace");
  await settled(page);
  assert.equal((await shown(page)).answer, "1");
  await page.keyboard.press("Escape");
  await settled(page);
  const empty = await shown(page);
  assert.equal(empty.answer, "–");
  assert.equal(empty.seen, false);
  assert.ok(empty.maps.flat().every((inked) => !inked));
  await leave(page);
});

test("the keys 0 to 9 write digits, also as a hand would", async () => {
  for (const motion of [false, true]) {
    const page = await open(browser, fileUrl, { motion });
    for (const digit of motion ? "27" : "0123456789") {
      await page.keyboard.press(digit);
      await page.waitForFunction(
        (d) => document.getElementById("answer").textContent === d,
        { timeout: 20000 },
        digit,
      );
    }
    await leave(page);
  }
});

test("tabs go by arrows, and the address opens one", async () => {
  const page = await open(browser, fileUrl);
  const open_tab = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("[role=tabpanel]")].filter((p) => !p.hidden).map((p) => p.id),
    );
  assert.deepEqual(await open_tab(), ["digits"]);
  await page.focus("#tab-digits");
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await open_tab(), ["series"]);
  assert.equal(await page.evaluate(() => document.activeElement.id), "tab-series");
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await open_tab(), ["digits"]);
  await leave(page);
  const other = await open(browser, `${fileUrl}#series`);
  assert.equal(
    await other.$eval("#tab-series", (tab) => tab.getAttribute("aria-selected")),
    "true",
  );
  await leave(other);
});

/** Each series' forecasts behind its end, by the program that linnet makes for this machine. */
function native([, , name, weights, series, index], folder) {
  const [model, program] = [join(folder, "model.lin"), join(folder, "program")];
  const text_of_model = readFileSync(join(root, `models/${name}.lin`), "utf8");
  writeFileSync(
    model,
    text_of_model.replace(/column: "\w+", index: "\w+"/, `column: "${series}", index: "${index}"`),
  );
  execFileSync(
    linnet,
    [
      "compile",
      model,
      "--weights",
      join(root, `${weights}.safetensors`),
      ...(name === "ar" ? ["--set", "p=9"] : []),
      "--target",
      "x86-64-v2",
      "--schedule-like",
      "wasm32-simd128",
      "-o",
      program,
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const text = execFileSync(
    program,
    [join(root, `models/data/${series}.csv`), "--steps", "20", "--json"],
    { encoding: "utf8" },
  );
  return text
    .trim()
    .split("\n")
    .map((row) => JSON.parse(row)[series]);
}

test("forecasts are those of the native program, bit for bit", async () => {
  const folder = mkdtempSync(join(tmpdir(), "linnet-web-"));
  const page = await open(browser, `${fileUrl}#series`);
  for (const model of MODELS) {
    const [label, row] = model;
    await page.evaluate(
      (text) =>
        [...document.querySelectorAll("#series-choice label")]
          .find((l) => l.textContent === text)
          .click(),
      label,
    );
    await page.click("#end");
    const forecasts = await page.$$eval(`#ahead tr.${row} td[data-value]`, (cells) =>
      cells.map((cell) => Number(cell.dataset.value)),
    );
    const expected = native(model, folder); // with the nine digits that tell an f32 from all others
    assert.equal(expected.length, 20);
    assert.deepEqual(
      forecasts.map((value) => Number(value.toPrecision(9))),
      expected,
      `${label}, ${row}`,
    );
  }
  rmSync(folder, { recursive: true });
  await leave(page);
});

test("a series plays, pauses, steps and begins again", async () => {
  const page = await open(browser, `${fileUrl}#series`);
  const taken = () =>
    page.$eval("#plot", (plot) => Number(plot.getAttribute("aria-label").match(/: (\d+) of/)[1]));
  const begin = await taken();
  await page.click("#step");
  assert.equal(await taken(), begin + 1);
  await page.click("#play");
  await page.waitForFunction(
    (least) =>
      Number(
        document
          .getElementById("plot")
          .getAttribute("aria-label")
          .match(/: (\d+) of/)[1],
      ) > least,
    { timeout: 20000 },
    begin + 3,
  );
  await page.click("#play");
  const paused = await taken();
  await settled(page);
  assert.equal(await taken(), paused);
  const first = await page.$eval("#ahead", (table) => table.textContent);
  await page.click("#reset");
  assert.equal(await taken(), begin);
  for (let i = begin; i < paused; ++i) await page.click("#step");
  assert.equal(
    await page.$eval("#ahead", (table) => table.textContent),
    first,
    "the same forecasts again",
  );
  await page.click("#end");
  const errors = await page.$$eval("#scores tbody tr", (rows) =>
    rows.map((row) => Number(row.cells[2].textContent)),
  );
  assert.ok(
    errors[0] < errors[2] && errors[1] < errors[2],
    `models against same as last: ${errors}`,
  );
  await leave(page);
});

test("both tabs, dark and light, on a desk and on phones: nothing is wider than the screen", async () => {
  const folder = join(built.folder, "screenshots");
  mkdirSync(folder, { recursive: true });
  for (const [name, width, height] of [
    ["desktop", 1280, 900],
    ["phone", 390, 844],
    ["small", 320, 568],
  ]) {
    for (const dark of [false, true]) {
      const page = await open(browser, fileUrl, { width, height, dark, touch: width < 600 });
      for (const tab of ["digits", "series"]) {
        await page.click(`#tab-${tab}`);
        if (tab === "series")
          await page.evaluate(() => {
            for (let i = 0; i < 120; ++i) document.getElementById("step").click();
          });
        await page.evaluate(() => new Promise((done) => setTimeout(done, 1200))); // the time settles
        await settled(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${name}, ${tab}: ${wide} of ${width}`);
        const background = await page.evaluate(
          () => getComputedStyle(document.body).backgroundColor,
        );
        const light = Number(background.match(/\d+/)[0]) > 128;
        assert.equal(light, !dark, `${name}: ${background}`);
        await page.screenshot({
          path: join(folder, `${tab}_${name}_${dark ? "dark" : "light"}.png`),
          fullPage: true,
        });
      }
      await leave(page);
    }
  }
});
