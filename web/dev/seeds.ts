import type { components } from "../src/generated/api.ts";

type Schemas = components["schemas"];
export type Job = Schemas["Job"];
export type Printer = Schemas["Printer"];
export type Artifact = Schemas["Artifact"];
export type JobEvent = Schemas["JobEvent"];

const MINUTE = 60_000;

export function ago(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE).toISOString();
}

export const ME: Schemas["Me"] = {
  id: "00000000-0000-4000-8000-000000000001",
  email: "ana@lindenhof.example",
  name: "Ana Díaz",
  avatar_url: null,
  is_admin: true,
  role: "admin",
};

const MIA = { id: "00000000-0000-4000-8000-000000000002", name: "Mia Berger", avatar_url: null };
const ANA = { id: ME.id, name: ME.name, avatar_url: null };

const ORANGE = { index: 1, type: "PLA", color: "#F0722E", used_g: 34.9, used_m: 11.6, in_ams: null, is_support: null };
const WHITE = { index: 1, type: "PETG", color: "#FFFFFF", used_g: 12.4, used_m: 4.1, in_ams: null, is_support: null };
const BLACK = { index: 2, type: "PLA", color: "#111111", used_g: 6.1, used_m: 2, in_ams: null, is_support: null };

let count = 0;

export function job(with_: Partial<Job>): Job {
  count += 1;
  const tail = String(count).padStart(12, "0");
  return {
    id: `10000000-0000-4000-8000-${tail}`,
    submission_id: `20000000-0000-4000-8000-${tail}`,
    artifact_id: `30000000-0000-4000-8000-${tail}`,
    name: "bracket-left-v3", plate: 1, copy_no: 1, owner: ANA, queue: "main",
    status: "submitted", state: "submitted", phase: null, run_id: null, run_no: null, printer: null,
    percent: null, layer: null, total_layers: null, minutes_left: null, finish_at: null, stale_since: null,
    note: null, wish: null, earlier: null, reason: null, said: null, code: null, advice: null, wait_reason: null, place: null, not_before: null,
    estimate_s: 5940, weight_g: 34.9, filaments: [ORANGE], cancel_requested_at: null,
    created_at: ago(12), decided_at: null, decided_by: null, started_at: null, ended_at: null,
    version: 1, allowed_actions: [], ...with_,
  };
}

const LEFT = { id: "40000000-0000-4000-8000-000000000001", name: "P1S Left" };
const RIGHT = { id: "40000000-0000-4000-8000-000000000002", name: "P1S Right" };
const CELLAR = { id: "40000000-0000-4000-8000-000000000003", name: "P1S Cellar" };
const THIRD = { id: "40000000-0000-4000-8000-000000000004", name: "P1S Window" };

function running(printer: Job["printer"], with_: Partial<Job>): Job {
  return job({
    status: "printing", state: "queued", phase: "printing", run_no: 1, printer,
    run_id: `50000000-0000-4000-8000-${String(count + 1).padStart(12, "0")}`,
    decided_by: ANA.name, decided_at: ago(70), started_at: ago(60), created_at: ago(90),
    allowed_actions: ["pause", "speed", "skip", "cancel"], ...with_,
  });
}

function ended(status: Job["status"], minutes: number, with_: Partial<Job>): Job {
  return job({
    status, state: "queued", phase: status === "done" || status === "failed" ? status : null,
    printer: LEFT, run_no: 1, created_at: ago(minutes + 150), decided_at: ago(minutes + 140),
    decided_by: ANA.name, started_at: ago(minutes + 131), ended_at: ago(minutes), ...with_,
  });
}

const APPROVABLE: Job["allowed_actions"] = ["approve", "reject", "return", "withdraw"];

