// The site in a headless Chromium, from file:, as a reader uses it; nothing is asked of any network.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch } from "../web/browser.mjs";

const site = process.env.LINNET_SITE;
const pictures = join(process.env.LINNET_PAGE, "screenshots");
const address = (page) => new URL(page, `${pathToFileURL(site)}/`).href;
let browser;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  browser = await launch();
});
after(() => browser.close());

async function open(page, { width = 1400, height = 1000, dark = false, media } = {}) {
  const tab = await browser.newPage();
  tab.faults = [];
  tab.on("console", (message) => {
    if (message.type() !== "log") tab.faults.push(`console: ${message.text()}`); // the theme logs its mode
  });
  tab.on("pageerror", (error) => tab.faults.push(error.message));
  tab.on("requestfailed", (request) => tab.faults.push(`failed: ${request.url()}`));
  tab.on("request", (request) => {
    if (!/^(?:file|data):/.test(request.url())) tab.faults.push(`asked: ${request.url()}`);
  });
  await tab.setViewport({ width, height, isMobile: width < 600, hasTouch: width < 600 });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  if (media) await tab.emulateMediaType(media);
  await tab.goto(address(page));
  return tab;
}

async function leave(tab) {
  assert.deepEqual(tab.faults, []);
  await tab.close();
}

/** Perceived brightness of the page's ground, 0 to 255. */
const brightness = (tab) =>
  tab.evaluate(() => {
    const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
    return 0.3 * r + 0.6 * g + 0.1 * b;
  });

const links = (tab) =>
  tab.$$eval(".sidebar-tree a.reference.internal", (all) => all.map(({ href }) => href.split("#")[0]));

test("every page of the navigation opens, and shows its title and pictures", async () => {
  const tab = await open("index.html");
  const pages = [...new Set(await links(tab))];
  for (const page of ["docs/tutorial", "docs/cli", "docs/numerics", "CONTRIBUTING", "tests/README"])
    assert.ok(pages.includes(address(`${page}.html`)), page);
  for (const page of pages) {
    await tab.goto(page);
    const { title, pictures, broken } = await tab.evaluate(() => {
      const images = [...document.querySelectorAll("article img")];
      return {
        title: document.querySelector("article h1")?.textContent,
        pictures: images.length,
        broken: images.filter((image) => !image.naturalWidth).map(({ src }) => src),
      };
    });
    assert.ok(title, `${page} has a title`);
    assert.deepEqual(broken, [], page);
    if (page.endsWith("docs/series.html")) assert.equal(pictures, 3);
  }
  await leave(tab);
});

for (const [words, page] of [
  ["firmware", "docs/targets.html"],
  ["kaiming_uniform", "docs/language.html"],
  ["--diagnostics", "docs/cli.html"],
  ["fuse_pool", "docs/passes.html"],
])
  test(`the search finds ${words} in ${page}`, async () => {
    const tab = await open("docs/c.html");
    await tab.type(".sidebar-search", words);
    await Promise.all([tab.waitForNavigation(), tab.keyboard.press("Enter")]);
    const found = `#search-results a[href^="${page}"]`;
    await tab.waitForSelector(found);
    await Promise.all([tab.waitForNavigation(), tab.click(found)]);
    assert.equal(tab.url().split(/[?#]/)[0], address(page));
    const text = await tab.$eval("article", ({ innerText }) => innerText.toLowerCase());
    assert.ok(text.includes(words));
    await leave(tab);
  });

test("the tour leads to reports, which open", async () => {
  const tab = await open("docs/tour.html");
  const reports = await tab.$$eval('article a[href*="reports/"]', (all) => all.map(({ href }) => href));
  assert.equal(new Set(reports).size, 3);
  for (const report of reports) {
    await tab.goto(report);
    await tab.waitForSelector("html[data-ready]");
    assert.ok(await tab.$(".source .word"), report);
  }
  await leave(tab);
});

test("what nobody wrote is not found", async () => {
  const tab = await open("search.html?q=xyzzyplugh");
  await tab.waitForFunction(() => document.querySelector(".search-summary")?.innerText.includes("did not match"));
  assert.equal(await tab.$("#search-results li"), null);
  await leave(tab);
});

test("light and dark follow the reader, and the button", async () => {
  for (const dark of [false, true]) {
    const tab = await open("docs/tutorial.html", { dark });
    await tab.screenshot({ path: join(pictures, dark ? "dark.png" : "light.png") });
    assert.equal((await brightness(tab)) < 128, dark);
    const click = () => tab.$$eval(".theme-toggle", (all) => all.find((b) => b.offsetParent).click());
    const seen = new Set();
    for (let i = 0; i < 3; ++i) {
      await click();
      seen.add((await brightness(tab)) < 128);
    }
    assert.equal(seen.size, 2, "the button changes it");
    await leave(tab);
  }
});

test("models are coloured", async () => {
  const tab = await open("docs/tutorial.html");
  const colours = await tab.$$eval(".highlight-lin span", (all) => [
    ...new Set(all.filter((s) => s.textContent.trim()).map((s) => getComputedStyle(s).color)),
  ]);
  assert.ok(colours.length >= 4, `${colours}`);
  assert.equal(await tab.$(".highlight .err"), null);
  await leave(tab);
});

test("on a phone no page is wider than the screen", async () => {
  const tab = await open("index.html", { width: 390, height: 800 });
  await tab.screenshot({ path: join(pictures, "phone.png") });
  for (const page of new Set(await links(tab))) {
    await tab.goto(page);
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${page} is ${wide} pixels too wide`);
  }
  await leave(tab);
});

test("on paper there is the page without its navigation", async () => {
  const tab = await open("docs/numerics.html", { media: "print" });
  for (const part of [".sidebar-drawer", ".toc-drawer"])
    assert.equal(await tab.$eval(part, (e) => getComputedStyle(e).display), "none", part);
  await leave(tab);
});
