import type { Params } from "@/lib/i18n/en-review";
import type { Format } from "@/lib/format";
import type * as en from "@/lib/i18n/en-work";

const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
const str = (p: Params, key: string): string => String(p[key] ?? "");

export const waits: Record<string, (p: Params, f: Format) => string> = {
  undo: () => "Die Freigabe kann noch zurückgenommen werden.",
  queue_held: (p) =>
    str(p, "by") === "" ? "Die Warteschlange ist angehalten." : `${str(p, "by")} hält die Warteschlange an.`,
  no_printer: () => "Kein Drucker bedient diese Warteschlange. Ein Admin stellt einen dazu.",
  printer_offline: (p) => `Von ${str(p, "printer")} kommt nichts. Sieh nach, ob er und sein Knoten an sind.`,
  starts_soon: (p) => `${str(p, "printer")} nimmt ihn als Nächstes.`,
  bed_not_clear: (p) => `Das Bett von ${str(p, "printer")} ist nicht als frei gemeldet.`,
  decision_needed: (p) => `Jemand muss entscheiden, was aus dem Druck auf ${str(p, "printer")} wurde.`,
  jobs_before: (p) => `${plural(Number(p["n"] ?? 0), "Auftrag ist", "Aufträge sind")} davor.`,
  printer_busy: (p) => `${str(p, "printer")} wird am Gerät benutzt.`,
  printing: (p, f) =>
    str(p, "until") === ""
      ? `${str(p, "printer")} druckt.`
      : `${str(p, "printer")} druckt bis etwa ${f.clock(str(p, "until"))}.`,
};

export const talk: typeof en.talk = {
  what: "was gesagt wurde",
  title: "Gespräch",
  label: "Kommentar",
  hint: "Wer eingereicht hat und alle, die freigeben, können ihn lesen.",
  send: "Senden",
  notSent: "Nicht gesendet.",
  sent: "Gesendet",
  none: "Noch wurde nichts gesagt.",
  withComment: "Was du geändert hast",
  withCommentHint: "Kommt ins Gespräch; wer freigibt, liest es.",
};

export const queue: typeof en.queue = {
  what: "die Warteschlange",
  list: (title) => `Aufträge der Warteschlange ${title}, der Reihe nach`,
  hold: "Warteschlange anhalten",
  release: "Weiterlaufen lassen",
  heldBy: (name) => `Angehalten von ${name}: Nichts startet.`,
  grip: (job) => `${job} ziehen`,
  up: (job) => `${job} nach vorn`,
  down: (job) => `${job} nach hinten`,
  first: (job) => `${job} ganz nach vorn`,
  other: (job) => `${job} in eine andere Warteschlange`,
  otherWord: "Andere Warteschlange …",
  moved: (job, place, of) => `${job}, jetzt ${place} von ${of}`,
  movedAway: (job, queue) => `${job} ist jetzt in der Warteschlange ${queue}`,
  changed: "Die Warteschlange hat sich inzwischen geändert. Dein Zug wurde nicht gemacht; das ist die neue Reihenfolge.",
  keys: "Alt und eine Pfeiltaste bewegen den Auftrag, auf dem der Fokus liegt.",
  about: (jobs, time) => `${plural(jobs, "Auftrag", "Aufträge")}, etwa ${time}`,
};

export const many: typeof en.many = {
  select: (job) => `${job} auswählen`,
  selected: (n) => `${n} ausgewählt`,
  approve: (n) => `${n} freigeben`,
  sendBack: (n) => `${n} zurückgeben`,
  reject: (n) => `${n} ablehnen`,
  clear: "Keinen auswählen",
  all: "Alle auswählen",
  done: (n, what) => `${plural(n, "Auftrag", "Aufträge")} ${what}.`,
  whats: { approve: "freigegeben", reject: "abgelehnt", return: "zurückgegeben" },
  left: (job, why) => `${job} blieb stehen: ${why}`,
  codes: {
    "has-warnings": "Er hat eine Warnung. Öffne ihn und entscheide einzeln.",
    "over-quota": "Er geht über das Kontingent der Person. Entscheide einzeln.",
    "job-changed": "Er hat sich inzwischen geändert.",
    "job-state": "Er wurde inzwischen entschieden.",
  },
  everybody: "Alle Betroffenen",
};

