import type * as en from "@/lib/i18n/en-review";
import type { Params } from "@/lib/i18n/en-review";

const num = (p: Params, key: string): number => Number(p[key] ?? 0);
const str = (p: Params, key: string): string => {
  const value = p[key] ?? "";
  return typeof value === "number" ? String(value).replace(".", ",") : value;
};

export const why: typeof en.why = {
  wrong_model: (p) =>
    `Die Datei ist für ${str(p, "needs")} geslict, der Drucker ist ein ${str(p, "has")}. Wähle im Slicer ${str(p, "has")}, slice neu und reiche diese Datei ein.`,
  wrong_nozzle: (p) =>
    `Die Datei ist für eine Düse von ${str(p, "needs_mm")} mm geslict, der Drucker hat ${str(p, "has_mm")} mm. Wähle diese Düse im Slicer, oder wechsle die des Druckers.`,
  too_large: (p) =>
    `Der Druck reicht von ${str(p, "from_mm")} bis ${str(p, "to_mm")} mm in ${str(p, "axis").toUpperCase()}; der ${str(p, "model")} hat 0 bis ${str(p, "room_mm")} mm. Verschiebe oder verkleinere ihn im Slicer.`,
  in_corner: (p) =>
    `Der Druck liegt in der Ecke vorn links (${str(p, "width_mm")} × ${str(p, "depth_mm")} mm), die der ${str(p, "model")} für seine Düse braucht. Verschiebe ihn im Slicer.`,
  too_long: (p, f) =>
    `Es dauert etwa ${f.duration(num(p, "estimate_s"))}; hier sind höchstens ${f.duration(num(p, "limit_s"))} erlaubt. Teile die Platte oder slice sie schneller.`,
  needs_ams: (p) =>
    `Die Platte braucht ${str(p, "filaments")} Filamente, und der Drucker hat kein AMS. Nimm im Slicer nur ein Filament, oder schließe ein AMS an.`,
  not_loaded: (p) =>
    str(p, "has") === ""
      ? `Gebraucht wird ${str(p, "needs")}; der Drucker sagt nicht, was geladen ist. Lade ${str(p, "missing")} und stelle es am Drucker ein.`
      : `Gebraucht wird ${str(p, "needs")}; geladen ist ${str(p, "has")}. Lade ${str(p, "missing")}, oder slice für das, was geladen ist.`,
  too_few_trays: (p) =>
    `Gebraucht wird ${str(p, "needs")}, jedes in einem eigenen Fach; geladen ist ${str(p, "has")}. Lade, was fehlt, oder nimm im Slicer weniger Filamente.`,
};

/** What the inspection found, by its code. */
export const finding: typeof en.finding = {
  chamber_heated: "Das Programm heizt den Bauraum, falls es eine Heizung gibt.",
  code_after_end: "Das Programm geht nach seinem Ende weiter; das führt der Drucker nicht aus.",
  firmware_retraction: "Das Programm überlässt das Einziehen der Firmware, die das vielleicht nicht kann.",
  foreign_move: "Das Programm hat Bewegungen, die sich nicht prüfen lassen.",
  foreign_pause: "Das Programm pausiert mit einem Befehl, den dieser Drucker vielleicht nicht kennt. Nimm die Pause deines Slicers.",
  incomplete_marks: "Dem Programm fehlen einige der Marken, an denen der Drucker es erkennt.",
  layers_differ: "Das Programm nennt eine Zahl von Schichten und kündigt eine andere an.",
  layers_not_announced: "Das Programm sagt nicht, welche Schicht es druckt.",
  model_unknown: "Die Datei sagt nicht, für welchen Drucker sie ist.",
  moves_outside: "Das Programm fährt weiter, als der Drucker reicht.",
  never_heated: "Das Programm heizt die Düse nie.",
  odd_characters: "Das Programm hat außerhalb von Kommentaren Zeichen, die Drucker vielleicht nicht kennen.",
  origin_moved: "Das Programm verschiebt seinen Nullpunkt.",
  outside_plate: "Der Slicer sagt, dass etwas außerhalb der Platte liegt.",
  prints_nothing: "Das Programm druckt nichts.",
  progress_not_announced: "Das Programm sagt nicht, wie weit es ist: keine Prozente während des Drucks.",
  slicer_bed_hot:
    "Der Slicer warnt: Das Bett ist heißer, als es diesem Filament im geschlossenen Drucker gut tut. Öffne die Tür oder nimm den Deckel ab, sonst kann die Düse verstopfen.",
  slicer_long_retraction: "Der Slicer sagt: Filament wird vor dem Abschneiden weit zurückgezogen.",
  slicer_no_timelapse: "Der Slicer sagt: Dieser Druck macht keinen Zeitraffer.",
  slicer_nozzle_soft: "Der Slicer warnt: Dieses Filament nutzt die Düse ab; es verlangt eine härtere.",
  slicer_timelapse: "Der Slicer sagt: Ein Zeitraffer würde Spuren auf diesem Druck hinterlassen.",
  several_commands: "Das Programm hat zwei Befehle in einer Zeile; Drucker übersehen vielleicht einen.",
  time_differs: "Das Programm dauert anders lang, als die Datei sagt.",
  unknown_command: "Das Programm hat Befehle, die hier nicht bekannt sind.",
};

