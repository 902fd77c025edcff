// Every model and every text IR of the repository, by the engine that editors use: comments are
// comments, what begins ends, and every word has a colour.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import test from "node:test";

const root = join(import.meta.dirname, "../..");
const require = createRequire(join(process.env.LINNET_NPM, "package.json"));
const oniguruma = require("vscode-oniguruma");
const { Registry, INITIAL, parseRawGrammar } = require("vscode-textmate");

const FILES = { "source.linnet": "linnet", "source.lir": "lir" };
const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
const registry = new Registry({
  onigLib: oniguruma.loadWASM(wasm.buffer).then(() => ({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  })),
  loadGrammar: async (scope) => {
    const path = join(root, `editors/vscode/syntaxes/${FILES[scope]}.tmLanguage.json`);
    return parseRawGrammar(readFileSync(path, "utf8"), path);
  },
});

/** [text, innermost scope] of each token, line by line, and the depth at the end. */
function tokens(grammar, text) {
  let stack = INITIAL;
  const found = [];
  for (const line of text.split(/\r?\n/)) {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    for (const { startIndex, endIndex, scopes } of result.tokens)
      found.push([line.slice(startIndex, endIndex), scopes.at(-1), line]);
  }
  return { found, depth: stack.depth };
}

function files(ending) {
  const listed = execFileSync("git", ["ls-files", `*.${ending}`], { cwd: root, encoding: "utf8" });
  return listed.trim().split("\n").filter((path) => !path.includes("/wrong/"));
}

for (const [scope, ending, comment, least] of [
  ["source.linnet", "lin", "#", 30],
  ["source.lir", "lir", "//", 100],
]) {
  test(`every .${ending} of the repository has its colours`, async () => {
    const grammar = await registry.loadGrammar(scope);
    const paths = files(ending);
    assert.ok(paths.length >= least, `${paths.length} files`);
    for (const path of paths) {
      const text = readFileSync(join(root, path), "utf8");
      const { found, depth } = tokens(grammar, text);
      for (const [token, inner, line] of found) {
        assert.ok(!/\w/u.test(token) || inner !== scope, `${path}: '${token}' is plain in: ${line}`);
        if (line.trimStart().startsWith(comment) && token.trim() !== "")
          assert.match(inner, /comment/, `${path}: ${line}`);
      }
      if (ending === "lin") assert.equal(depth, 1, `${path}: a bracket stays open at the end`);
    }
  });
}

test("what is wrong is noticed", async () => {
  const grammar = await registry.loadGrammar("source.linnet");
  const { found, depth } = tokens(grammar, 'model m(x: f32[N]) -> y {\n  a("open\n  1abc');
  assert.ok(found.some(([token, inner]) => token === "abc" && inner === "source.linnet"));
  assert.ok(depth > 1);
});
