import type { ServerResponse } from "node:http";
import type { components } from "../src/generated/api.ts";
import { manyJobs, seedJobs, seedPrinters, type Artifact, type Job, type Printer } from "./seeds.ts";

type Fact = components["schemas"]["FeedFact"];
type Telemetry = components["schemas"]["PrinterTelemetry"];

/** Seeded answers and a feed, to look at pages without a stack; its types are the API's. */
export class World {
  jobs = [...seedJobs(), ...manyJobs(Number(process.env["MOCK_MANY"] ?? 0))];
  printers = seedPrinters(this.jobs);
  artifacts = new Map<string, Artifact>();
  commands = new Map<string, components["schemas"]["Command"]>();
  readers = new Set<ServerResponse>();
  gseq = 100;
  ids = 0;

  id(): string {
    this.ids += 1;
    return `90000000-0000-4000-8000-${String(this.ids).padStart(12, "0")}`;
  }

  find(id: string | undefined): Job | undefined {
    return this.jobs.find((each) => each.id === id);
  }

  set(id: string, change: Partial<Job>): Job | undefined {
    this.jobs = this.jobs.map((each) => (each.id === id ? { ...each, version: each.version + 1, ...change } : each));
    const after = this.find(id);
    this.printers = this.printers.map((printer) =>
      printer.current_job?.id === id && after ? { ...printer, current_job: after } : printer,
    );
    return after;
  }

  send(event: string, data: unknown, id?: number): void {
    const lines = `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const reader of this.readers) reader.write(lines);
  }

  fact(type: string, with_: Partial<Fact>): void {
    this.gseq += 1;
    const now = new Date().toISOString();
    const fact: Fact = {
      gseq: this.gseq, type, job_id: null, run_id: null, printer_id: null, artifact_id: null, command_id: null,
      occurred_at: now, server_time: now, percent: null, layer: null, total_layers: null, minutes_left: null, ...with_,
    };
    this.send("fact", fact, this.gseq);
  }

  step(): void {
    for (const printer of this.printers.filter((each) => each.is_online)) {
      this.send("telemetry", newsOf(printer));
      const current = printer.current_job;
      if (current?.phase === "printing" && process.env["MOCK_STILL"] === undefined) this.advance(current);
    }
  }

  advance(current: Job): void {
    const percent = Math.min(99, (current.percent ?? 0) + 1);
    this.set(current.id, { percent });
    this.fact("job.progress", {
      job_id: current.id, run_id: current.run_id, percent,
      layer: Math.round(percent * 1.24), total_layers: 124, minutes_left: Math.round((100 - percent) * 1.13),
    });
  }
}

function newsOf(printer: Printer): Telemetry {
  const current = printer.current_job;
  const isHot = current?.status === "printing";
  return {
    node: printer.node, printer_id: printer.id, run_id: current?.run_id ?? null, at: new Date().toISOString(),
    nozzle_c: isHot ? 218 + Math.round(Math.random() * 3) : 31, nozzle_target_c: isHot ? 220 : 0,
    bed_c: isHot ? 65 : 54, bed_target_c: isHot ? 65 : 0, percent: null, layer: null,
    total_layers: null, minutes_left: null, stage: null, upload_percent: 40,
    part_fan: isHot ? 80 : 0, speed_percent: 100, wifi_dbm: -53, active_slot: isHot ? 0 : null, humidity_level: 2,
    messages: isHot ? [{ code: "0C00-0300-0003-0006", text: "The purged filament may have piled up.", advice: "Empty the chute.", is_error: false }] : [],
  };
}
