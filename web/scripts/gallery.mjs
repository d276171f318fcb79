// The gallery in docs/: every page of the built app with the seeded answers, one command.
// npm run gallery; fails on a page wider than its window.
import { Buffer } from "node:buffer";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { preview } from "vite";

const OUT = new URL("../../docs/images/web/", import.meta.url);
const MAX_BYTES = 60 * 1024;
const JOB = "10000000-0000-4000-8000-0000000000";
const LEFT = "40000000-0000-4000-8000-000000000001";
const RIGHT = "40000000-0000-4000-8000-000000000002";

/** Dropped on the page: one that is sliced, by its name, and two that are not. */
const FILES = ["bracket.gcode.3mf", "part.stl", "notes.pdf"].map((name) => ({
  name, mimeType: "application/octet-stream", buffer: Buffer.from(name),
}));

/** Name, address, width, scheme, language, what it shows, what to press first. */
const SHOTS = [
  ["signin", "/signin", 1280, "light", "en", "Sign in"],
  ["signin-refused", "/signin?error=not_allowed", 360, "dark", "de", "Why somebody can't come in, on a phone, in German"],
  ["jobs", "/jobs", 1280, "light", "en", "My jobs, grouped by who moves next"],
  ["jobs-phone", "/jobs", 360, "light", "de", "My jobs on a phone, in German"],
  ["submit", "/jobs", 1280, "light", "en", "Submitting: what is in a file, and what can't be printed", { files: FILES }],
  ["offline", "/jobs", 360, "light", "en", "No connection, on a phone", { offline: true }],
  ["history", "/jobs?q=dra", 1280, "dark", "en", "History by words, month and kind", { end: true }],
  ["job", `/jobs/${JOB}01`, 1280, "light", "en", "A job: what happens now, timeline and talk"],
  ["job-phone", `/jobs/${JOB}02`, 360, "dark", "en", "A paused job on a phone"],
  ["approve", "/approve", 1280, "light", "en", "The work list"],
  ["approve-dark", "/approve", 1280, "dark", "de", "The same in the dark, in German"],
  ["approve-many", "/approve", 1280, "light", "en", "Several at once", { pick: true }],
  ["approve-reject", "/approve", 1280, "dark", "en", "A no needs a because", { key: "r" }],
  ["approve-phone", "/approve", 360, "light", "en", "The work list on a phone"],
  ["printers", "/printers", 1280, "light", "en", "Printers, those that need a person first"],
  ["queue", "/printers", 1280, "light", "en", "A queue: its order, and why each job waits", { end: true }],
  ["printers-phone", "/printers", 360, "dark", "en", "Printers on a phone"],
  ["bed", `/printers/${LEFT}`, 1280, "light", "en", "Is the bed clear? What was printed, and what the camera sees"],
  ["bed-phone", `/printers/${LEFT}`, 360, "light", "de", "The same on a phone, in German"],
  ["printer", `/printers/${RIGHT}`, 1280, "dark", "en", "A printer at work: camera, temperatures, what is loaded"],
  ["attention", "/admin/attention", 1280, "light", "en", "Nobody knows what became of a run: a person decides"],
  ["attention-phone", "/admin/attention", 360, "dark", "de", "The same on a phone, in German"],
  ["letters", "/admin/letters", 1280, "light", "de", "Messages that could not be read, in German"],
  ["people", "/admin/people", 1280, "light", "en", "People, roles and quotas"],
  ["nodes", "/admin/nodes", 1280, "dark", "en", "Nodes"],
  ["inventory", "/admin/printers", 1280, "light", "en", "Printers and queues"],
  ["rules", "/admin/rules", 1280, "light", "en", "Prices, limits, quotas"],
  ["trail", "/admin/trail", 360, "light", "en", "The trail on a phone"],
  ["settings", "/settings", 1280, "light", "de", "Settings, in German"],
];

/** What to do before the picture is taken. */
async function act(page, how) {
  if (how.files) {
    await page.locator("input[type=file]").first().setInputFiles(how.files);
    await page.getByRole("list", { name: /^Plates of/ }).first().waitFor();
  }
  if (how.offline) await page.context().setOffline(true);
  if (how.offline) await page.getByText("You are offline.").waitFor();
  if (how.key) await page.keyboard.press(how.key);
  if (how.pick) for (const box of await page.getByRole("checkbox").all()) await box.check();
  if (how.end) await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
}

async function take(browser, base, [name, path, width, colorScheme, locale, , how = {}]) {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 720 : 800 }, colorScheme, locale, hasTouch: width < 500, reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto(base + path);
  await page.locator("h1").first().waitFor();
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
  await page.evaluate(() => document.fonts.ready);
  await act(page, how);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  const file = new URL(`${name}.jpg`, OUT);
  for (let quality = 75; quality >= 35; quality -= 10) {
    await page.screenshot({ path: file.pathname, type: "jpeg", quality });
    if (statSync(file).size <= MAX_BYTES) break;
  }
  await context.close();
  return overflow > 0 ? `${path} at ${width}: ${overflow} px too wide` : null;
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
process.env.MOCK_STILL = "1";
const server = await preview({ mode: "mock", preview: { host: "127.0.0.1", port: Number(process.env.PORT ?? 5319) } });
const base = server.resolvedUrls.local[0].replace(/\/$/, "");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const faults = [];
for (const shot of SHOTS) {
  const fault = await take(browser, base, shot);
  if (fault !== null) faults.push(fault);
}
await browser.close();
await server.close();
const lines = SHOTS.map(([name, , width, scheme, , what]) => `## ${what}\n\n![${what}](images/web/${name}.jpg)\n\n${width} px, ${scheme}.\n`);
const head = "# Gallery\n\nEvery picture is made by `npm run gallery` (in `web/`) from the built app with seeded answers; none is drawn by hand.\n";
writeFileSync(new URL("../../docs/gallery.md", import.meta.url), `${head}\n${lines.join("\n")}`);
for (const fault of faults) console.log(fault);
process.exit(faults.length === 0 ? 0 : 1);
