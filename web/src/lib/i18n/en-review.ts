import type { Format } from "@/lib/format";

/** Values that come with a reason or a finding. */
export type Params = Readonly<Record<string, string | number>>;
type Say = (p: Params, f: Format) => string;

const num = (p: Params, key: string): number => Number(p[key] ?? 0);
const str = (p: Params, key: string): string => String(p[key] ?? "");

/** Why a job waits, by the code of the API. */
export const why: Record<string, Say> = {
  wrong_model: (p) =>
    `The file is sliced for ${str(p, "needs")}, the printer is a ${str(p, "has")}. Choose ${str(p, "has")} in the slicer, slice again and submit that file.`,
  wrong_nozzle: (p) =>
    `The file is sliced for a ${str(p, "needs_mm")} mm nozzle, the printer has ${str(p, "has_mm")} mm. Choose that nozzle in the slicer, or change the printer's.`,
  too_large: (p) =>
    `The print reaches from ${str(p, "from_mm")} to ${str(p, "to_mm")} mm along ${str(p, "axis").toUpperCase()}; the ${str(p, "model")} has 0 to ${str(p, "room_mm")} mm. Move it or make it smaller in the slicer.`,
  in_corner: (p) =>
    `The print uses the front left corner (${str(p, "width_mm")} × ${str(p, "depth_mm")} mm), which the ${str(p, "model")} needs for its nozzle. Move it in the slicer.`,
  too_long: (p, f) =>
    `It takes about ${f.duration(num(p, "estimate_s"))}; at most ${f.duration(num(p, "limit_s"))} is allowed here. Split the plate or slice it faster.`,
  needs_ams: (p) =>
    `The plate uses ${str(p, "filaments")} filaments and the printer has no AMS. Use one filament in the slicer, or attach an AMS.`,
  not_loaded: (p) =>
    str(p, "has") === ""
      ? `It needs ${str(p, "needs")}; the printer doesn't say what is loaded. Load ${str(p, "missing")} and set it at the printer.`
      : `It needs ${str(p, "needs")}; loaded is ${str(p, "has")}. Load ${str(p, "missing")}, or slice it for what is loaded.`,
  too_few_trays: (p) =>
    `It needs ${str(p, "needs")}, each in a tray of its own; loaded is ${str(p, "has")}. Load what is missing, or use fewer filaments in the slicer.`,
};

/** What the inspection found, by its code. */
export const finding: Record<string, string> = {
  chamber_heated: "The program heats the chamber, if there is a heater.",
  code_after_end: "The program goes on behind its end; the printer doesn't run that.",
  firmware_retraction: "The program leaves retraction to the firmware, which may not know it.",
  foreign_move: "The program has moves that can't be checked.",
  foreign_pause: "The program pauses with a command that this printer may not know. Use your slicer's own pause.",
  incomplete_marks: "The program lacks some of the marks that the printer reads it by.",
  layers_differ: "The program says one number of layers and announces another.",
  layers_not_announced: "The program does not say which layer it prints.",
  model_unknown: "The file does not say which printer it is for.",
  moves_outside: "The program moves further than the printer reaches.",
  never_heated: "The program never heats the nozzle.",
  odd_characters: "The program has letters outside of comments that printers may not know.",
  origin_moved: "The program moves its origin.",
  outside_plate: "The slicer says that something is outside the plate.",
  prints_nothing: "The program prints nothing.",
  progress_not_announced: "The program does not say how far it is: no percent while it prints.",
  slicer_bed_hot:
    "The slicer warns: the bed is hotter than this filament likes in a closed printer. Open the door or take the lid off, else the nozzle may clog.",
  slicer_long_retraction: "The slicer says: filament is pulled back far before it is cut.",
  slicer_no_timelapse: "The slicer says: this print makes no time-lapse.",
  slicer_nozzle_soft: "The slicer warns: this filament wears the nozzle down; it asks for a harder one.",
  slicer_timelapse: "The slicer says: a time-lapse would leave marks on this print.",
  several_commands: "The program has two commands on one line, of which printers may miss one.",
  time_differs: "The program takes another time than the file says.",
  unknown_command: "The program has commands that are not known here.",
};

export const review = {
  what: "what is known of the file",
  title: "About the file",
  plate: "Plate",
  sliced: (model: string) => `sliced for ${model}`,
  nozzle: (mm: string) => `${mm} mm nozzle`,
  layers: (n: string) => `${n} layers`,
  layerHeight: (mm: string) => `${mm} mm layers`,
  height: (mm: string) => `${mm} mm high`,
  supports: "with supports",
  noSupports: "no supports",
  objects: (n: number) => (n === 1 ? "1 object:" : `${n} objects:`),
  madeBy: (slicer: string) => `made with ${slicer}`,
  filament: "Filament",
  metres: (m: string) => `${m} m`,
  supportMaterial: "for supports",
  changesItself: "the program changes to it (AMS)",
  bed: (type: string) => `bed: ${type}`,
  findings: "In the file",
  noFindings: "Nothing remarkable in the file.",
  line: (n: string) => `line ${n}`,
  times: (n: string) => `${n} times`,
  severity: { refuse: "Refused", warn: "Warning", note: "Note" },
  printers: "Printers",
  noPrinter: "No printer of this queue has said what it is. The job waits until one does.",
  fits: "Fits",
  fitsNot: "Does not fit",
  offline: "no word from it now",
  only: "What is loaded when its turn comes decides.",
  tray: (n: number) => `tray ${n}`,
  spool: "the external spool",
  otherColor: "other colour",
  nearColor: "nearly this colour",
  short: (left: string, needed: string) => `only ${left} left, ${needed} needed`,
  cost: "Cost",
  about: (amount: string) => `about ${amount}`,
  parts: (material: string, electricity: string) => `${material} material, ${electricity} electricity`,
  unpriced: (materials: string) => `without ${materials}: no price is set`,
};

export const spending = {
  what: "what prints have cost",
  title: "What prints have cost",
  none: "No print has ended yet.",
  mine: (prints: string, grams: string, time: string) => `${prints} ended, ${grams}, ${time} of printing`,
  prints: (n: number) => `${n} ${n === 1 ? "print" : "prints"}`,
  who: "Who",
  count: "Prints",
  weight: "Filament",
  time: "Time",
  cost: "Cost",
  unpriced: "not priced",
};

export const shop = {
  what: "the settings",
  title: "Prices and limits",
  currency: "Currency",
  currencyHint: "Three letters, such as EUR",
  material: "Material",
  price: "Price per kilogram",
  addMaterial: "Add a material",
  removeMaterial: (name: string) => `Remove ${name === "" ? "this line" : name}`,
  otherPrice: "Any other material, per kilogram",
  electricity: "Electricity per hour of printing",
  limit: "Longest print, in hours",
  limitHint: "Longer ones can't be submitted. Empty: any length.",
  queueLimit: (queue: string) => `Longest print in ${queue}, in hours`,
  queueLimitHint: "Empty: as above.",
  family: "Files for X1, X1 Carbon, P1P and P1S print on each other",
  familyHint: "The printer's own check may still refuse such a file.",
  save: "Save",
  saved: "Saved.",
};
