// Reports that this build of linnet writes, of models of this repository.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { folder, here } from "./browser.mjs";

export const models = join(here, "../../models");
const work = join(folder, "models");
const linnet = resolve(process.env.LINNET);

/** The first picture of models/data/digits, as the .npy file that --input reads; its name. */
function digit() {
  const shape = [1, 1, 28, 28];
  const file = readFileSync(join(models, "data/digits/t10k-images-idx3-ubyte"));
  const pixels = Float32Array.from(file.subarray(16, 16 + 28 * 28), (byte) => byte / 255);
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`, "latin1"); // 128 bytes with what is before it
  const size = Buffer.from([header.length, 0]);
  const magic = Buffer.from("\x93NUMPY\x01\x00", "latin1");
  writeFileSync(
    join(work, "digit.npy"),
    Buffer.concat([magic, size, header, Buffer.from(pixels.buffer)]),
  );
  return "digit.npy";
}

/** Runs linnet beside copies of models, so that a report names them without a folder; the page's path. */
export function report(name, model, ...options) {
  mkdirSync(work, { recursive: true });
  copyFileSync(join(models, `${model}.lin`), join(work, `${model}.lin`));
  const command = ["report", `${model}.lin`, ...options, "-o", `${name}.html`];
  execFileSync(linnet, command, { cwd: work, stdio: ["ignore", "ignore", "inherit"] });
  return join(work, `${name}.html`);
}

/** LeNet with trained weights and a digit, the same for every CPU that has the target. */
export function lenet(target) {
  mkdirSync(work, { recursive: true });
  const weights = "lenet.safetensors";
  copyFileSync(join(models, "data", weights), join(work, weights));
  const options = ["--weights", weights, "--input", `image=${digit()}`, "--target", target];
  return report(`lenet-${target}`, "lenet", ...options);
}

/** The data that a page holds. */
export const dataOf = (path) =>
  JSON.parse(readFileSync(path, "utf8").match(/id="linnet-report">([^<]*)</)[1]);
