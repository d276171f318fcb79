import type { Artifact, Fact, Job, Plate, Printer } from "@/lib/wire";

export function aJob(with_: Partial<Job> = {}): Job {
  return {
    id: "job-1", submission_id: "sub-1", artifact_id: "art-1", name: "bracket", plate: 1, copy_no: 1,
    owner: { id: "mia", name: "Mia", avatar_url: null }, queue: "main", status: "printing", state: "queued",
    phase: "printing", run_id: "run-1", run_no: 1, printer: { id: "p-1", name: "P1S" }, percent: 40, layer: 10,
    total_layers: 100, minutes_left: 30, finish_at: null, stale_since: null, note: null, reason: null, said: null, code: null,
    advice: null, wait_reason: null, wish: null, earlier: null, place: null, not_before: null, estimate_s: 600, weight_g: 5, filaments: [],
    cancel_requested_at: null, created_at: "2026-01-05T10:00:00Z", decided_at: null, decided_by: null,
    started_at: null, ended_at: null, version: 3, allowed_actions: [], ...with_,
  };
}

export function aFact(with_: Partial<Fact> = {}): Fact {
  return {
    gseq: 1, type: "job.progress", job_id: "job-1", run_id: "run-1", printer_id: "p-1", artifact_id: null,
    command_id: null, occurred_at: "2026-01-05T11:00:00Z", server_time: "2026-01-05T11:00:01Z", percent: 41,
    layer: 11, total_layers: 100, minutes_left: 29, ...with_,
  };
}

export function aPrinter(with_: Partial<Printer> = {}): Printer {
  return {
    id: "p-1", name: "P1S", queue: "main", node: "pi", is_enabled: true, model: "C12", model_name: "P1S", firmware: null, is_online: true,
    activity: "idle", detail: null, said: null, code: null,
    bed: { state: "clear", seq: 4, since: null, by: null, reason: null, said: null, last_job: null },
    loaded: null, current_job: null, last_fact_at: null, allowed_actions: [], ...with_,
  };
}

export function aPlate(index: number): Plate {
  return {
    index, gcode_path: `Metadata/plate_${index}.gcode`, model: "C12", nozzle_mm: 0.4, estimate_s: 600, weight_g: 5,
    filaments: [], project_filaments: 1, name: "", layers: null, layer_height_mm: null, height_mm: null, bed_type: null,
    has_supports: null, objects: [], bounds_mm: null, findings: [],
  };
}

export function anArtifact(with_: Partial<Artifact> = {}): Artifact {
  return {
    id: "art-1", filename: "bracket.gcode.3mf", size_bytes: 1000, sha256: "ab", state: "checking",
    refusal_code: null, refusal: null, said: null, plates: [], slicer: null, warnings: [], has_model: false,
    created_at: "2026-01-05T10:00:00Z", ...with_,
  };
}
