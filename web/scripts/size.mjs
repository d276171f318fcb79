// The script and the styles of the first load of /jobs, gzipped, against their budgets.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const SCRIPT_BUDGET = 200 * 1024;
const CSS_BUDGET = 25 * 1024;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const scripts = new Set();
const styles = new Set();
function take(key) {
  const chunk = manifest[key];
  if (chunk === undefined || scripts.has(chunk.file)) return;
  scripts.add(chunk.file);
  for (const style of chunk.css ?? []) styles.add(style);
  for (const imported of chunk.imports ?? []) take(imported);
}
take("index.html");
// One catalogue is always loaded: the larger one counts.
take("src/lib/i18n/de.ts");

const weigh = (files) =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length, 0);
const script = weigh(scripts);
const css = weigh(styles);
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
console.log(`script ${kib(script)} of ${kib(SCRIPT_BUDGET)}, css ${kib(css)} of ${kib(CSS_BUDGET)}`);
process.exit(script <= SCRIPT_BUDGET && css <= CSS_BUDGET ? 0 : 1);