export function seedJobs(): Job[] {
  return [
    running(RIGHT, {
      percent: 62, layer: 77, total_layers: 124, minutes_left: 43,
      finish_at: new Date(Date.now() + 43 * MINUTE).toISOString(), note: "for the door",
    }),
    running(THIRD, {
      name: "lamp-shade-with-a-very-long-name-that-never-ends-2026-final-v12", phase: "paused", percent: 18, layer: 30,
      total_layers: 166, minutes_left: 95, reason: "The AMS A filament has run out.", code: "0700-8011",
      advice: "Load PLA, close the AMS, press Resume.", filaments: [ORANGE, BLACK], weight_g: 210, estimate_s: 22_200,
      allowed_actions: ["resume", "cancel"],
    }),
    running(CELLAR, {
      name: "cable-clip", status: "attention", phase: "attention", percent: null, weight_g: 2.2, estimate_s: 720,
      reason: "The job was sent, but the printer's reports show no start. Look at the printer before deciding.", said: { code: "start_not_shown", params: {} }, allowed_actions: ["resolve", "cancel"],
    }),
    job({ name: "vase", status: "printing", state: "queued", phase: "transferring", printer: RIGHT, run_id: "r-vase", run_no: 1, weight_g: 88, estimate_s: 9000, filaments: [WHITE] }),
    job({
      name: "hook x3", status: "queued", state: "queued", decided_by: "Jonas", decided_at: ago(5), filaments: [WHITE],
      weight_g: 12.4, estimate_s: 1800, wait_reason: { code: "not_loaded", params: { needs: "PETG", has: "PLA", missing: "PETG" }, text: "It needs PETG; loaded is PLA." }, allowed_actions: ["withdraw", "cancel", "take_back_approval", "move"], place: 1,
    }),
    ...["shelf-pin", "cable-chain", "lid"].map((name, index) => job({
      name, owner: MIA, status: "queued", state: "queued", decided_by: "Jonas", decided_at: ago(4 - index), weight_g: 9 + index, estimate_s: 1500 * (index + 1),
      place: index + 2, allowed_actions: ["withdraw", "cancel", "take_back_approval", "move"],
      wait_reason: index === 0 ? { code: "bed_not_clear", params: { printer: "P1S Left" }, text: "The bed of P1S Left is not said to be clear." }
        : { code: "jobs_before", params: { n: index + 1 }, text: "Jobs are before it." },
    })),
    job({
      name: "gear-20", status: "returned", state: "returned", decided_by: "Jonas", decided_at: ago(30),
      reason: "Walls too thin; please print with three.", allowed_actions: ["resubmit", "withdraw"],
    }),
    job({ name: "bracket-right-v3", owner: MIA, created_at: ago(44), allowed_actions: APPROVABLE, note: "The other half of the bracket. It has to match the one from Tuesday.", wish: "the orange one", earlier: { plate: 1, estimate_s: 7200, weight_g: 41 } }),
    job({ name: "hook", owner: MIA, plate: 2, created_at: ago(31), weight_g: 12.4, estimate_s: 1800, filaments: [WHITE], allowed_actions: APPROVABLE }),
    job({ name: "vase-spiral", owner: { ...MIA, name: "Jonas Weber" }, created_at: ago(4), weight_g: 210, estimate_s: 22_200, allowed_actions: APPROVABLE }),
    ended("done", 20, { name: "case-top", weight_g: 41 }),
    ended("failed", 1500, { name: "phone-stand", percent: 31, reason: "The nozzle is clogged.", advice: "Clean the nozzle.", code: "0300-4006", layer: 44, total_layers: 140 }),
    ended("rejected", 3000, { name: "spinner", state: "rejected", printer: null, started_at: null, ended_at: null, reason: "No toys this week.", decided_by: "Jonas" }),
    ended("cancelled", 4500, { name: "knob", percent: 55 }),
    ended("done", 6000, { name: "drawer-divider", plate: 2, copy_no: 3 }),
  ];
}

function loaded(...types: [string, string][]): Printer["loaded"] {
  return {
    model: "C12", nozzle_mm: 0.4, has_ams: types.length > 1,
    filaments: types.map(([type, color], index) => ({ slot: types.length > 1 ? index : 254, type, color, remaining_g: null })),
  };
}

const AMS = loaded(["PLA", "#F0722E"], ["PLA", "#111111"], ["PLA", "#FFFFFF"], ["", ""]);

