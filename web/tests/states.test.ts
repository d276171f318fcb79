import { describe, expect, it } from "vitest";
import { solidColor } from "@/components/filaments";
import { isOpen } from "@/features/approve/undo";
import { errorWords, safeNext } from "@/features/signin/next";
import { ApiError, asApiError, toApiError } from "@/lib/api/problem";
import { en } from "@/lib/i18n/en";
import { byMovement, groupOf, hasProgress, shownState } from "@/lib/job-state";
import { bedAnswer, byNeed, isBedToClear, printerState } from "@/lib/printer-state";
import { TONES } from "@/lib/tones";
import { aJob, aPrinter } from "./builders";

describe("job", () => {
  it("shows the phase within printing, else the status", () => {
    expect(shownState(aJob({ phase: "transferring" }))).toBe("transferring");
    expect(shownState(aJob({ phase: "printing" }))).toBe("printing");
    expect(shownState(aJob({ status: "cancelling", phase: "paused" }))).toBe("cancelling");
  });

  it("is grouped by who moves next", () => {
    expect(groupOf(aJob({ status: "returned" }))).toBe("needsYou");
    expect(groupOf(aJob({ status: "attention", allowed_actions: ["resolve"] }))).toBe("needsYou");
    expect(groupOf(aJob({ status: "attention" }))).toBe("now");
    expect(groupOf(aJob({ status: "failed" }))).toBe("history");
  });

  it("stands above those that wait when it moves", () => {
    const jobs = [aJob({ status: "submitted" }), aJob({ status: "queued" }), aJob({ status: "printing" })];
    expect(jobs.sort(byMovement).map((job) => job.status)).toEqual(["printing", "queued", "submitted"]);
  });

  it("has no bar before the first layer", () => {
    expect(hasProgress(aJob({ phase: "starting", percent: null }))).toBe(false);
    expect(hasProgress(aJob({ phase: "printing", percent: 0, layer: 0 }))).toBe(false);
    expect(hasProgress(aJob({ phase: "printing", percent: 0, layer: 1 }))).toBe(true);
    expect(hasProgress(aJob({ phase: "paused", percent: 3 }))).toBe(true);
  });
});

describe("printer", () => {
  const occupied = { ...aPrinter().bed, state: "occupied" as const };

  it("says first what a person must know", () => {
    expect(printerState(aPrinter({ is_online: false, current_job: aJob() }))).toBe("offline");
    expect(printerState(aPrinter({ current_job: aJob({ status: "attention" }) }))).toBe("attention");
    expect(printerState(aPrinter({ current_job: aJob({ phase: "paused" }) }))).toBe("paused");
    expect(printerState(aPrinter({ activity: "printing" }))).toBe("busy");
    expect(printerState(aPrinter({ activity: "finished", bed: occupied }))).toBe("bed");
    expect(printerState(aPrinter({ activity: "failed", code: "0300-8008" }))).toBe("error");
    expect(printerState(aPrinter())).toBe("ready");
  });

  it("asks for the bed only when it is heard and stands still", () => {
    expect(bedAnswer(aPrinter({ is_online: false }))).toBe("no_word");
    expect(bedAnswer(aPrinter({ activity: "paused" }))).toBe("busy");
    expect(bedAnswer(aPrinter({ activity: "failed" }))).toBe("possible");
  });

  it("is a bed to clear only for who may, and only when it stands still", () => {
    const asked = { bed: occupied, allowed_actions: ["clear_bed" as const] };
    expect(isBedToClear(aPrinter(asked))).toBe(true);
    expect(isBedToClear(aPrinter({ ...asked, allowed_actions: [] }))).toBe(false);
    expect(isBedToClear(aPrinter({ ...asked, activity: "printing" }))).toBe(false);
    expect(isBedToClear(aPrinter({ ...asked, is_online: false }))).toBe(false);
    expect(isBedToClear(aPrinter({ allowed_actions: ["clear_bed"] }))).toBe(false);
  });

  it("comes first when it needs a person", () => {
    const printers = [aPrinter({ name: "a" }), aPrinter({ name: "b", bed: occupied })];
    expect(printers.sort(byNeed).map((printer) => printer.name)).toEqual(["b", "a"]);
  });
});

describe("small things", () => {
  it("lets nobody be sent elsewhere after signing in", () => {
    expect(safeNext("/jobs/1?x=2")).toBe("/jobs/1?x=2");
    expect([null, "https://evil.example", "//evil.example", "/\\evil.example", "/signin?next=/"].map(safeNext)).toEqual(
      ["/", "/", "/", "/", "/"],
    );
  });

  it("has a sentence for every sign-in error", () => {
    expect(errorWords(en, "expired")).toBe(en.signin.errors.expired);
    expect(errorWords(en, "surprise").text).toContain("surprise");
  });

  it("reads problems, and takes every other end for a lost line", () => {
    const error = toApiError(409, { status: 409, type: "/problems/x", title: "", detail: "Too late.", job: aJob() });
    expect(error).toMatchObject({ status: 409, detail: "Too late.", job: { id: "job-1" } });
    expect(toApiError(502, "<html>").detail).toBeNull();
    expect(asApiError(new TypeError("x")).isLineError).toBe(true);
    expect(new ApiError(503, null, null, null).isTransient).toBe(true);
    expect(new ApiError(422, null, null, null).isTransient).toBe(false);
  });

  it("shows solid colours only", () => {
    expect(["#F0722E", "F0722EFF", "#FFFFFF00", "", "red"].map(solidColor)).toEqual([
      "#F0722E", "#F0722E", null, null, null,
    ]);
  });

  it("knows until when an approval can be undone", () => {
    const now = Date.parse("2026-01-05T10:00:00Z");
    expect(isOpen({ not_before: "2026-01-05T10:00:08Z" }, now)).toBe(true);
    expect(isOpen({ not_before: "2026-01-05T09:59:59Z" }, now)).toBe(false);
    expect(isOpen({ not_before: null }, now)).toBe(false);
  });
});

describe("tones", () => {
  const channel = (hex: string, at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const light = (hex: string) => 0.2126 * channel(hex, 1) + 0.7152 * channel(hex, 3) + 0.0722 * channel(hex, 5);
  const contrast = (a: string, b: string) => {
    const [high = 0, low = 0] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };

  it.each(Object.entries(TONES))("%s reads on its own pale ground and under white", (name, shades) => {
    expect(contrast(shades[9], shades[1])).toBeGreaterThan(7);
    if (name !== "warn") expect(contrast("#ffffff", shades[7])).toBeGreaterThan(4.5);
  });

  it("filled amber carries dark text", () => {
    expect(contrast("#2b1a00", "#f9a82f")).toBeGreaterThan(7);
  });
});
