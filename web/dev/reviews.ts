import type { components } from "../src/generated/api.ts";
import { quotaOf } from "./work.ts";
import { plates } from "./seeds.ts";
import type { World } from "./world.ts";

type Schemas = components["schemas"];
type Route = [string, RegExp, (match: RegExpMatchArray, body: Record<string, unknown>, url: URL) => [number, unknown]];

const FINDINGS: Schemas["Finding"][] = [
  { severity: "note", code: "progress_not_announced", text: "No progress marks.", line: null, count: 1 },
  { severity: "warn", code: "unknown_command", text: "Commands that are not known.", line: 1204, count: 3 },
];

const START: Schemas["Settings"] = {
  version: 1,
  settings: {
    currency: "EUR", material_prices: { PLA: 19.9, PETG: 24.5 }, other_material_price: 30, electricity_per_h: 0.04,
    max_print_s: 43_200, queue_max_print_s: {}, allows_family: false,
    month_grams: 500, month_hours: null, may_exceed_quota: true,
  },
};

function review(world: World, id: string): Schemas["JobReview"] | undefined {
  const found = world.find(id);
  const [plate] = plates(false);
  if (found === undefined || plate === undefined) return undefined;
  const printers = world.printers.map((printer, index): Schemas["PrinterFit"] => {
    const trays = printer.loaded?.filaments ?? [];
    const feeds = found.filaments.flatMap((needed, at): Schemas["FilamentFeed"][] => {
      const tray = trays[(at + index) % Math.max(1, trays.length)];
      return tray === undefined || tray.type !== needed.type
        ? []
        : [{ needed, tray, is_external: tray.slot === 254, color_distance: tray.color === needed.color ? 0 : 8 + 20 * index, is_short: false }];
    });
    return {
      printer: { id: printer.id, name: printer.name }, is_online: printer.is_online, feeds,
      why_not: feeds.length === found.filaments.length ? null
        : { code: "not_loaded", params: { needs: found.filaments.map((each) => each.type).join(", "), has: "PLA", missing: "PETG" }, text: "It needs PETG; loaded is PLA." },
    };
  });
  return {
    plate: { ...plate, filaments: found.filaments, findings: found.name === "hook" ? [] : FINDINGS }, model_name: "P1S", printers,
    slicer: { name: "OrcaSlicer", version: "2.3.0" },
    cost: { currency: "EUR", material: 0.69, electricity: 0.07, total: 0.76, unpriced: [] },
    quota: quotaOf(412),
  };
}

/** Reviews, spending and settings, as the pages ask for them. */
export function reviewRoutes(world: World): Route[] {
  let settings = START;
  const spent = (name: string, prints: number): Schemas["Spending"] => ({
    owner: { id: name, name, avatar_url: null }, currency: "EUR", prints, done: prints - 1,
    print_s: prints * 5400, weight_g: prints * 31.5, cost: prints * 0.71,
  });
  return [
    ["GET", /^\/api\/jobs\/summary$/, (_, __, url) => [200, { items: [spent("Ana Díaz", 12), spent("Mia Berger", 31)].slice(0, url.searchParams.get("scope") === "all" ? 2 : 1) }]],
    ["GET", /^\/api\/jobs\/([^/]+)\/review$/, ([, id = ""]) => [200, review(world, id)]],
    ["GET", /^\/api\/settings$/, () => [200, settings]],
    ["PUT", /^\/api\/settings$/, (_, body) => {
      settings = { version: settings.version + 1, settings: body["settings"] as Schemas["ShopSettings"] };
      return [200, settings];
    }],
  ];
}
