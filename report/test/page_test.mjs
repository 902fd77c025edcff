// The page over a report of a small model, which is checked in.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  MARKER,
  built,
  choose,
  click,
  here,
  launch,
  lit,
  open,
  press,
  settled,
  small,
  text,
  texts,
  write,
} from "./browser.mjs";

const TABS = ["overview", "passes", "kernels", "memory", "numbers", "training", "compare"];
const report = small();
const step = (pass) => report.steps.findIndex((s) => s.pass === pass);
const placeOf = (word) =>
  report.places.findIndex(({ line, from, length }) => {
    const source = report.sources[0].text.split("\n")[line - 1];
    return source.slice(from, from + length).startsWith(word);
  });
const callOf = (op) => report.calls.findIndex((c) => report.kernels[c.kernel].ops.includes(op));

let browser, path;
before(async () => {
  browser = await launch();
  path = write("small", report);
});
after(() => browser?.close());

describe("the file", () => {
  it("is what its sources build", () => {
    const [now, kept] = [built, join(here, "../page.html")].map((file) =>
      readFileSync(file, "utf8"),
    );
    assert.ok(now === kept, "report/page.html is older than its sources: make report-page");
  });
  it("has the data's place once, and stays small", () => {
    const page = readFileSync(built, "utf8");
    assert.equal(page.split(MARKER).length, 2);
    assert.ok(Buffer.byteLength(page) < 400_000);
    assert.doesNotMatch(page.replace(MARKER, ""), /(src|href)="https?:/);
  });
});

describe("every tab", () => {
  for (const dark of [false, true])
    it(`speaks no message and asks nothing, ${dark ? "dark" : "light"}`, async () => {
      for (const tab of TABS) {
        const page = await open(browser, path, { hash: `tab=${tab}`, dark });
        assert.deepEqual(page.messages, [], tab);
        assert.deepEqual(page.requests, [], tab);
        assert.equal(
          await text(page, '[role="tab"][aria-selected="true"]').then((t) =>
            t.slice(0, -1).toLowerCase(),
          ),
          tab,
        );
        assert.equal(await page.$eval("html", (e) => e.dataset.theme), dark ? "dark" : "light");
        await page.close();
      }
    });
  it("fits a narrow window", async () => {
    for (const tab of TABS) {
      const page = await open(browser, path, { hash: `tab=${tab}`, width: 480, height: 800 });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), tab);
      await page.close();
    }
  });
});

