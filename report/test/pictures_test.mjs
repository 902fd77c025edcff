// The pictures of docs/tour.md show what a report shows today.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { launch } from "./browser.mjs";
import { VIEWS, docs, entry, fileOf, kept, reports, show, sum, words } from "./pictures.mjs";

const AGAIN = "make report-pictures takes them again";

let browser, paths;
before(async () => {
  browser = await launch();
  paths = reports();
});
after(() => browser?.close());

describe("the pictures of the tour", () => {
  const entries = readFileSync(kept, "utf8").split(/^(?=== )/m);
  it("are all in it", () => {
    const tour = readFileSync(join(docs, "tour.md"), "utf8");
    for (const { name } of VIEWS) assert.ok(tour.includes(`](tour_${name}.png)`), name);
    assert.equal(entries.length, VIEWS.length);
  });
  VIEWS.forEach((view, i) =>
    it(`${view.name} shows these words`, async () => {
      const page = await show(browser, paths, view);
      const now = entry(view, sum(fileOf(view)), await words(page));
      assert.ok(statSync(fileOf(view)).size < 130_000);
      assert.deepEqual(page.messages, []);
      assert.deepEqual(now.split("\n"), entries[i].split("\n"), AGAIN);
      await page.close();
    }),
  );
});
