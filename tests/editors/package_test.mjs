// What is in the .vsix: what package.json names, and nothing more.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "editors/vscode");
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

function named() {
  const { languages, grammars, snippets } = manifest.contributes;
  return [
    manifest.main,
    ...languages.map(({ configuration }) => configuration),
    ...grammars.map(({ path }) => path),
    ...snippets.map(({ path }) => path),
  ].map((path) => path.replace(/^\.\//, ""));
}

test("the package holds what its manifest names", () => {
  const python = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";
  const listed = execFileSync("python3", ["-c", python, process.env.LINNET_VSIX], { encoding: "utf8" });
  const packed = listed
    .trim()
    .split("\n")
    .filter((path) => path.startsWith("extension/"))
    .map((path) => path.slice("extension/".length));
  const expected = ["package.json", "README.md", "readme.md", "LICENSE", "LICENSE.txt"];
  for (const path of named()) assert.ok(packed.includes(path), `${path} is not packed`);
  for (const path of packed)
    assert.ok(
      named().includes(path) || path === "diagnostics.js" || expected.includes(path),
      `${path} is packed`,
    );
});

test("its version is linnet's", () => {
  const cmake = readFileSync(join(root, "CMakeLists.txt"), "utf8");
  assert.match(cmake, new RegExp(`project\\(linnet VERSION ${manifest.version.replaceAll(".", "\\.")}\\b`));
});

test("configurations and snippets are JSON, and snippets are models", () => {
  for (const path of named().filter((name) => name.endsWith(".json"))) {
    assert.ok(existsSync(join(folder, path)), path);
    JSON.parse(readFileSync(join(folder, path), "utf8"));
  }
  const snippets = JSON.parse(readFileSync(join(folder, "snippets/linnet.json"), "utf8"));
  const text = (name) =>
    snippets[name].body
      .join("\n")
      .replace(/\$\{\d+\|((?:[^,|\\]|\\.)*)[^}]*\|\}/g, (_, first) => first.replaceAll("\\", ""))
      .replace(/\$\{\d+:([^}]*)\}/g, "$1")
      .replace(/\$\{?\d+\}?/g, "");
  const inside = (entries) => `block b(x: f32[N, K], bias: int, n: int) {\n${entries}\n}\n`;
  for (const name of Object.keys(snippets)) {
    const whole = /^(model|block|data|train)\b/.test(text(name));
    const result = execFileSync(process.env.LINNET, ["fmt", "-"], {
      input: whole ? `${text(name)}\n` : inside(text(name)),
      encoding: "utf8",
    });
    if (whole) assert.equal(result, `${text(name)}\n`, `snippet ${name} is in the style`);
  }
});
