// A headless browser with a report in it, which notes every message and every request.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

export const folder = resolve(process.env.LINNET_REPORTS);
export const here = import.meta.dirname;
const puppeteer = createRequire(join(folder, "npm/package.json"))("puppeteer-core");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

export async function launch() {
  if (!existsSync(executablePath))
    throw new Error(`no ${executablePath}: run cmake/setup.sh targets`);
  // As root Chromium has no sandbox; the page is ours.
  return puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

export const MARKER = '<script type="application/json" id="linnet-report">{}</script>';
export const built = join(folder, "page.html");
export const small = () => JSON.parse(readFileSync(join(here, "small.json"), "utf8"));

/** A report's page as linnet writes it; its path. */
export function write(name, report) {
  const json = JSON.stringify(report).replaceAll("<", "\\u003c");
  const path = join(folder, `${name}.html`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path,
    readFileSync(built, "utf8").replace(MARKER, () => MARKER.replace("{}", () => json)),
  );
  return path;
}

/** The page, open; what it says is in .messages, what it asks for in .requests, the ms until it could be used in .took. */
export async function open(
  browser,
  path,
  { hash = "", dark = false, width = 1400, height = 900 } = {},
) {
  const page = await browser.newPage();
  page.messages = [];
  page.requests = [];
  page.on("console", (message) => page.messages.push(message.text()));
  page.on("pageerror", (error) => page.messages.push(error.message));
  page.on("dialog", (dialog) => {
    page.messages.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  const own = pathToFileURL(path).href;
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== own && !/^(data|blob):/.test(url)) page.requests.push(url);
  });
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
  ]);
  const began = Date.now();
  await page.goto(own + (hash && `#${hash}`));
  await page.waitForSelector("html[data-ready]", { timeout: 60000 });
  page.took = Date.now() - began;
  await settled(page);
  return page;
}

/** Two frames: what a click changes is drawn then. */
export const settled = (page) =>
  page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );

export async function click(page, selector) {
  await page.waitForSelector(selector, { timeout: 5000 });
  await page.$eval(selector, (element) => element.scrollIntoView({ block: "center" }));
  await page.click(selector);
  await settled(page);
}

/** As `click`, for shapes of an SVG that others may cover. */
export async function choose(page, selector) {
  await page.waitForSelector(selector, { timeout: 5000 });
  await page.$eval(selector, (element) =>
    element.dispatchEvent(new MouseEvent("click", { bubbles: true })),
  );
  await settled(page);
}

export async function press(page, ...keys) {
  for (const key of keys) {
    await page.keyboard.press(key);
    await settled(page);
  }
}

export const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
export const texts = (page, selector) =>
  page.$$eval(selector, (elements) => elements.map((element) => element.textContent));
export const lit = (page) =>
  page.$$eval(".lit[data-ref]", (elements) => [
    ...new Set(elements.map((element) => element.getAttribute("data-ref"))),
  ]);
