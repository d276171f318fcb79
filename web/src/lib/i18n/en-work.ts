import type { Params } from "@/lib/i18n/en-review";
import type { Format } from "@/lib/format";

const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
const str = (p: Params, key: string): string => String(p[key] ?? "");

/** Why a job waits though it fits, by the code of the API. */
export const waits: Record<string, (p: Params, f: Format) => string> = {
  undo: () => "The approval can still be taken back.",
  queue_held: (p) => (str(p, "by") === "" ? "The queue is on hold." : `${str(p, "by")} holds the queue back.`),
  no_printer: () => "No printer serves this queue. An admin puts one there.",
  printer_offline: (p) => `There is no word from ${str(p, "printer")}. Look whether it and its node are on.`,
  starts_soon: (p) => `${str(p, "printer")} takes it next.`,
  bed_not_clear: (p) => `The bed of ${str(p, "printer")} is not said to be clear.`,
  decision_needed: (p) => `Somebody must decide what became of the print on ${str(p, "printer")}.`,
  jobs_before: (p) => `${plural(Number(p["n"] ?? 0), "job is", "jobs are")} before it.`,
  printer_busy: (p) => `${str(p, "printer")} is in use at its screen.`,
  printing: (p, f) =>
    str(p, "until") === ""
      ? `${str(p, "printer")} prints.`
      : `${str(p, "printer")} prints until about ${f.clock(str(p, "until"))}.`,
};

export const talk = {
  what: "what was said",
  title: "Talk",
  label: "Comment",
  hint: "The submitter and all approvers can read it.",
  send: "Send",
  notSent: "Not sent.",
  sent: "Sent",
  none: "Nothing was said yet.",
  withComment: "What you changed",
  withCommentHint: "Goes into the talk; the approver reads it.",
};

export const queue = {
  what: "the queue",
  list: (title: string) => `Jobs of queue ${title}, in order`,
  hold: "Hold the queue",
  release: "Let it go on",
  heldBy: (name: string) => `On hold by ${name}: nothing starts.`,
  grip: (job: string) => `Drag ${job}`,
  up: (job: string) => `Move ${job} up`,
  down: (job: string) => `Move ${job} down`,
  first: (job: string) => `Move ${job} to the top`,
  other: (job: string) => `Move ${job} to another queue`,
  otherWord: "Other queue …",
  moved: (job: string, place: number, of: number) => `${job}, now ${place} of ${of}`,
  movedAway: (job: string, queue: string) => `${job} is in queue ${queue} now`,
  changed: "The queue changed meanwhile. Your move was not made; this is the new order.",
  keys: "Alt and an arrow key move a job that has the focus.",
  about: (jobs: number, time: string) => `${plural(jobs, "job", "jobs")}, about ${time}`,
};

export const many = {
  select: (job: string) => `Select ${job}`,
  selected: (n: number) => `${n} selected`,
  approve: (n: number) => `Approve ${n}`,
  sendBack: (n: number) => `Send ${n} back`,
  reject: (n: number) => `Reject ${n}`,
  clear: "Select none",
  all: "Select all",
  done: (n: number, what: string) => `${plural(n, "job", "jobs")} ${what}.`,
  whats: { approve: "approved", reject: "rejected", return: "sent back" },
  left: (job: string, why: string) => `${job} was left: ${why}`,
  codes: {
    "has-warnings": "it has a warning. Open it and decide on it alone.",
    "over-quota": "it is over the person's quota. Decide on it alone.",
    "job-changed": "it has changed meanwhile.",
    "job-state": "it was decided meanwhile.",
  } as Record<string, string>,
  everybody: "everybody concerned",
};

export const approval = {
  first: "Approve, print first",
  approvedFirst: (job: string) => `${job} approved, it is the first in the queue`,
  withWarnings: (n: number) => `Approve with ${plural(n, "warning", "warnings")}`,
  wish: (text: string) => `Wishes: ${text}`,
  earlier: (before: string, after: string) => `${before} → ${after}`,
  changed: "Changed since it was sent back",
  keyNames: { select: "select", first: "approve, first", ask: "ask", help: "these keys" },
};

export const quota = {
  what: "what is left of the month",
  title: "This month",
  grams: (gone: string, more: string, limit: string) => `${gone} + ${more} of ${limit}`,
  over: "This is over the quota.",
  left: (more: string, left: string) => `${more} of the ${left} left this month.`,
  tooMuch: (by: string, day: string) => `This is ${by} more than you have left until ${day}.`,
  decides: "Print less, or submit: an approver decides.",
  hard: "Print less, or ask an admin for more.",
  mine: (used: string, limit: string) => `${used} of ${limit} used this month`,
  set: "Quota …",
  of: (name: string) => `Quota of ${name}`,
  gramsLabel: "Grams in a month",
  hoursLabel: "Hours in a month",
  empty: "Empty: any amount.",
  own: "A quota of their own",
  everybody: "As everybody",
  everybodyGrams: "Grams that a person may print in a month",
  everybodyHours: "Hours that a person may print in a month",
  mayExceed: "More can be submitted; an approver decides",
  mayExceedHint: "Without this, more is refused at once.",
  save: "Save the quota",
};

export const history = {
  search: "Search name or note",
  month: "Month",
  allMonths: "All months",
  noMatch: (text: string) => `No job matches “${text}”.`,
  clear: "Clear",
  again: "Again",
  againOf: (job: string) => `Submit ${job} again`,
  changes: "With changes …",
  changesOf: (job: string) => `Submit ${job} again with changes`,
  submitted: "Submitted again.",
  undo: "Undo",
  undone: "Withdrawn.",
  change: "Change …",
};

export const wish = {
  label: "Filament",
  hint: "As in the file, or any colour …",
  instead: "Submit as",
  newJob: "a new job",
  inPlaceOf: (job: string) => `${job}, which was sent back`,
  onePlate: "Choose one plate, once: it takes the place of the job that was sent back.",
};

export const display = {
  undo: "Time to undo an approval",
  seconds: (n: number) => `${n} s`,
  keys: "Single keys",
  keysLabel: "Letters act as shortcuts",
  keysHint: "Such as j, k, a, r while you approve. Off if you speak to your computer.",
};

export const place = {
  change: "Change …",
  changeOf: (name: string) => `Change ${name}`,
  name: "Name",
  queue: "Queue",
  enabled: "In service",
  enabledHint: "Out of service it gets no new jobs.",
  outOfService: "Out of service",
  save: "Save",
  sticker: "Sticker",
  stickerOf: (name: string) => `Sticker with a QR code for ${name}`,
  stickerHint: "Print it and put it on the machine: it opens the page where the bed is said to be clear.",
  addQueue: "Add a queue",
  queueName: "Short name",
  queueNameHint: "Small letters, digits and hyphens; it stays.",
  queueTitle: "Title",
  rename: "Rename",
  remove: "Remove",
  removeOf: (name: string) => `Remove queue ${name}`,
};
