import { describe, expect, it } from "vitest";
import { withFolded, type Row } from "@/features/approve/folded";
import { aJob } from "./builders";

const NOBODY: ReadonlySet<string> = new Set();

function list(ids: string): Row[] {
  return withFolded([], Array.from(ids, (id) => aJob({ id })), NOBODY);
}

function said(rows: readonly Row[]): string {
  return rows.map(({ job, isFolded }) => (isFolded ? `(${job.id})` : job.id)).join("");
}

function after(before: Row[], ids: string, own = ""): string {
  return said(withFolded(before, Array.from(ids, (id) => aJob({ id })), new Set(own)));
}

describe("withFolded", () => {
  it("shows the list as it is at first", () => {
    expect(said(list("abc"))).toBe("abc");
  });

  it.each([
    ["bc", "(a)bc"],
    ["ac", "a(b)c"],
    ["ab", "ab(c)"],
    ["", "(a)(b)(c)"],
    ["acd", "a(b)cd"],
  ])("keeps in its place what left the list: %s", (now, shown) => {
    expect(after(list("abc"), now)).toBe(shown);
  });

  it("keeps no trace of what was decided here", () => {
    expect(after(list("abc"), "c", "a")).toBe("(b)c");
  });

  it("unfolds what comes back", () => {
    const folded = withFolded(list("ab"), [aJob({ id: "b" })], NOBODY);
    expect(said(folded)).toBe("(a)b");
    expect(after(folded, "ab")).toBe("ab");
  });

  it("keeps the order of several that left one after another", () => {
    const once = withFolded(list("abcd"), ["a", "c", "d"].map((id) => aJob({ id })), NOBODY);
    expect(after(once, "ad")).toBe("a(b)(c)d");
  });
});