export function seedPrinters(jobs: readonly Job[]): Printer[] {
  const on = (printer: { id: string }): Job | null =>
    jobs.find((each) => each.printer?.id === printer.id && ["printing", "attention"].includes(each.status)) ?? null;
  const base = {
    queue: "main", node: "workshop-pi", is_enabled: true, model: "C12", model_name: "P1S", firmware: "01.09.01.00", is_online: true, activity: "printing" as const,
    detail: null, said: null, code: null, loaded: AMS, last_fact_at: ago(0.1), allowed_actions: ["light", "camera"] as Printer["allowed_actions"],
  };
  const occupied = (seq: number): Printer["bed"] => ({ state: "occupied", seq, since: ago(60), by: null, reason: null, said: null, last_job: null });
  const last = jobs.find((each) => each.name === "case-top");
  return [
    {
      ...base, ...LEFT, activity: "finished", current_job: null, allowed_actions: ["clear_bed", "light", "camera"], loaded: loaded(["PLA", "#F0722E"]),
      bed: { state: "occupied", seq: 14, since: ago(20), by: null, reason: null, said: null, last_job: last ? { id: last.id, name: last.name, artifact_id: last.artifact_id, plate: last.plate } : null },
    },
    { ...base, ...RIGHT, current_job: on(RIGHT), bed: occupied(9) },
    { ...base, ...THIRD, activity: "paused", current_job: on(THIRD), bed: occupied(3) },
    { ...base, ...CELLAR, node: "cellar-pi", activity: "idle", current_job: on(CELLAR), bed: occupied(7), loaded: null },
    {
      ...base, id: "40000000-0000-4000-8000-000000000005", name: "P1S Attic", is_online: false, current_job: null,
      last_fact_at: ago(4320), bed: { state: "unknown", seq: 1, since: null, by: null, reason: null, said: null, last_job: null },
    },
  ];
}

/** As many more: every tenth waits for approval, the others are over. */
export function manyJobs(count: number): Job[] {
  return Array.from({ length: count }, (_, index) => {
    const isWaiting = index % 10 === 0;
    return job({
      name: `part-${String(index + 1).padStart(3, "0")}`, created_at: ago(3000 + index * 40),
      ...(isWaiting ? { allowed_actions: ["approve", "reject", "return", "withdraw"] as Job["allowed_actions"] }
        : { status: "done", started_at: ago(2900 + index * 40), ended_at: ago(2800 + index * 40), allowed_actions: [] }),
    });
  });
}

export function seedEvents(of: Job): JobEvent[] {
  const run = of.run_id;
  const events: [string, number, Record<string, unknown>, boolean][] = [
    ["job.submitted", 90, {}, false],
    ["job.approved", 70, {}, false],
    ["job.claimed", 69, {}, true],
    ["run.transferring", 68, { size_bytes: 4_200_000 }, true],
    ["run.starting", 62, {}, true],
    ["run.started", 60, {}, true],
    ["run.paused", 8, { reason: "The AMS A filament has run out.", code: "0700-8011" }, true],
  ];
  const shown = run === null ? 2 : of.phase === "paused" ? 7 : 6;
  return events.slice(0, shown).map(([type, minutes, body, isRun], index) => ({
    gseq: index + 1, type, occurred_at: ago(minutes), run_id: isRun ? run : null, body, said: null,
  }));
}

export function artifactOf(id: string, filename: string, size: number, sha256: string): Artifact {
  return { id, filename, size_bytes: size, sha256, state: "uploading", refusal_code: null, refusal: null, said: null, plates: [],
    slicer: null, warnings: [], has_model: false, created_at: ago(0) };
}

export function plates(two: boolean): Artifact["plates"] {
  const plate = (index: number, filaments: Job["filaments"], seconds: number, grams: number) => ({
    index, gcode_path: `Metadata/plate_${index}.gcode`, model: "C12", nozzle_mm: 0.4, estimate_s: seconds,
    weight_g: grams, filaments, project_filaments: filaments.length, name: "", layers: 124, layer_height_mm: 0.2, height_mm: 24.8,
    bed_type: "Textured PEI Plate", has_supports: false, objects: [{ id: 1, name: "bracket" }], bounds_mm: null, findings: [],
  });
  return two ? [plate(1, [ORANGE, BLACK], 5940, 34.9), plate(2, [WHITE], 1320, 6.1)] : [plate(1, [ORANGE], 5940, 34.9)];
}
