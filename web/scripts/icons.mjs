// The icons of the installed app, drawn from public/favicon.svg: npm run icons.
// The maskable one has no corners and leaves a margin: the system cuts its own shape.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { chromium } from "playwright-core";

const PUBLIC = new URL("../public/", import.meta.url);
const ICONS = [
  ["icon-192.png", 192, false],
  ["icon-512.png", 512, false],
  ["icon-maskable-512.png", 512, true],
];
const SAFE = 0.8; // what is outside of this circle may be cut away (W3C manifest, "safe zone")

const svg = readFileSync(new URL("favicon.svg", PUBLIC), "utf8");
const ground = /fill="(#[0-9a-f]{6})"/.exec(svg)?.[1] ?? "#ffffff";
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
mkdirSync(new URL("icons/", PUBLIC), { recursive: true });
for (const [name, size, isMaskable] of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const side = isMaskable ? size * SAFE : size;
  const back = isMaskable ? ground : "transparent";
  await page.setContent(
    `<style>*{margin:0}body{display:grid;place-items:center;width:${size}px;height:${size}px;background:${back}}` +
      `svg{width:${side}px;height:${side}px}</style>${svg}`,
  );
  const file = new URL(`icons/${name}`, PUBLIC);
  writeFileSync(file, await page.screenshot({ type: "png", omitBackground: true }));
  await page.close();
}
await browser.close();
