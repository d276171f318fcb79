import { describe, expect, it } from "vitest";
import { faultOf, MAX_BYTES, plainName } from "@/features/submit/file-check";
import {
  coarseSeconds, isKept, isOnTheWay, jobsIn, keptOf, restoredEntry, speedOf, totalOf, trayAfter, type Tray,
  type TrayEvent,
} from "@/features/submit/tray-state";
import { aJob, anArtifact, aPlate } from "./builders";

function after(...events: TrayEvent[]): Tray {
  return events.reduce<Tray>(trayAfter, []);
}

const added: TrayEvent = { type: "added", id: "e", filename: "bracket.gcode.3mf", size: 1000, fault: null };

describe("faultOf", () => {
  it.each([
    ["part.stl", 10, "model"],
    ["part.STEP", 10, "model"],
    ["part.gcode", 10, "gcode"],
    ["notes.pdf", 10, "other"],
    ["gear.3mf", 0, "empty"],
    ["lamp.3mf", MAX_BYTES + 1, "large"],
    ["lamp.3mf", MAX_BYTES, null],
    ["bracket.gcode.3mf", 10, null],
  ] as const)("%s of %d bytes: %s", (name, size, fault) => {
    expect(faultOf(name, size)).toBe(fault);
  });

  it("calls a file by its plain name", () => {
    expect(plainName("bracket.gcode.3mf")).toBe("bracket");
    expect(plainName("bracket.3MF")).toBe("bracket");
  });
});