export const approval: typeof en.approval = {
  first: "Freigeben, zuerst drucken",
  approvedFirst: (job) => `${job} freigegeben, er ist der Erste in der Warteschlange`,
  withWarnings: (n) => `Mit ${plural(n, "Warnung", "Warnungen")} freigeben`,
  wish: (text) => `Wunsch: ${text}`,
  earlier: (before, after) => `vorher ${before}, jetzt ${after}`,
  changed: "Seit der Rückgabe geändert",
  keyNames: { select: "auswählen", first: "freigeben, zuerst", ask: "fragen", help: "diese Tasten" },
};

export const quota: typeof en.quota = {
  what: "was vom Monat übrig ist",
  title: "Dieser Monat",
  grams: (gone, more, limit) => `${gone} und ${more} von ${limit}`,
  over: "Das geht über das Kontingent.",
  left: (more, left) => `${more} von den ${left}, die dir diesen Monat bleiben.`,
  tooMuch: (by, day) => `Das sind ${by} mehr, als dir bis ${day} bleiben.`,
  decides: "Drucke weniger, oder reiche ein: Wer freigibt, entscheidet.",
  hard: "Drucke weniger, oder bitte einen Admin um mehr.",
  mine: (used, limit) => `${used} von ${limit} diesen Monat verbraucht`,
  set: "Kontingent …",
  of: (name) => `Kontingent von ${name}`,
  gramsLabel: "Gramm im Monat",
  hoursLabel: "Stunden im Monat",
  empty: "Leer: beliebig viel.",
  own: "Ein eigenes Kontingent",
  everybody: "Wie alle",
  everybodyGrams: "Gramm, die eine Person im Monat drucken darf",
  everybodyHours: "Stunden, die eine Person im Monat drucken darf",
  mayExceed: "Mehr kann eingereicht werden; wer freigibt, entscheidet",
  mayExceedHint: "Sonst wird mehr gleich abgelehnt.",
  save: "Kontingent speichern",
};

export const history: typeof en.history = {
  search: "Name oder Notiz suchen",
  month: "Monat",
  allMonths: "Alle Monate",
  noMatch: (text) => `Kein Auftrag passt zu „${text}“.`,
  clear: "Leeren",
  again: "Noch einmal",
  againOf: (job) => `${job} noch einmal einreichen`,
  changes: "Mit Änderungen …",
  changesOf: (job) => `${job} mit Änderungen noch einmal einreichen`,
  submitted: "Noch einmal eingereicht.",
  undo: "Rückgängig",
  undone: "Zurückgezogen.",
  change: "Ändern …",
};

export const wish: typeof en.wish = {
  label: "Filamentwunsch",
  hint: "Wie in der Datei, oder weiß …",
  instead: "Einreichen als",
  newJob: "neuer Auftrag",
  inPlaceOf: (job) => `${job}, der zurückgegeben wurde`,
  onePlate: "Wähle eine Platte, einmal: Sie kommt an die Stelle des zurückgegebenen Auftrags.",
};

export const display: typeof en.display = {
  undo: "Zeit, eine Freigabe zurückzunehmen",
  seconds: (n) => `${n} Sek.`,
  keys: "Einzelne Tasten",
  keysLabel: "Buchstaben sind Kurzbefehle",
  keysHint: "Etwa j, k, a, r beim Freigeben. Aus, wenn du mit deinem Computer sprichst.",
};

export const place: typeof en.place = {
  change: "Ändern …",
  changeOf: (name) => `${name} ändern`,
  name: "Bezeichnung",
  queue: "Warteschlange",
  enabled: "In Betrieb",
  enabledHint: "Außer Betrieb bekommt er keine neuen Aufträge.",
  outOfService: "Außer Betrieb",
  save: "Speichern",
  sticker: "Aufkleber",
  stickerOf: (name) => `Aufkleber mit QR-Code für ${name}`,
  stickerHint: "Druck ihn aus und kleb ihn an das Gerät: Er öffnet die Seite, auf der das Bett als frei gemeldet wird.",
  addQueue: "Warteschlange hinzufügen",
  queueName: "Kurzname",
  queueNameHint: "Kleine Buchstaben, Ziffern und Bindestriche; er bleibt.",
  queueTitle: "Titel",
  rename: "Umbenennen",
  remove: "Entfernen",
  removeOf: (name) => `Warteschlange ${name} entfernen`,
};
