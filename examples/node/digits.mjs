// Reads handwriting: node digits.mjs FILE, where FILE holds pictures as MNIST's do.
import { readFileSync } from "node:fs";
import { load } from "./lenet.mjs";

const net = await load();
const [image] = net.inputs;
const [{ labels }] = net.outputs;
const pixels = readFileSync(process.argv[2]).subarray(16); // behind the header
for (let i = 0; i < 10; ++i) {
  const bytes = pixels.subarray(i * image.elements, (i + 1) * image.elements);
  const logits = net.run(Float32Array.from(bytes, (byte) => byte * image.scale));
  console.log(labels[logits.indexOf(Math.max(...logits))]);
}
