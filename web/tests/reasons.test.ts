import { describe, expect, it } from "vitest";
import { draftOf, settingsOf } from "@/features/shop/draft";
import { makeFormat } from "@/lib/format";
import { de } from "@/lib/i18n/de";
import { en } from "@/lib/i18n/en";
import { bySeverity, colorWord, costWords, findingText, reasonText } from "@/lib/reasons";
import type { FilamentFeed, Finding, JobCost, ShopSettings } from "@/lib/wire";

const EN = makeFormat("en");
const DE = makeFormat("de");
const REASON = { code: "not_loaded", params: { needs: "PETG", has: "PLA", missing: "PETG" }, text: "Server words." };

function feed(distance: number | null): FilamentFeed {
  const needed = { index: 1, type: "PLA", color: "#FF0000", used_g: 3, used_m: 1, in_ams: null, is_support: null };
  const tray = { slot: 0, type: "PLA", color: "#FF0000", remaining_g: null };
  return { needed, tray, is_external: false, color_distance: distance, is_short: false };
}

describe("why a job waits", () => {
  it("is said in the reader's language", () => {
    expect(reasonText(en, EN, REASON)).toBe("It needs PETG; loaded is PLA. Load PETG, or slice it for what is loaded.");
    expect(reasonText(de, DE, REASON)).toContain("geladen ist PLA");
  });

  it("is said in the server's words when this build does not know the code", () => {
    expect(reasonText(de, DE, { ...REASON, code: "of_next_year" })).toBe("Server words.");
  });

  it("has every code in both languages, with its values and without holes", () => {
    const params = {
      needs: "PLA", has: "PETG", missing: "PLA", needs_mm: 0.6, has_mm: 0.4, axis: "x", from_mm: -3, to_mm: 260,
      room_mm: 256, model: "P1S", width_mm: 18, depth_mm: 28, estimate_s: 7200, limit_s: 3600, filaments: 2,
    };
    for (const code of Object.keys(en.why)) {
      for (const [t, f] of [[en, EN], [de, DE]] as const) {
        const text = reasonText(t, f, { code, params, text: "" });
        expect(text).toMatch(/\.$/);
        expect(text).not.toMatch(/undefined|NaN|null/);
      }
    }
    expect(Object.keys(de.why).sort()).toEqual(Object.keys(en.why).sort());
  });

  it("speaks German numbers in German", () => {
    const nozzle = { code: "wrong_nozzle", params: { needs_mm: 0.6, has_mm: 0.4 }, text: "" };
    expect(reasonText(de, DE, nozzle)).toContain("0,6 mm");
  });
});

describe("what is known of a file", () => {
  it("shows the worst first and unknown findings in English", () => {
    const finding = (severity: Finding["severity"]): Finding => ({ severity, code: "x_y", text: "As it is.", line: null, count: 1 });
    const sorted = [finding("note"), finding("refuse"), finding("warn")].sort(bySeverity);
    expect(sorted.map((each) => each.severity)).toEqual(["refuse", "warn", "note"]);
    expect(findingText(de, finding("note"))).toBe("As it is.");
  });

  it("tells colours that differ, not those that nobody knows", () => {
    expect([null, 0, 2, 5, 60].map((distance) => colorWord(feed(distance)))).toEqual([
      null, null, null, "nearColor", "otherColor",
    ]);
  });

  it("says what a print costs and what is left out", () => {
    const cost: JobCost = { currency: "EUR", material: 0.7, electricity: 0.06, total: 0.76, unpriced: ["ABS"] };
    expect(costWords(en, EN, cost).sum).toBe("about €0.76");
    expect(costWords(en, EN, cost).rest).toBe("€0.70 material, €0.06 electricity; without ABS: no price is set");
    expect(costWords(de, DE, { ...cost, electricity: null, unpriced: [] }).rest).toBe("");
  });
});

describe("settings in their fields", () => {
  const settings: ShopSettings = {
    currency: "EUR", material_prices: { PLA: 19.9 }, other_material_price: null, electricity_per_h: 0.04,
    max_print_s: 43_200, queue_max_print_s: { night: 86_400 }, allows_family: true,
    month_grams: 500, month_hours: null, may_exceed_quota: false,
  };

  it("come back as they were", () => {
    expect(settingsOf(draftOf(settings))).toEqual(settings);
  });

  it("leave out lines without a name or a price", () => {
    const draft = draftOf(settings);
    draft.materials.push({ id: 7, name: " ", price: 3 }, { id: 8, name: "petg", price: "" }, { id: 9, name: " abs ", price: 22 });
    draft.queueHours = { night: "" };
    const after = settingsOf(draft);
    expect(after.material_prices).toEqual({ PLA: 19.9, ABS: 22 });
    expect(after.queue_max_print_s).toEqual({});
  });
});
