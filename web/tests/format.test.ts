import { describe, expect, it } from "vitest";
import { cutMiddle, makeFormat } from "@/lib/format";

const en = makeFormat("en");
const de = makeFormat("de");
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("format", () => {
  it("writes numbers as the language does, with no-break spaces", () => {
    expect(en.grams(34.9)).toBe("34.9\u00a0g");
    expect(de.grams(34.9)).toBe("34,9\u00a0g");
    expect(plain(en.grams(210.4))).toBe("210 g");
    expect(plain(de.bytes(4_200_000))).toBe("4,2 MB");
    expect(plain(en.bytes(134_000_000))).toBe("134 MB");
  });

  it("writes durations in two units at most", () => {
    expect([5, 90, 3600, 5940, 90_000, 172_800].map((s) => plain(en.duration(s)))).toEqual([
      "5 s", "2 min", "1 h", "1 h 39 min", "1 d 1 h", "2 d",
    ]);
    expect(plain(en.duration(3599))).toBe("1 h");
  });

  it("says the day with the time when it is another one", () => {
    const now = new Date(2026, 0, 5, 22, 0).getTime();
    expect(plain(en.finish(new Date(2026, 0, 5, 23, 10).toISOString(), now))).toBe("23:10");
    expect(plain(en.finish(new Date(2026, 0, 6, 2, 10).toISOString(), now))).toBe("Tue 02:10");
    expect(plain(de.finish(new Date(2026, 0, 6, 2, 10).toISOString(), now))).toBe("Di 02:10");
  });

  it("shows the target only while there is one", () => {
    expect(plain(en.temperature(219, 220))).toBe("219 / 220 °C");
    expect(plain(en.temperature(31, 0))).toBe("31 °C");
  });

  it("cuts long names in the middle", () => {
    const cut = cutMiddle("lamp-shade-with-a-long-name-v12", 16);
    expect(cut).toHaveLength(16);
    expect(cut.startsWith("lamp-shade")).toBe(true);
    expect(cut.endsWith("e-v12")).toBe(true);
    expect(cutMiddle("short", 16)).toBe("short");
  });
});
