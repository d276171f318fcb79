import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";

it("loads at first no more script and style than allowed", () => {
  expect(existsSync("dist/.vite/manifest.json"), "the app is not built: npm run build").toBe(true);
  // It ends with an error when it is over the budget.
  const said = execFileSync("node", ["scripts/size.mjs"], { encoding: "utf8" });
  expect(said).toMatch(/^script \d+\.\d KiB of 200\.0 KiB, css \d+\.\d KiB of 25\.0 KiB$/m);
});