describe("provenance", () => {
  it("leads from a word of the model to its kernel, bytes and time", async () => {
    const page = await open(browser, path);
    await click(page, `.word[data-ref="place:${placeOf("conv")}"]`);
    const call = callOf("conv2d");
    const { name } = report.kernels[report.calls[call].kernel];
    const crumb = await text(page, ".crumb");
    assert.match(crumb, /small\.lin:\d+ conv/);
    assert.ok(crumb.includes(name), crumb);
    assert.match(crumb, /%max_pool2d arena\+0/);
    assert.match(crumb, /hot loop\d+ instructions/);
    const marked = await lit(page);
    assert.ok(marked.includes(`call:${call}`));
    assert.ok(!marked.includes(`call:${callOf("matmul")}`));
    await press(page, "2");
    assert.ok((await lit(page)).some((ref) => ref.startsWith("node:")));
    await press(page, "4");
    const value = report.memory.values.findIndex((v) => v.name === "max_pool2d");
    assert.ok((await lit(page)).includes(`value:${value}`));
    await page.close();
  });
  it("leads back from a rectangle of memory, a segment, a kernel and a node", async () => {
    const page = await open(browser, path, { hash: "tab=memory" });
    const conv = `place:${placeOf("conv")}`;
    const value = report.memory.values.findIndex((v) => v.name === "max_pool2d");
    await choose(page, `.life[data-ref="value:${value}"]`);
    assert.ok((await lit(page)).includes(conv));
    await press(page, "Escape");
    assert.deepEqual(await lit(page), []);
    await press(page, "1");
    await choose(page, `.segment[data-ref="call:${callOf("conv2d")}"]`);
    assert.ok((await lit(page)).includes(conv));
    await press(page, "Escape", "2");
    await choose(page, ".graph .row[data-ref]");
    assert.ok((await lit(page)).includes(conv));
    await page.close();
  });
  it("says which pass dropped the dropout, and why", async () => {
    const page = await open(browser, path);
    await click(page, `.word[data-ref="place:${placeOf("dropout")}"]`);
    assert.match(
      await text(page, ".crumb .gone"),
      /gone after drop_dropout: dropout %dropout is the identity/,
    );
    await click(page, ".crumb .gone");
    assert.equal(await text(page, ".step-head h2"), `${step("drop_dropout")} drop_dropout`);
    assert.ok((await texts(page, ".code .removed")).some((line) => line.includes("= dropout(")));
    await page.close();
  });
  it("opens the passes where the selection went away, unless a pass was chosen", async () => {
    const page = await open(browser, path);
    await click(page, `.word[data-ref="place:${placeOf("dropout")}"]`);
    await press(page, "2");
    assert.equal(await text(page, ".step-head h2"), `${step("drop_dropout")} drop_dropout`);
    await press(page, "1");
    await click(page, `.word[data-ref="place:${placeOf("conv")}"]`);
    await press(page, "2");
    assert.match(await text(page, ".step-head h2"), /fuse_epilogue/);
    await press(page, "ArrowLeft", "1");
    await click(page, `.word[data-ref="place:${placeOf("dropout")}"]`);
    await press(page, "2");
    assert.ok(page.url().includes(`step=${step("fuse_epilogue") - 1}&`));
    await page.close();
    const named = await open(browser, path, {
      hash: `tab=overview&step=2&at=place:${placeOf("dropout")}`,
    });
    await press(named, "2");
    assert.match(await text(named, ".step-head h2"), /^2 /);
    await named.close();
  });
  it("moves nothing, whatever is selected, and shows what fits", async () => {
    const page = await open(browser, path);
    const top = () => page.$eval(".work", (e) => e.getBoundingClientRect().top);
    const idle = await top();
    for (const word of ["conv", "dropout", "max_pool2d", "fc"]) {
      await click(page, `.word[data-ref="place:${placeOf(word)}"]`);
      assert.equal(await top(), idle, word);
      const cut = await page.$$eval(".crumb ol, .crumb .stop-body > *", (all) =>
        all.filter((e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1),
      );
      assert.deepEqual(cut, [], word);
    }
    await press(page, "Escape");
    assert.equal(await top(), idle);
    await page.close();
  });
  it("says which values of a line no memory holds", async () => {
    const page = await open(browser, path);
    const { line } = report.places[placeOf("conv")];
    await click(page, `.line[data-ref="line:0:${line}"] .number`);
    assert.match(
      await text(page, ".crumb"),
      /bytes%conv, %relu stay in their kernel, which writes%max_pool2d arena\+0/,
    );
    assert.equal(await page.$(".stop-name ::-p-text(stay)"), null);
    await page.close();
  });
  it("says what over 100 % of a roof means", async () => {
    const near = small();
    near.calls[0].bound = { roof: "L2", ns: 1000, attained: 1.2 };
    const page = await open(browser, write("near", near));
    assert.match(await text(page, ".calls .over"), /over 100 %: operands lay nearer/);
    assert.match(await page.$eval(".chip[class*=roof][title]", (e) => e.title), /clocked higher/);
    await click(page, '.tr[data-ref="call:0"] .link');
    assert.match(await text(page, ".verdict-panel"), /over 100 %/);
    await page.close();
  });
  it("leads from the line that declares a layer, and tells where a value that is not stored went", async () => {
    const page = await open(browser, path);
    const line =
      report.sources[0].text.split("\n").findIndex((l) => l.includes("layer conv =")) + 1;
    await click(page, `.line[data-ref="line:0:${line}"] .number`);
    assert.ok((await lit(page)).includes(`call:${callOf("conv2d")}`));
    assert.match(
      await text(page, ".crumb"),
      /%conv stays in its kernel, which writes%max_pool2d arena\+0/,
    );
    await press(page, "4");
    await page.type(".values input", "conv");
    await settled(page);
    assert.match(
      await text(page, ".values"),
      /%conv stays within .*, which writes %max_pool2d \(arena\+0\)/,
    );
    await page.close();
  });
  it("cuts words where they are after tabs and letters that columns count otherwise", async () => {
    const tabbed = small();
    const conv = placeOf("conv");
    const line = tabbed.places[conv].line;
    const lines = tabbed.sources[0].text.split("\n");
    const before = "\timage |> /* é 世界 𝛼 */ ";
    const cut = lines[line - 1].indexOf("conv");
    lines[line - 1] = before + lines[line - 1].slice(cut);
    tabbed.sources[0].text = lines.join("\n");
    for (const place of tabbed.places)
      if (place.line === line) {
        place.from += before.length - cut;
        place.column = place.from + 10; // a tab and wide characters take several
      }
    const page = await open(browser, write("tabbed", tabbed));
    for (const word of ["conv", "relu"]) {
      const selector = `.word[data-ref="place:${placeOf(word)}"]`;
      assert.equal(await text(page, selector), word);
      await click(page, selector);
      assert.match(await text(page, ".crumb"), new RegExp(`small\\.lin:${line} ${word}`));
    }
    await page.close();
    for (const place of tabbed.places) delete place.from; // a report of an older linnet
    const old = await open(browser, write("old", tabbed));
    assert.deepEqual(old.messages, []);
    await old.close();
  });
  it("follows the pointer", async () => {
    const page = await open(browser, path);
    await page.hover(`.word[data-ref="place:${placeOf("fc")}"]`);
    await settled(page);
    const refs = await page.$$eval(".pointed", (all) => all.map((e) => e.getAttribute("data-ref")));
    assert.ok(refs.includes(`call:${callOf("matmul")}`), String(refs));
    await press(page, "Escape"); // nothing is meant then, whatever lies under the pointer
    assert.deepEqual(await page.$$(".pointed"), []);
    await page.hover(`.word[data-ref="place:${placeOf("conv")}"]`);
    await page.hover(".tabs");
    await settled(page);
    assert.deepEqual(await page.$$(".pointed"), []);
    await page.close();
  });
});

describe("passes", () => {
  it("are walked by keys and slider; what changed is marked", async () => {
    const page = await open(browser, path, { hash: `tab=passes&step=${step("fuse_epilogue")}` });
    assert.ok((await texts(page, ".code .added")).some((line) => line.includes("group(")));
    assert.ok((await page.$$(".badge.fired")).length > 0);
    assert.ok((await texts(page, ".text-panel .remark")).some((line) => /joins conv2d/.test(line)));
    await press(page, "ArrowRight");
    assert.match(await text(page, ".step-head h2"), new RegExp(`^${step("fuse_epilogue") + 1} `));
    await press(page, "ArrowLeft", "ArrowLeft");
    assert.match(page.url(), new RegExp(`step=${step("fuse_epilogue") - 1}&`));
    await page.$eval(".timeline input", (slider) => {
      slider.value = "0";
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await settled(page);
    assert.equal(await text(page, ".step-head h2"), "0 import");
    await page.close();
  });
  it("have remarks that a filter finds", async () => {
    const page = await open(browser, path, { hash: "tab=passes&step=0" });
    await click(page, ".remarks input[type=checkbox]");
    await page.type(".remarks input[type=search]", "joins");
    await settled(page);
    const rows = await texts(page, ".remarks .line");
    assert.ok(rows.length > 0 && rows.every((row) => row.includes("joins")));
    await page.close();
  });
});

describe("kernels", () => {
  it("show mathematics, ports and the hot loop", async () => {
    const page = await open(browser, path, {
      hash: `tab=kernels&kernel=${report.calls[callOf("conv2d")].kernel}`,
    });
    assert.match(await text(page, ".math"), /Σ_/);
    const { hot, assembly } = report.kernels[report.calls[callOf("conv2d")].kernel];
    const shown = await texts(page, ".line.hot"); // of a long loop the lines in sight, its first ones
    assert.ok(shown.length >= Math.min(20, hot.last - hot.first + 1), `${shown.length} lines`);
    assert.ok(shown[1].includes(assembly.split("\n")[hot.first + 1].trim().split("\t")[0]));
    assert.match(await text(page, ".kernel-page"), new RegExp(hot.mca.bottleneck));
    await press(page, "ArrowDown");
    assert.match(
      await text(page, ".kernel-head h2"),
      new RegExp(report.kernels[report.calls[callOf("matmul")].kernel].name),
    );
    await page.close();
  });
  it("that are called several times show the sum, and the slowest call", async () => {
    const many = small();
    const [first] = many.calls;
    const slow = structuredClone(first);
    slow.verdict = "the slow one";
    slow.time.median = first.time.median + 1000;
    slow.share = 0.05;
    many.kernels[0].calls.push(many.calls.push(slow) - 1);
    const page = await open(browser, write("many", many), { hash: "tab=kernels&kernel=0" });
    const panel = await text(page, ".verdict-panel");
    assert.match(panel, /2 calls; below: the slowest, call 2\./);
    assert.equal(await text(page, ".verdict-text"), "the slow one");
    const us = ((first.time.median + slow.time.median) / 1000).toPrecision(3);
    assert.match(panel, new RegExp(`${us}\\sµsof 2 calls`));
    assert.match(
      panel,
      new RegExp(`${Math.round(100 * (first.share + slow.share))}\\s%of the call`),
    );
    await page.close();
  });
  it("of a loop have no time of their own", async () => {
    const loop = small();
    Object.assign(loop.calls[0], { loop: 12 });
    loop.calls.length = 1;
    loop.calls[0].time.median = 5000;
    for (const kernel of loop.kernels) kernel.calls = [0];
    const page = await open(browser, write("loop", loop), { hash: "tab=kernels&kernel=1" });
    const words = await texts(page, ".choice");
    assert.equal(words.length, 2);
    for (const word of words) {
      assert.match(word, /in a loop of 12 steps$/);
      assert.doesNotMatch(word, /µs/);
    }
    assert.match(
      await text(page, ".verdict-panel"),
      /In a loop of 12 steps: call 0, .* and 1 more .*No time of its own; the whole loop takes 5\sµs/,
    );
    assert.equal((await page.$$(".verdict-text")).length, 0);
    await press(page, "1");
    assert.match(
      (await texts(page, ".finding"))[0],
      /and 1 more \(in a loop of 12 steps\) takes 5\sµs/,
    );
    const other = structuredClone(loop);
    other.calls[0].time.median = 10000;
    await press(page, "7");
    await (await page.$(".file input")).uploadFile(write("loops", other));
    await page.waitForSelector(".compared");
    const rows = (await texts(page, ".compared .differs")).filter((row) => row.includes("time"));
    assert.equal(rows.length, 1, String(rows));
    assert.match(rows[0], /^loop of %.*: time.*× 2$/);
    assert.deepEqual(page.messages, []);
    await page.close();
  });
  it("without a hot loop say why; of Winograd's say how FLOPs are counted", async () => {
    const cold = small();
    delete cold.kernels[0].hot;
    cold.kernels[0].no_hot = "it is part of its caller";
    delete cold.kernels[1].hot;
    cold.kernels[1].family = "winograd";
    cold.calls[1].bound.attained = 1.5;
    const page = await open(browser, write("cold", cold), { hash: "tab=kernels&kernel=0" });
    const note = /FLOPs are counted as of the direct form/;
    assert.match(await text(page, ".kernel-page"), /No hot loop: it is part of its caller\./);
    assert.doesNotMatch(await text(page, ".kernel-page"), note);
    await press(page, "ArrowDown");
    assert.match(await text(page, ".kernel-page"), /marks no hot loop of this kernel\./);
    assert.match(await text(page, ".kernel-page"), note);
    await page.close();
  });
  it("of long code show only the lines in sight", async () => {
    const long = small();
    long.kernels[0].assembly += "\n\tnop".repeat(20000);
    const page = await open(browser, write("long", long), { hash: "tab=kernels&kernel=0" });
    assert.match(await text(page, ".code-panel"), /20,\d\d\d lines/);
    assert.ok((await page.$$(".code-panel .line")).length < 300);
    const list = ".code-panel .list";
    assert.ok((await page.$eval(list, (e) => e.scrollHeight)) > 17 * 20000);
    await page.$eval(list, (e) => e.scrollTo(0, e.scrollHeight)); // one move to the end, as the bar allows
    await settled(page);
    assert.match((await texts(page, ".code-panel .line")).at(-1), /nop/);
    await page.close();
  });
});

describe("errors that are infinite", () => {
  it("come first and are called so", async () => {
    const bad = small();
    const at = step("fold_constants");
    for (const s of bad.steps.slice(at))
      Object.assign(s.errors[0], { absolute: null, relative: null });
    bad.steps[at].errors.unshift({ output: "other", absolute: 3, relative: 3 });
    const value = bad.numbers.values.find((v) => v.name === "fc");
    Object.assign(value, { absolute: null, relative: null });
    const page = await open(browser, write("infinite", bad));
    const [first, second] = await texts(page, ".finding");
    assert.match(first, /^After fold_constants the error of output scores is infinite\./);
    assert.match(second, /^The error against f64 at %fc is infinite\./);
    await click(page, ".finding");
    assert.equal(await text(page, ".step-head h2"), `${at} fold_constants`);
    assert.equal(await text(page, ".step-head .bad"), "error infinite");
    await press(page, "5");
    assert.match(await text(page, ".numbers"), /scores is infinite after fold_constants/);
    await page.evaluate(() =>
      [...document.querySelectorAll(".sort")].find((b) => b.textContent === "rel. error").click(),
    );
    await settled(page);
    assert.match((await texts(page, ".numbers-table .tr:not(.th)"))[0], /^%fc.*infinite$/);
    await press(page, "7");
    await (await page.$(".file input")).uploadFile(path);
    await page.waitForSelector(".compared");
    const rows = await texts(page, ".compared .differs");
    assert.ok(
      rows.some((row) => /^scores: error after the passesinfinite/.test(row)),
      String(rows),
    );
    for (const tab of TABS.keys()) {
      await press(page, String(tab + 1));
      assert.doesNotMatch(await text(page, "#app"), /\bnull\b|Infinity/, TABS[tab]);
    }
    assert.deepEqual(page.messages, []);
    await page.close();
  });
});

describe("search, help, theme", () => {
  it("finds by words and goes there", async () => {
    const page = await open(browser, path);
    await press(page, "/");
    await page.keyboard.type("kernel fc");
    await settled(page);
    await press(page, "Enter");
    assert.equal(
      await text(page, ".kernel-head h2"),
      report.kernels[report.calls[callOf("matmul")].kernel].name,
    );
    assert.equal((await page.$$(".veil")).length, 0);
    await press(page, "?");
    assert.match(await text(page, ".help"), /Escape/);
    await press(page, "Escape");
    assert.equal((await page.$$(".veil")).length, 0);
    await press(page, "t");
    assert.equal(await page.$eval("html", (e) => e.dataset.theme), "dark");
    await page.close();
  });
  it("keeps tab, pass and selection in the address", async () => {
    const page = await open(browser, path);
    await click(page, `.word[data-ref="place:${placeOf("fc")}"]`);
    await press(page, "2", "ArrowRight");
    const crumb = await text(page, ".crumb");
    const again = await open(browser, path, { hash: page.url().split("#")[1] });
    assert.equal(await text(again, ".crumb"), crumb);
    assert.equal(await text(again, ".step-head h2"), await text(page, ".step-head h2"));
    await page.close();
    await again.close();
  });
});

describe("figures", () => {
  it("are saved as SVG files that stand alone", async () => {
    const page = await open(browser, path);
    await page.evaluate(() => {
      window.saved = [];
      URL.createObjectURL = (blob) => (window.saved.push(blob), "blob:none");
      HTMLAnchorElement.prototype.click = function () {
        window.savedName = this.download;
      };
    });
    await click(page, 'button[aria-label="Save Roofline as SVG"]');
    const [name, svg, fault] = await page.evaluate(async () => {
      const svg = await window.saved[0].text();
      const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
      return [window.savedName, svg, parsed.querySelector("parsererror")?.textContent ?? ""];
    });
    assert.equal(name, "small-roofline.svg");
    assert.equal(fault, "");
    assert.match(svg, /fill="rgb\(/);
    assert.doesNotMatch(svg, /var\(--/);
    await page.close();
  });
});

describe("comparing", () => {
  it("shows what differs from a page that is dropped, and nothing of the same", async () => {
    const other = small();
    other.batch = 8;
    other.kernels[0].schedule = "other{lanes=8}";
    other.calls[0].time.median *= 2;
    const page = await open(browser, path, { hash: "tab=compare" });
    const field = await page.$(".file input");
    await field.uploadFile(write("other", other));
    await page.waitForSelector(".compared");
    const rows = await texts(page, ".compared .differs");
    assert.ok(
      rows.some((row) => row.startsWith("batch1" + "8")),
      String(rows),
    );
    assert.ok(rows.some((row) => row.includes("other{lanes=8}")));
    assert.ok(rows.some((row) => row.includes("× 2")));
    assert.ok((await texts(page, ".panel header .note")).includes("no difference"));
    await (await page.$(".file input")).uploadFile(join(here, "small.json"));
    await page.waitForFunction(() => !document.querySelector(".compared .differs"));
    await (await page.$(".file input")).uploadFile(join(here, "small.lin"));
    await page.waitForSelector(".missing.bad");
    assert.match(
      await text(page, ".missing.bad"),
      /small\.lin: it is no page of `linnet report` and no JSON/,
    );
    assert.deepEqual(page.messages, []);
    await page.close();
  });
});

describe("strange data", () => {
  it("stays text, whatever the names are", async () => {
    const bad = `"><img src=x onerror=alert(1)><script>alert(2)</script>$& </script>`;
    const hostile = JSON.parse(
      JSON.stringify(small()).replaceAll("max_pool2d", JSON.stringify(bad).slice(1, -1)),
    );
    hostile.model = bad;
    hostile.sources[0].path = bad;
    hostile.command = bad;
    for (const tab of TABS) {
      const page = await open(browser, write("hostile", hostile), {
        hash: `tab=${tab}&at=${encodeURIComponent(`name:${bad}`)}`,
      });
      assert.deepEqual(page.messages, [], tab);
      assert.deepEqual(page.requests, [], tab);
      assert.equal((await page.$$("img, #app script")).length, 0);
      assert.equal(await text(page, "h1"), bad);
      await page.close();
    }
  });
  it("that is missing is said in words", async () => {
    const bare = small();
    for (const key of ["whole", "roofs", "numbers"]) delete bare[key];
    for (const call of bare.calls)
      for (const key of ["time", "share", "bound", "gflops"]) delete call[key];
    for (const kernel of bare.kernels) delete kernel.hot;
    for (const s of bare.steps) {
      delete s.errors;
      s.ns = 0; // as with --no-times
    }
    const path = write("bare", bare);
    for (const tab of TABS) {
      const page = await open(browser, path, { hash: `tab=${tab}` });
      assert.deepEqual(page.messages, [], tab);
      assert.doesNotMatch(await text(page, "#app"), /NaN\s?(ns|%|B)|undefined|Infinity/, tab);
      if (tab === "overview") {
        assert.match(await text(page, ".body"), /No roofs/);
        assert.match(await text(page, ".findings"), /does \d+\s% of the arithmetic/);
      }
      if (tab === "numbers") assert.match(await text(page, ".body"), /without numbers/);
      await page.close();
    }
  });
  it("of nothing at all, or of another schema, is said too", async () => {
    const page = await open(browser, built);
    assert.match(await text(page, "#app"), /holds no report/);
    assert.deepEqual(page.messages, []);
    await page.close();
    const next = await open(browser, write("next", { schema: 2 }));
    assert.match(await text(next, "#app"), /schema 1; its data is of schema 2/);
    await next.close();
  });
  it("of an ONNX model has nodes in place of lines", async () => {
    const onnx = small();
    onnx.sources = [];
    onnx.places = onnx.places.map((_, i) => ({ name: `node_${i}` }));
    const page = await open(browser, write("onnx", onnx));
    await click(page, `.source [data-ref="place:${placeOf("conv")}"]`);
    assert.match(await text(page, ".crumb"), new RegExp(`node_${placeOf("conv")}`));
    assert.deepEqual(page.messages, []);
    await page.close();
  });
});

describe("accessibility", () => {
  it("names every control, and Enter selects", async () => {
    for (const tab of TABS) {
      const page = await open(browser, path, { hash: `tab=${tab}` });
      const nameless = await page.$$eval(
        "button, select, input, [role=img], [role=tab], [role=button]",
        (all) =>
          all
            .filter(
              (e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.closest("label")),
            )
            .map((e) => e.outerHTML.slice(0, 90)),
      );
      assert.deepEqual(nameless, [], tab);
      await page.close();
    }
    const page = await open(browser, path);
    await page.$eval('.segment[data-ref="call:0"]', (segment) => segment.focus());
    await press(page, "Enter");
    assert.match(page.url(), /at=call%3A0/);
    await page.close();
  });
});
