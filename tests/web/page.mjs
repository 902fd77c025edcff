// Where the built page and the compiler are, for the tests of this folder.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const root = new URL("../..", import.meta.url).pathname;
export const linnet = process.env.LINNET ?? join(root, "build/linnet");
const folder = process.env.LINNET_PAGE ?? join(root, "build/web");

export const page = {
  folder,
  file: join(folder, "index.html"),
  model: (name) => pathToFileURL(join(folder, "models", `${name}.mjs`)).href,
};
