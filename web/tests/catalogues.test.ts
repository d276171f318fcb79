import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { de } from "@/lib/i18n/de";
import { server } from "@/lib/i18n/de-server";
import { en } from "@/lib/i18n/en";

type Tree = Record<string, unknown>;

function leaves(tree: Tree, prefix = ""): [path: string, value: unknown][] {
  return Object.entries(tree).flatMap(([key, value]): [string, unknown][] => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const isBranch = typeof value === "object" && value !== null && !Array.isArray(value);
    return isBranch ? leaves(value as Tree, path) : [[path, value]];
  });
}

function paths(tree: Tree): string[] {
  return leaves(tree).map(([path]) => path);
}

function sources(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "i18n" || entry.name === "generated" ? "" : sources(path);
      return /\.tsx?$/.test(entry.name) ? readFileSync(path, "utf8") : "";
    })
    .join("\n");
}

/** Looked up by a value of the API, not by name: these branches are used as a whole. */
const BY_VALUE = ["server", "events", "requeued", "status", "signin.errors", "printers.state", "attention.choices", "attention.causes", "attention.activity", "attention.told", "attention.witness", "attention.against", "bad", "jobs.filter", "app.theme", "act", "why", "finding", "many.codes", "many.whats", "review.severity", "admin.trail.deeds", "admin.trail.kinds", "admin.pages", "admin.roles", "admin.roleHints"];

describe("catalogues", () => {
  it("have the same keys", () => {
    expect(paths(de).sort()).toEqual(paths(en).sort());
  });

  it("translate every sentence", () => {
    const german = new Map(leaves(de));
    const same = leaves(en).filter(
      ([path, value]) => typeof value === "string" && value.includes(" ") && value === german.get(path),
    );
    expect(same).toEqual([]);
  });

  it("say in German why a file is refused, whatever the reason", () => {
    const folder = "../services/inspection";
    const text = readdirSync(folder)
      .filter((name) => name.endsWith(".py"))
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("\n");
    const codes = Array.from(text.matchAll(/Refusal\(\s*"(\w+)"/g), ([, code]) => code ?? "");
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => server.refusals[code] === undefined)).toEqual([]);
  });

  it("hold no key that nothing shows", () => {
    const text = sources("src");
    const unused = paths(en).filter((path) => {
      if (BY_VALUE.some((branch) => path === branch || path.startsWith(`${branch}.`))) return false;
      const [name = "", parent = ""] = path.split(".").reverse();
      const isNamed = text.includes(`t.${path}`) || text.includes(`names.${name}`);
      // A part of a page takes its branch as `words` and the leaf from there, or the branch as a whole.
      return !isNamed && !text.includes(`words.${name}`) && !text.includes(`words.${parent}`);
    });
    expect(unused).toEqual([]);
  });

  it("speak without exclamation marks and politeness", () => {
    const text = readFileSync("src/lib/i18n/en.ts", "utf8");
    expect(text).not.toMatch(/(oops|successfully|an error occurred)/i);
    expect(text).not.toMatch(/[a-z]!["`]/);
  });
});
