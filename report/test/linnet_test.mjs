// The page over reports that this build of linnet writes.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { choose, click, launch, lit, open, press, settled, text, texts } from "./browser.mjs";
import { dataOf, lenet, report } from "./reports.mjs";

const TABS = 7;
const REPORTS = [
  ["lenet", ["lenet"], 3e6],
  ["latent_ar", ["latent_ar"], 3e6],
  ["training", ["lenet", "--train"], 15e6],
  ["resnet18", ["resnet18"], 15e6],
];

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

describe("reports of linnet", () => {
  for (const [name, command, most] of REPORTS)
    it(`${name}: every tab, no message, no request`, async (context) => {
      const path = report(`any-${name}`, ...command);
      const { size } = statSync(path);
      assert.ok(size < most, `${size} bytes`);
      const page = await open(browser, path);
      context.diagnostic(`${name}: ${(size / 1e6).toFixed(1)} MB, ready after ${page.took} ms`);
      for (let tab = 1; tab <= TABS; tab++) {
        await press(page, String(tab));
        assert.doesNotMatch(await text(page, "#app"), /undefined|NaN\s?(ns|%|B)/, `tab ${tab}`);
      }
      assert.deepEqual(page.messages, []);
      assert.deepEqual(page.requests, []);
      await page.close();
    });
});

describe("ResNet-18's report", () => {
  it("leads from a layer of a block to its own calls alone", async () => {
    const path = report("blocks", "resnet18", "--no-times", "--no-numbers");
    const { sources, memory } = dataOf(path);
    const lines = sources[0].text.split("\n");
    const line = lines.findIndex((l) => l.includes('layer "layer1.1"')) + 1;
    const page = await open(browser, path);
    await click(page, `.line[data-ref="line:0:${line}"]`);
    assert.match(await text(page, ".crumb"), /2 kernels.*layer1_0_conv1.*layer1_1_conv2_relu/);
    await press(page, "4");
    const stored = (await lit(page)).filter((ref) => ref.startsWith("value:"));
    const names = stored.map((ref) => memory.values[ref.slice(6)].name);
    assert.ok(names.includes("layer1.1") && !names.includes("layer1.0"), String(names));
    await page.close();
  });
});

describe("LeNet's report", () => {
  let path, data, conv1;
  before(() => {
    path = lenet("x86-64-v3");
    data = dataOf(path);
    const line = data.sources[0].text.split("\n").findIndex((l) => l.includes("image |> conv1"));
    const from = data.sources[0].text.split("\n")[line].indexOf("conv1");
    const begin = (place) => place.from ?? place.column - 1;
    conv1 = data.places.findIndex((p) => p.line === line + 1 && begin(p) === from);
    assert.ok(conv1 >= 0);
  });

  it("leads from conv1 to its nodes, kernel, hot loop, bytes and time", async () => {
    const page = await open(browser, path);
    await click(page, `.word[data-ref="place:${conv1}"]`);
    assert.match(
      await text(page, ".crumb"),
      /lenet\.lin:8 conv1.*conv1_relu_max_pool2d.*\d+ instructions, lines \d+.*%conv1 stays in its kernel, which writes.*%max_pool2d arena\+0, 4,704.*µs/,
    );
    await press(page, "2");
    const nodes = (await lit(page)).filter((ref) => ref.startsWith("node:"));
    assert.ok(nodes.some((ref) => data.pool[ref.slice(5)].op === "conv2d"));
    await press(page, "3");
    assert.equal(await text(page, ".kernel-head h2"), "conv1_relu_max_pool2d");
    assert.ok((await texts(page, ".line.hot")).some((line) => line.includes("vfmadd")));
    await press(page, "4");
    const value = data.memory.values.findIndex((v) => v.name === "max_pool2d");
    assert.ok((await lit(page)).includes(`value:${value}`));
    await page.close();
  });
  it("leads back from bytes, a call, the hot loop and a node to the line", async () => {
    const page = await open(browser, path, { hash: "tab=memory" });
    const word = `place:${conv1}`;
    const value = data.memory.values.findIndex((v) => v.name === "max_pool2d");
    await choose(page, `.life[data-ref="value:${value}"]`);
    assert.ok((await lit(page)).includes(word));
    await press(page, "Escape", "1");
    await choose(page, '.segment[data-ref="call:0"]');
    assert.ok((await lit(page)).includes(word));
    await press(page, "Escape", "3");
    await choose(page, ".line.hot");
    assert.ok((await lit(page)).includes(word));
    await press(page, "Escape", "2");
    await choose(page, ".graph .row[data-ref]");
    assert.ok((await lit(page)).includes(word));
    await page.close();
  });
  it("walks all passes by the slider, and searches", async () => {
    const page = await open(browser, path, { hash: "tab=passes" });
    for (const [i, { pass }] of data.steps.entries()) {
      await page.$eval(
        ".timeline input",
        (slider, at) => {
          slider.value = String(at);
          slider.dispatchEvent(new Event("input", { bubbles: true }));
        },
        i,
      );
      await settled(page);
      assert.equal(await text(page, ".step-head h2"), `${i} ${pass}`);
    }
    await press(page, "/");
    await page.keyboard.type("kernel fc2");
    await settled(page);
    await press(page, "Enter");
    assert.equal(await text(page, ".kernel-head h2"), "fc2_relu");
    assert.deepEqual(page.messages, []);
    await page.close();
  });
  it("is compared with the same model of another target and another batch", async () => {
    const others = [lenet("x86-64-v2"), report("batch", "lenet", "--batch", "8", "--no-times")];
    const page = await open(browser, path);
    for (const [i, other] of others.entries()) {
      // Dropped, as from a folder.
      await page.evaluate(
        (html) => {
          const files = new DataTransfer();
          files.items.add(new File([html], "other.html", { type: "text/html" }));
          const init = { dataTransfer: files, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("drop", init));
        },
        readFileSync(other, "utf8"),
      );
      await page.waitForFunction(
        (words) => document.querySelector(".drop")?.textContent.includes(words),
        {},
        ["x86-64-v2, batch 1", "batch 8"][i],
      );
      const rows = await texts(page, ".compared .differs");
      if (i === 0) assert.ok(rows.some((row) => row.includes("vectors256 bits128 bits")));
      else assert.ok(rows.some((row) => row.startsWith("batch1" + "8")));
    }
    assert.deepEqual(page.messages, []);
    assert.deepEqual(page.requests, []);
    await page.close();
  });
});

describe("the MLP's report", () => {
  it("says in two clicks which pass dropped the dropout", async () => {
    const path = report("mlp", "mlp", "--no-times");
    const page = await open(browser, path);
    await page.evaluate(() => {
      const word = [...document.querySelectorAll(".word")].find((w) =>
        /^dropout/.test(w.textContent),
      );
      word.click();
    });
    await settled(page);
    assert.match(await text(page, ".crumb .gone"), /gone after drop_dropout/);
    await click(page, ".crumb .gone");
    assert.match(await text(page, ".step-head h2"), /drop_dropout/);
    await page.close();
  });
});
