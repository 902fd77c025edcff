#!/usr/bin/env node
// Builds the page that `linnet report` fills: one HTML file with its styles and script inside.
//
//   build.mjs [--out report/page.html] [--npm build/report/npm] [--check-types]
//
// npm's packages are installed into the folder --npm once, as package-lock.json says.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const options = parsed();
const source = (name) => readFileSync(join(here, "src", name), "utf8");

function fail(text, status = 4) {
  console.error(`build.mjs: ${text}`);
  process.exit(status);
}

function parsed() {
  const options = {
    out: { type: "string", default: join(here, "page.html") },
    npm: { type: "string", default: resolve(here, "../build/report/npm") },
    "check-types": { type: "boolean", default: false },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(error.message, 2);
  }
}

/** The folder of npm's packages. */
function installed() {
  const npm = resolve(options.npm);
  try {
    execFileSync(join(here, "../cmake/npm.sh"), [here, npm], { stdio: "inherit" });
  } catch (error) {
    fail(`npm could not install ${join(npm, "package.json")}: ${error.message}`);
  }
  return npm;
}

/** tsc, strict, over src/. Its modules are npm's: a copy of the sources stands beside them. */
function checkTypes(npm) {
  for (const file of ["src", "tsconfig.json"])
    cpSync(join(here, file), join(npm, file), { recursive: true, force: true });
  try {
    execFileSync(process.execPath, [join(npm, "node_modules/typescript/bin/tsc"), "-p", npm], {
      stdio: ["ignore", process.stderr, "inherit"],
    });
  } catch {
    fail("the types are at fault", 1);
  }
}

/** The licences of what the page holds, each once under the packages that have it: they ask to
 *  travel with every copy. */
function notices(npm, packages) {
  const holders = new Map();
  for (const name of packages) {
    const read = (file) => readFileSync(join(npm, "node_modules", name, file), "utf8");
    const { version, license } = JSON.parse(read("package.json"));
    const lines = read("LICENSE").trim().split("\n");
    const owned = /^Copyright .*/;
    const terms = lines
      .filter((line) => !owned.test(line))
      .join("\n")
      .replace(/\n\n+/g, "\n\n");
    const names = lines.filter((line) => owned.test(line)).join(", ");
    holders.set(terms, `${holders.get(terms) ?? ""}${name} ${version}: ${license}, ${names}\n`);
  }
  const all = [...holders].map(([terms, names]) => `${names}\n${terms.trim()}\n`).join("\n");
  if (all.includes("--")) fail("a licence cannot stand in a comment of HTML", 1);
  return all.trim();
}

const npm = installed();
if (options["check-types"]) checkTypes(npm);
const { build, transform } = createRequire(join(npm, "package.json"))("esbuild");
const script = await build({
  entryPoints: [join(here, "src/main.tsx")],
  bundle: true,
  format: "iife",
  minify: true,
  write: false,
  metafile: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  nodePaths: [join(npm, "node_modules")],
});
const style = await transform(source("style.css"), { loader: "css", minify: true });
const packages = new Set(
  Object.keys(script.metafile.inputs)
    .map((path) => path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1])
    .filter(Boolean),
);
// Functions as replacements: "$&" in a text is no pattern then.
const page = source("index.html")
  .replace("NOTICES", () => notices(npm, [...packages].sort()))
  .replace("/*STYLE*/", () => style.code.trim())
  .replace("/*SCRIPT*/", () =>
    script.outputFiles[0].text.trim().replaceAll("</script", "<\\/script"),
  );
const marker = '<script type="application/json" id="linnet-report">{}</script>';
if (page.split(marker).length !== 2) fail(`the page must hold ${marker} once`, 1);
mkdirSync(dirname(resolve(options.out)), { recursive: true });
writeFileSync(`${options.out}.new`, page);
renameSync(`${options.out}.new`, options.out);
console.log(`${options.out}: ${Math.round(Buffer.byteLength(page) / 1000)} kB`);
