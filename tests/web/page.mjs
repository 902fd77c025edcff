// Where the built page is, for the tests of this folder.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.env.LINNET_PAGE ?? new URL("../../build/web", import.meta.url).pathname;

export const page = {
  folder,
  file: join(folder, "index.html"),
  model: (name) => pathToFileURL(join(folder, "models", `${name}.mjs`)).href,
};
