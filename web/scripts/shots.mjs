// Screenshots of every page, in both schemes and widths, for a critical eye.
// node scripts/shots.mjs <base-url> <out-dir> [path ...]; SHOTS_LANG, SHOTS_COOKIE as needed.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

const [base = "http://127.0.0.1:5173", out = "shots", ...wanted] = process.argv.slice(2);
const paths = wanted.length > 0 ? wanted : ["/jobs", "/approve", "/printers", "/settings", "/signin", "/nowhere"];
const language = process.env.SHOTS_LANG ?? "en";
mkdirSync(out, { recursive: true });

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
let wide = 0;
for (const colorScheme of (process.env.SHOTS_SCHEMES ?? "light,dark").split(",")) {
  for (const width of (process.env.SHOTS_WIDTHS ?? "1280,360").split(",").map(Number)) {
    const context = await browser.newContext({
      viewport: { width, height: width < 500 ? 720 : 860 },
      colorScheme,
      locale: language,
      deviceScaleFactor: 1,
      hasTouch: width < 500,
    });
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && console.log("console:", message.text()));
    page.on("pageerror", (error) => console.log("page error:", error.message));
    for (const path of paths) {
      await page.goto(base + path);
      await page.waitForSelector("h1");
      await page.waitForTimeout(1300);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (overflow > 0) {
        wide += 1;
        console.log(`${path} at ${width}: ${overflow} px too wide`);
      }
      const name = path.replaceAll("/", "_").replace(/^_/, "").slice(-60) || "start";
      await page.screenshot({ path: `${out}/${name}-${width}-${colorScheme}-${language}.png`, fullPage: width > 500 || process.env.SHOTS_FULL === "1" });
    }
    await context.close();
  }
}
await browser.close();
process.exit(wide === 0 ? 0 : 1);
