// Does the network of the page read strokes? In node, without a browser: rasterisation and answers.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { rasterize, SIDE } from "../../examples/web/src/raster.js";
import { sample } from "../../examples/web/src/samples.js";
import { linnet, page, root } from "./page.mjs";
import { DIGITS, drawn, HANDS } from "./strokes.mjs";

const { load } = await import(page.model("digits"));
const net = await load();
const read = (strokes) => {
  const { logits } = net.run(rasterize(strokes));
  return logits.indexOf(Math.max(...logits));
};

function moments(picture) {
  let [sum, x, y] = [0, 0, 0];
  picture.forEach((value, at) => {
    sum += value;
    x += value * ((at % SIDE) + 0.5);
    y += value * (Math.floor(at / SIDE) + 0.5);
  });
  return { sum, x: x / sum, y: y / sum };
}

test("the centre of mass is in the middle of the picture, wherever the drawing is", () => {
  for (const hand of Object.keys(HANDS)) {
    for (let digit = 0; digit < 10; ++digit) {
      const { x, y } = moments(rasterize(drawn(digit, 0, hand)));
      assert.ok(Math.hypot(x - SIDE / 2, y - SIDE / 2) < 0.1, `${digit} ${hand}: ${x}, ${y}`);
    }
  }
});

test("the ink's longer side is 20 pixels, give or take what a pixel's edge adds", () => {
  for (let digit = 0; digit < 10; ++digit) {
    const picture = rasterize(drawn(digit, 0, "small"));
    const at = [...picture.keys()].filter((i) => picture[i] > 0.5);
    const rows = at.map((i) => Math.floor(i / SIDE));
    const tall = Math.max(...rows) - Math.min(...rows) + 1;
    assert.ok(tall >= 18 && tall <= 21, `${digit}: ${tall}`);
  }
});

test("a small drawing gives the picture of a large one", () => {
  const shrunk = (strokes) =>
    strokes.map((stroke) => stroke.map(([x, y]) => [0.6 + x / 3, 0.1 + y / 3]));
  for (let digit = 0; digit < 10; ++digit) {
    const large = drawn(digit, 1, "large");
    const [a, b] = [rasterize(large), rasterize(shrunk(large))];
    assert.ok(
      a.every((value, i) => Math.abs(value - b[i]) < 1e-4),
      `${digit}`,
    );
  }
});

test("no stroke is no picture, and a dot is one", () => {
  assert.equal(rasterize([]), null);
  const { sum } = moments(rasterize([[[0.3, 0.3]]]));
  assert.ok(sum > 2 && sum < 10, `${sum}`);
});

test("all digits, two forms in nine hands", (t) => {
  const wrong = [];
  let count = 0;
  for (const hand of Object.keys(HANDS)) {
    for (let digit = 0; digit < 10; ++digit) {
      for (const form of DIGITS[digit].keys()) {
        ++count;
        const answer = read(drawn(digit, form, hand));
        if (answer !== digit) wrong.push(`${digit} form ${form} ${hand} is read as ${answer}`);
      }
    }
  }
  t.diagnostic(`${count - wrong.length} of ${count} drawings read`);
  assert.deepEqual(wrong, []);
});

test("what the page writes for the keys 0 to 9 is read", () => {
  for (let digit = 0; digit < 10; ++digit) assert.equal(read(sample(digit)), digit);
});

test("outputs of maps change no bit of the answer", async () => {
  const folder = mkdtempSync(join(tmpdir(), "linnet-web-"));
  const weights = join(root, "examples/web/weights/digits.safetensors");
  execFileSync(
    linnet,
    [
      "compile",
      join(root, "models/lenet.lin"),
      "--weights",
      weights,
      "--emit",
      "wasm",
      "-o",
      join(folder, "lenet.wasm"),
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const lenet = await (await import(pathToFileURL(join(folder, "lenet.mjs")).href)).load();
  for (let digit = 0; digit < 10; ++digit) {
    const picture = rasterize(drawn(digit, 0, "shaky"));
    assert.deepEqual(lenet.run(picture), net.run(picture).logits, `${digit}`);
  }
  rmSync(folder, { recursive: true });
});
