import type { ShopSettings } from "@/lib/wire";

/** Settings as they stand in the fields: "" is not set. */
export type Field = number | "";

export interface Draft {
  currency: string;
  materials: { id: number; name: string; price: Field }[];
  otherPrice: Field;
  electricity: Field;
  limitHours: Field;
  queueHours: Record<string, Field>;
  allowsFamily: boolean;
  monthGrams: Field;
  monthHours: Field;
  mayExceed: boolean;
}

const HOUR_S = 3600;

const hours = (seconds: number | null | undefined): Field =>
  seconds === null || seconds === undefined ? "" : Math.round((seconds / HOUR_S) * 100) / 100;
const seconds = (field: Field): number | null => (field === "" ? null : Math.round(field * HOUR_S));
const price = (field: Field): number | null => (field === "" ? null : field);

export function draftOf(settings: ShopSettings): Draft {
  return {
    currency: settings.currency,
    materials: Object.entries(settings.material_prices).map(([name, each], id) => ({ id, name, price: each })),
    otherPrice: settings.other_material_price ?? "",
    electricity: settings.electricity_per_h ?? "",
    limitHours: hours(settings.max_print_s),
    queueHours: Object.fromEntries(
      Object.entries(settings.queue_max_print_s).map(([queue, limit]) => [queue, hours(limit)]),
    ),
    allowsFamily: settings.allows_family,
    monthGrams: settings.month_grams ?? "",
    monthHours: settings.month_hours ?? "",
    mayExceed: settings.may_exceed_quota,
  };
}

/** The settings that the fields mean; lines without a name or a price are left out. */
export function settingsOf(draft: Draft): ShopSettings {
  const priced = draft.materials.flatMap(({ name, price: each }): [string, number][] =>
    name.trim() === "" || each === "" ? [] : [[name.trim().toUpperCase(), each]],
  );
  const limits = Object.entries(draft.queueHours).flatMap(([queue, field]): [string, number][] => {
    const limit = seconds(field);
    return limit === null ? [] : [[queue, limit]];
  });
  return {
    currency: draft.currency.trim().toUpperCase(),
    material_prices: Object.fromEntries(priced),
    other_material_price: price(draft.otherPrice),
    electricity_per_h: price(draft.electricity),
    max_print_s: seconds(draft.limitHours),
    queue_max_print_s: Object.fromEntries(limits),
    allows_family: draft.allowsFamily,
    month_grams: price(draft.monthGrams),
    month_hours: price(draft.monthHours),
    may_exceed_quota: draft.mayExceed,
  };
}
