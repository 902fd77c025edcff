// The page over reports that this build of linnet writes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { folder, here, launch, open, press, text } from "./browser.mjs";

const models = join(here, "../../models");
const TABS = 7;
const REPORTS = [
  ["lenet", ["report", join(models, "lenet.lin")], 3e6],
  ["latent_ar", ["report", join(models, "latent_ar.lin")], 3e6],
  ["training", ["report", join(models, "lenet.lin"), "--train"], 15e6],
  ["resnet18", ["report", join(models, "resnet18.lin")], 15e6],
];

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

describe("reports of linnet", () => {
  for (const [name, command, most] of REPORTS)
    it(`${name}: every tab, no message, no request`, async () => {
      const path = join(folder, `linnet-${name}.html`);
      execFileSync(process.env.LINNET, [...command, "-o", path], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      assert.ok(existsSync(path));
      assert.ok(statSync(path).size < most, `${statSync(path).size} bytes`);
      const page = await open(browser, path);
      for (let tab = 1; tab <= TABS; tab++) {
        await press(page, String(tab));
        assert.doesNotMatch(await text(page, "#app"), /undefined|NaN\s?(ns|%|B)/, `tab ${tab}`);
      }
      assert.deepEqual(page.messages, []);
      assert.deepEqual(page.requests, []);
      await page.close();
    });
});
