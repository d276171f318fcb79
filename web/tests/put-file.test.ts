import { describe, expect, it } from "vitest";
import { nowAndThen } from "@/features/submit/put-file";

function toldOf(events: readonly [loaded: number, timeStamp: number][], total: number): number[] {
  const told: number[] = [];
  const tell = nowAndThen((bytes) => told.push(bytes));
  for (const [loaded, timeStamp] of events) tell({ loaded, total, timeStamp });
  return told;
}

describe("nowAndThen", () => {
  it("tells of the first bytes at once", () => {
    expect(toldOf([[10, 0]], 100)).toEqual([10]);
  });

  it("tells four times a second, however often the browser does", () => {
    const events = Array.from({ length: 40 }, (_, number): [number, number] => [number, number * 50]);
    expect(toldOf(events, 100)).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
  });

  it("tells of the last bytes, however soon they follow", () => {
    expect(toldOf([[10, 0], [100, 1]], 100)).toEqual([10, 100]);
  });
});