export const review: typeof en.review = {
  what: "was über die Datei bekannt ist",
  title: "Zur Datei",
  plate: "Platte",
  sliced: (model) => `geslict für ${model}`,
  nozzle: (mm) => `Düse ${mm} mm`,
  layers: (n) => `${n} Schichten`,
  layerHeight: (mm) => `Schichten von ${mm} mm`,
  height: (mm) => `${mm} mm hoch`,
  supports: "mit Stützen",
  noSupports: "ohne Stützen",
  objects: (n) => (n === 1 ? "1 Objekt:" : `${n} Objekte:`),
  madeBy: (slicer) => `geslict mit ${slicer}`,
  filament: "Filament",
  metres: (m) => `${m} m`,
  supportMaterial: "für Stützen",
  changesItself: "das Programm wechselt dazu (AMS)",
  bed: (type) => `Bett: ${type}`,
  findings: "In der Datei",
  noFindings: "Nichts Auffälliges in der Datei.",
  line: (n) => `Zeile ${n}`,
  times: (n) => `${n}-mal`,
  severity: { refuse: "Abgelehnt", warn: "Warnung", note: "Hinweis" },
  printers: "Drucker",
  noPrinter: "Kein Drucker dieser Warteschlange hat gesagt, was er ist. Der Auftrag wartet, bis einer es tut.",
  fits: "Passt",
  fitsNot: "Passt nicht",
  offline: "gerade nicht zu hören",
  only: "Es entscheidet, was geladen ist, wenn er an der Reihe ist.",
  tray: (n) => `Fach ${n}`,
  spool: "der externen Spule",
  otherColor: "andere Farbe",
  nearColor: "fast diese Farbe",
  short: (left, needed) => `nur noch ${left}, gebraucht werden ${needed}`,
  cost: "Kosten",
  about: (amount) => `etwa ${amount}`,
  parts: (material, electricity) => `${material} Material, ${electricity} Strom`,
  unpriced: (materials) => `ohne ${materials}: kein Preis eingestellt`,
};

export const spending: typeof en.spending = {
  what: "was Drucke gekostet haben",
  title: "Was Drucke gekostet haben",
  none: "Noch ist kein Druck zu Ende.",
  mine: (prints, grams, time) => `${prints} beendet, ${grams}, ${time} Druckzeit`,
  prints: (n) => `${n} ${n === 1 ? "Druck" : "Drucke"}`,
  who: "Wer",
  count: "Drucke",
  weight: "Filament",
  time: "Zeit",
  cost: "Kosten",
  unpriced: "ohne Preis",
};

export const shop: typeof en.shop = {
  what: "die Einstellungen",
  title: "Preise und Grenzen",
  currency: "Währung",
  currencyHint: "Drei Buchstaben, zum Beispiel EUR",
  material: "Material",
  price: "Preis je Kilogramm",
  addMaterial: "Material hinzufügen",
  removeMaterial: (name) => (name === "" ? "Diese Zeile entfernen" : `${name} entfernen`),
  otherPrice: "Jedes andere Material, je Kilogramm",
  electricity: "Strom je Druckstunde",
  limit: "Längster Druck, in Stunden",
  limitHint: "Längere lassen sich nicht einreichen. Leer: beliebig lang.",
  queueLimit: (queue) => `Längster Druck in ${queue}, in Stunden`,
  queueLimitHint: "Leer: wie oben.",
  family: "Dateien für X1, X1 Carbon, P1P und P1S drucken aufeinander",
  familyHint: "Die Prüfung des Druckers selbst kann so eine Datei trotzdem ablehnen.",
  save: "Speichern",
  saved: "Gespeichert.",
};