describe("tray", () => {
  it("keeps a faulty file with its fault and doesn't send it", () => {
    const [entry] = after({ ...added, fault: "model" });
    expect(entry).toMatchObject({ stage: "failed", fault: { kind: "local", fault: "model" } });
    expect(entry && isOnTheWay(entry)).toBe(false);
  });

  it("goes from sending to ready and chooses the only plate by itself", () => {
    const [entry] = after(
      added,
      { type: "stage", id: "e", stage: "hashing" },
      { type: "artifact", id: "e", artifact: anArtifact({ state: "uploading" }) },
      { type: "stage", id: "e", stage: "sending" },
      { type: "progress", id: "e", sent: 500, atMs: 1 },
      { type: "stage", id: "e", stage: "finishing" },
      { type: "artifact", id: "e", artifact: anArtifact({ state: "checking" }) },
      { type: "artifact", id: "e", artifact: anArtifact({ state: "ready", plates: [aPlate(1)] }) },
    );
    expect(entry).toMatchObject({ stage: "ready", copies: { 1: 1 }, fault: null });
  });

  it("chooses none of several plates", () => {
    const [entry] = after(added, {
      type: "artifact", id: "e", artifact: anArtifact({ state: "ready", plates: [aPlate(1), aPlate(2)] }),
    });
    expect(entry?.copies).toEqual({});
    expect(entry && jobsIn(entry)).toBe(0);
  });

  it("counts jobs over plates and copies, at most 20 copies each", () => {
    const [entry] = after(
      added,
      { type: "artifact", id: "e", artifact: anArtifact({ state: "ready", plates: [aPlate(1), aPlate(2)] }) },
      { type: "copies", id: "e", plate: 1, copies: 2 },
      { type: "copies", id: "e", plate: 2, copies: 99 },
    );
    expect(entry && jobsIn(entry)).toBe(22);
    const [without] = after(added, { type: "copies", id: "e", plate: 1, copies: 1 }, { type: "copies", id: "e", plate: 1, copies: 0 });
    expect(without?.copies).toEqual({});
  });

  it("keeps note and choices when submitting fails", () => {
    const [entry] = after(
      added,
      { type: "artifact", id: "e", artifact: anArtifact({ state: "ready", plates: [aPlate(1)] }) },
      { type: "note", id: "e", note: "for the door" },
      { type: "stage", id: "e", stage: "submitting" },
      { type: "submitFailed", id: "e", error: new Error("503") },
    );
    expect(entry).toMatchObject({ stage: "ready", note: "for the door", copies: { 1: 1 } });
    expect(entry?.fault?.kind).toBe("api");
  });

  it("a late word about the artifact doesn't undo a submission", () => {
    const ready: TrayEvent = { type: "artifact", id: "e", artifact: anArtifact({ state: "ready", plates: [aPlate(1)] }) };
    const [entry] = after(added, ready, { type: "submitted", id: "e", jobs: [aJob()] }, ready);
    expect(entry?.stage).toBe("submitted");
  });

  it("starts a lost upload again from nothing", () => {
    const [lost] = after(
      added,
      { type: "stage", id: "e", stage: "sending" },
      { type: "progress", id: "e", sent: 620, atMs: 1 },
      { type: "lost", id: "e", retryAtMs: 1000 },
    );
    expect(lost).toMatchObject({ stage: "lost", sent: 620, retryAtMs: 1000 });
    const [again] = lost ? trayAfter([lost], { type: "stage", id: "e", stage: "sending" }) : [];
    expect(again).toMatchObject({ stage: "sending", sent: 0, retryAtMs: null });
  });

  it("asks for the file again when its bytes never arrived", () => {
    const restored = after({ type: "restored", entries: after(added, { type: "artifact", id: "e", artifact: anArtifact() }) });
    const [entry] = trayAfter(restored, { type: "artifact", id: "e", artifact: anArtifact({ state: "uploading" }) });
    expect(entry).toMatchObject({ stage: "failed", fault: { kind: "unreadable" } });
  });

  it("takes a file that was chosen again with the note and copies that are kept", () => {
    const [entry] = after(
      added,
      { type: "note", id: "e", note: "for the door" },
      { type: "failed", id: "e", fault: { kind: "gone" } },
      { type: "chosenAgain", id: "e" },
    );
    expect(entry).toMatchObject({ stage: "waiting", note: "for the door", fault: null });
  });

  it.each([
    [{ type: "stage", id: "e", stage: "sending" }, true],
    [{ type: "failed", id: "e", fault: { kind: "session" } }, true],
    [{ type: "failed", id: "e", fault: { kind: "gone" } }, true],
    [{ type: "failed", id: "e", fault: { kind: "store", status: 503 } }, true],
    [{ type: "failed", id: "e", fault: { kind: "local", fault: "large" } }, false],
    [{ type: "submitted", id: "e", jobs: [] }, false],
  ] as const)("outlives the page after %o: %s", (event, kept) => {
    const [entry] = after(added, event);
    expect(entry && isKept(entry)).toBe(kept);
  });

  it.each([
    [null, "waiting"],
    [anArtifact({ state: "uploading" }), "waiting"],
    [anArtifact({ state: "checking" }), "checking"],
    [anArtifact({ state: "ready" }), "checking"],
  ] as const)("after a reload goes on where it was", (artifact, stage) => {
    const [entry] = after(added, { type: "note", id: "e", note: "for the door" });
    if (entry === undefined) throw new Error("no entry");
    expect(restoredEntry(keptOf({ ...entry, artifact }))).toMatchObject({ stage, note: "for the door", artifact });
  });

  it("sums up what is on its way", () => {
    const tray = after(
      added,
      { ...added, id: "f", size: 3000 },
      { type: "stage", id: "e", stage: "sending" },
      { type: "progress", id: "e", sent: 1000, atMs: 1 },
    );
    expect(totalOf(tray)).toEqual({ files: 2, percent: 25 });
    expect(totalOf([])).toBeNull();
  });
});

describe("speed", () => {
  it("is told after 3 s, as the mean of the last 10 s", () => {
    expect(speedOf([{ atMs: 0, sent: 0 }, { atMs: 2000, sent: 4000 }])).toBeNull();
    expect(speedOf([{ atMs: 0, sent: 0 }, { atMs: 4000, sent: 4000 }])).toBe(1000);
  });

  it("gives time left in coarse steps", () => {
    expect([3, 17, 44, 130].map(coarseSeconds)).toEqual([5, 20, 50, 180]);
  });
});
