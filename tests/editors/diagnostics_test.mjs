// What the extension makes of linnet's messages: places in UTF-16, notes, files that are others.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

const root = join(import.meta.dirname, "../..");
const require = createRequire(import.meta.url);
const { diagnostics, positionOf } = require(join(root, "editors/vscode/diagnostics.js"));

test("an offset in bytes is a line and a column in UTF-16", () => {
  const bytes = Buffer.from("a\n# 入力 𝕏\r\n\tx");
  const at = (offset) => Object.values(positionOf(bytes, offset)).join(":");
  assert.equal(at(0), "0:0");
  assert.equal(at(2), "1:0");
  assert.equal(at(Buffer.from("a\n# 入").length), "1:3");
  assert.equal(at(Buffer.from("a\n# 入力 𝕏").length), "1:7");
  assert.equal(at(bytes.length), "2:2");
  assert.equal(at(10000), "2:2");
  assert.deepEqual(positionOf(Buffer.from("\ufeffmodel"), 3), { line: 0, character: 0 });
});

test("lines that are no message are left out", () => {
  assert.deepEqual(diagnostics("", "a.lin", Buffer.from("")), []);
  assert.deepEqual(diagnostics("terminate\n{broken\n", "a.lin", Buffer.from("")), []);
});

test("a message of another file says where, at the first line", () => {
  const line = JSON.stringify({
    severity: "warning",
    file: "b.lin",
    line: 3,
    column: 4,
    offset: 7,
    end_offset: 9,
    message: "odd",
    help: "mend it",
    notes: [{ severity: "note", message: "why" }],
  });
  const [found] = diagnostics(`${line}\n`, "a.lin", Buffer.from("x"));
  assert.equal(found.message, "b.lin:3:4: odd\nnote: why\nhelp: mend it");
  assert.deepEqual(found.range.start, { line: 0, character: 0 });
  assert.equal(found.severity, "warning");
});

test("what linnet says is marked where it means", { skip: !process.env.LINNET }, () => {
  const folder = mkdtempSync(join(tmpdir(), "linnet-editor-"));
  try {
    const file = join(folder, "w.lin");
    const text = [
      "# 入力 of a model",
      "model w(入力: f32[N, 4]) -> y: f32[N, 4] {",
      "\tlet 結 = 入力  # a tab, wide characters",
      "\tlayer a = linear(4); layer a = linear(4)",
      "\t結 |> reluu",
      "}",
      "",
    ].join("\n");
    writeFileSync(file, text);
    const { status, stderr } = spawnSync(
      process.env.LINNET,
      ["check", file, "--diagnostics", "json"],
      { encoding: "utf8" },
    );
    assert.equal(status, 1);
    const found = diagnostics(stderr, file, readFileSync(file));
    const lines = text.split("\n");
    const marked = ({ start, end }) => {
      assert.equal(start.line, end.line);
      return lines[start.line].slice(start.character, end.character);
    };
    const unknown = found.find(({ message }) => message.includes("'reluu'"));
    assert.equal(unknown.message, "there is no layer, block or op 'reluu'\nhelp: did you mean 'relu'?");
    assert.equal(marked(unknown.range), "reluu");
    const twice = found.find(({ related }) => related.length > 0);
    assert.equal(marked(twice.related[0].range), "a");
    assert.ok(marked(twice.related[0].range) === marked(twice.range), "the other of the same name");
    assert.ok(twice.related[0].range.start.character < twice.range.start.character);

    const right = "model w(x: f32[N, 4]) -> y: f32[N, 4] {\n  relu(x)\n}\n";
    const shape = right.replaceAll("  ", "    ").replace("x: ", "x :");
    const formatted = execFileSync(process.env.LINNET, ["fmt", "-"], { input: shape });
    assert.equal(formatted.toString(), right);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
