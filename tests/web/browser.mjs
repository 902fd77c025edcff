// A headless browser with the page in it, which notes every message and every request.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { page as built } from "./page.mjs";

const puppeteer = createRequire(join(built.folder, "npm/package.json"))("puppeteer-core");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

export async function launch() {
  if (!existsSync(executablePath))
    throw new Error(`no ${executablePath}: run cmake/setup.sh targets`);
  // As root Chromium has no sandbox; the page is ours.
  return puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A server of the one file; its address, and the paths that were asked for. */
export async function serve() {
  const asked = [];
  const server = createServer(async (request, response) => {
    asked.push(request.url);
    if (request.url !== "/") return response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/html" }).end(await readFile(built.file));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}/`, asked, close: () => server.close() };
}

export const fileUrl = pathToFileURL(built.file).href;

/** The page, open and started; what it says and asks for is in .messages and .requests. */
export async function open(
  browser,
  url,
  { width = 1280, height = 900, dark = false, motion = false, touch = false } = {},
) {
  const page = await browser.newPage();
  page.messages = [];
  page.requests = [];
  page.on("console", (message) => page.messages.push(message.text()));
  page.on("pageerror", (error) => page.messages.push(error.message));
  page.on("request", (request) => page.requests.push(request.url()));
  await page.setViewport({ width, height, isMobile: touch, hasTouch: touch });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
    { name: "prefers-reduced-motion", value: motion ? "no-preference" : "reduce" },
  ]);
  await page.goto(url);
  await page.waitForSelector("html[data-ready], #failure:not([hidden])", { timeout: 60000 });
  if (await page.$("#failure:not([hidden])")) throw new Error(page.messages.join("\n"));
  return page;
}

/** Two frames: the drawing is read in the first. */
export const settled = (page) =>
  page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );

/** Moves the mouse, pressed, along strokes in units of the pad. */
export async function draw(page, strokes) {
  const box = await (await page.$("#pad")).boundingBox();
  const place = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  for (const [first, ...rest] of strokes) {
    await page.mouse.move(...place(first));
    await page.mouse.down();
    for (const point of rest) await page.mouse.move(...place(point));
    await page.mouse.up();
  }
  await settled(page);
}

/** What the tab of digits shows. */
export const shown = (page) =>
  page.evaluate(() => {
    const inked = (canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((_, i) => i % 4 === 3).some((alpha) => alpha > 0);
    };
    const text = (id) => document.getElementById(id).textContent;
    return {
      answer: text("answer"),
      time: Number(text("call-time")),
      odds: [...document.querySelectorAll("#bars data")].map(({ value }) => Number(value)),
      seen: inked(document.getElementById("seen")),
      maps: ["maps1", "maps2"].map((id) => [...document.getElementById(id).children].map(inked)),
    };
  });
