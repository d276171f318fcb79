import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Manifest {
  start_url: string;
  display: string;
  icons: { src: string; sizes: string; type: string; purpose: string }[];
}

const PUBLIC = "public";
const manifest = JSON.parse(readFileSync(`${PUBLIC}/manifest.webmanifest`, "utf8")) as Manifest;
const PNG = "89504e470d0a1a0a";

/** Width and height of a PNG: its first chunk. */
function sizeOf(path: string): string {
  const bytes = readFileSync(path);
  expect(bytes.subarray(0, 8).toString("hex")).toBe(PNG);
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

describe("manifest", () => {
  it("has what browsers ask of an app that can be installed", () => {
    expect(manifest).toMatchObject({ start_url: "/jobs", display: "standalone" });
    const png = manifest.icons.filter(({ type }) => type === "image/png");
    expect(png.map(({ sizes, purpose }) => `${sizes} ${purpose}`)).toEqual([
      "192x192 any", "512x512 any", "512x512 maskable",
    ]);
  });

  it("names icons that are there, in the size that it says", () => {
    for (const icon of manifest.icons) {
      const path = `${PUBLIC}${icon.src}`;
      if (icon.type === "image/png") expect(sizeOf(path)).toBe(icon.sizes);
      else expect(readFileSync(path, "utf8")).toContain("<svg");
    }
  });

  it("is named by the page", () => {
    expect(readFileSync("index.html", "utf8")).toContain('rel="manifest" href="/manifest.webmanifest"');
  });
});
