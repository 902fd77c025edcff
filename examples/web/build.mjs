#!/usr/bin/env node
// Builds the page: compiles the models to WebAssembly and puts all into one HTML file.
//
//   build.mjs [--linnet build/linnet] [--out build/web/index.html]
//
// npm's packages (package.json) are installed once, beside the page.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { deflateSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const options = parsed();
const folder = dirname(resolve(options.out));
const source = (name) => readFileSync(join(here, "src", name), "utf8");

// The models of the page: name, file, weights, further options of the compiler.
const data = join(root, "models/data");
const weights = (name) => join(here, "weights", `${name}.safetensors`);
const MODELS = [
  ["digits", join(here, "digits.lin"), weights("digits")],
  ["ar_visitors", join(root, "models/ar.lin"), weights("ar_visitors"), "--set", "p=9"],
  [
    "ar_sunspots",
    join(root, "models/ar.lin"),
    join(data, "ar9_sunspots.safetensors"),
    "--set",
    "p=9",
  ],
  ["latent_visitors", join(root, "models/latent_ar.lin"), weights("latent_visitors")],
  ["latent_sunspots", join(root, "models/latent_ar.lin"), weights("latent_sunspots")],
];

function fail(text, status = 4) {
  console.error(`build.mjs: ${text}`);
  process.exit(status);
}

function parsed() {
  const options = {
    linnet: { type: "string", default: join(root, "build/linnet") },
    out: { type: "string", default: join(root, "build/web/index.html") },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(error.message, 2);
  }
}

/** esbuild, of npm's packages beside the page. */
function bundler() {
  const npm = join(folder, "npm");
  try {
    execFileSync(join(root, "cmake/npm.sh"), [here, npm], { stdio: "inherit" });
  } catch (error) {
    fail(`npm could not install ${join(npm, "package.json")}: ${error.message}`);
  }
  return createRequire(join(npm, "package.json"))("esbuild");
}

/** Compiles a model; its module's text, its bytes. */
function compile([name, model, file, ...more]) {
  const out = join(folder, "models", name);
  mkdirSync(dirname(out), { recursive: true });
  const command = [
    "compile",
    model,
    "--weights",
    file,
    ...more,
    "--emit",
    "wasm",
    "--name",
    name,
    "-o",
    `${out}.wasm`,
  ];
  try {
    execFileSync(options.linnet, command, { stdio: ["ignore", "ignore", "inherit"] });
  } catch (error) {
    if (error.code === "ENOENT") fail(`no program ${options.linnet}: make build, or --linnet FILE`);
    fail(`${options.linnet} ${command.join(" ")}: status ${error.status ?? error.code}`);
  }
  return { name, module: `${out}.mjs`, bytes: readFileSync(`${out}.wasm`) };
}

/** A column of a CSV file, and where its index begins. */
function column(csv, name) {
  const [head, ...rows] = readFileSync(join(data, csv), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  return { first: Number(rows[0][0]), values: rows.map((row) => Number(row[head.indexOf(name)])) };
}

/** What the sources import from "linnet:…", made here. */
function generated(models) {
  const texts = {
    models:
      models
        .map(({ name, module }) => `import { load as ${name} } from ${JSON.stringify(module)};\n`)
        .join("") +
      `export const models = { ${models.map(({ name }) => `${name}: { name: "${name}", load: ${name} }`).join(", ")} };\n` +
      `export const facts = ${JSON.stringify(facts(models))};\n`,
    data:
      `export const visitors = ${JSON.stringify(column("visitors.csv", "visitors"))};\n` +
      `export const sunspots = ${JSON.stringify(column("sunspots.csv", "sunspots"))};\n`,
  };
  return {
    name: "linnet",
    setup(build) {
      build.onResolve({ filter: /^linnet:/ }, ({ path }) => ({
        path: path.slice(7),
        namespace: "linnet",
      }));
      build.onLoad({ filter: /.*/, namespace: "linnet" }, ({ path }) => ({
        contents: texts[path],
        resolveDir: folder,
      }));
    },
  };
}

const kB = (bytes) => `${Math.round(bytes / 1000)}\u00a0kB`;

function facts(models) {
  const digits = models.find(({ name }) => name === "digits");
  const file = readFileSync(weights("digits"));
  const parameters = (file.length - 8 - Number(file.readBigUInt64LE())) / 4; // behind the header, f32
  return {
    digits:
      `LeNet has ${parameters.toLocaleString("en")} weights (${kB(4 * parameters)}) and ${kB(digits.bytes.length - 4 * parameters)} of code. ` +
      "It learnt from 1,437 scanned digits of 13 people, distorted, and from strokes that a script wrote; it never saw MNIST, " +
      "of whose digits it reads 95\u00a0%. It knows digits alone, so anything else is read as one.",
  };
}

const models = MODELS.map(compile);
const { build, transform } = bundler();
const script = await build({
  entryPoints: [join(here, "src/main.js")],
  bundle: true,
  format: "esm",
  minify: true,
  write: false,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  plugins: [generated(models)],
});
const style = await transform(source("style.css"), { loader: "css", minify: true });
const payloads = models.map(
  ({ name, bytes }) =>
    `<script type="text/plain" id="wasm-${name}">${deflateSync(bytes, { level: 9 }).toString("base64")}</script>`,
);
// Functions as replacements: "$&" in a text is no pattern then.
const page = source("index.html")
  .replace("/*STYLE*/", () => style.code.trim())
  .replace("<!--PAYLOADS-->", () => payloads.join("\n"))
  .replace("/*SCRIPT*/", () =>
    script.outputFiles[0].text.trim().replaceAll("</script", "<\\/script"),
  );
writeFileSync(`${options.out}.new`, page);
renameSync(`${options.out}.new`, options.out);
console.log(`${options.out}: ${kB(Buffer.byteLength(page))}`);
