import type { components } from "../src/generated/api.ts";
import { ago } from "./seeds.ts";
import type { World } from "./world.ts";

type Schemas = components["schemas"];
type Answer = [status: number, body: unknown];
type Route = [string, RegExp, (match: RegExpMatchArray, body: Record<string, unknown>) => Answer];

function known(minutes: number, with_: Partial<Schemas["Evidence"]> & Pick<Schemas["Evidence"], "kind" | "witness">): Schemas["Evidence"] {
  return { at: ago(minutes), activity: null, print_name: null, file_name: null, percent: null, code: null, text: null, said: null, outcome: null, by: null, ...with_ };
}

function attentionOf(job: Schemas["Job"]): Schemas["Attention"] {
  return {
    job, cause: "start_not_seen", since: ago(12),
    evidence: [
      known(17.2, { kind: "before", witness: "printer", activity: "finished", print_name: "case-top" }),
      known(17.1, { kind: "sent", witness: "layerline", print_name: job.name, file_name: "layerline-184467.gcode.3mf" }),
      known(14, { kind: "changed", witness: "printer", activity: "idle", code: "0500-4003" }),
      known(12, { kind: "doubt", witness: "layerline", text: "The job was sent, but the printer's reports show no start. Look at the printer before deciding.", said: { code: "start_not_shown", params: {} } }),
      known(0.1, { kind: "now", witness: "printer", activity: "idle" }),
    ],
    choices: [
      { outcome: "printing", is_open: true, objection: "printer_is_idle" },
      { outcome: "done", is_open: true, objection: null },
      { outcome: "failed", is_open: true, objection: null },
      { outcome: "released", is_open: true, objection: null },
    ],
  };
}

/** Runs in doubt, and messages that could not be read. */
export function decisionRoutes(world: World): Route[] {
  const letter = (tail: number, with_: Partial<Schemas["Letter"]>): Schemas["Letter"] => ({
    id: `80000000-0000-4000-8000-00000000000${tail}`, subject: "edge.workshop-pi.job.progress", count: 1, first_seen: ago(61),
    reason: "percent: Input should be less than or equal to 100", body: '{"type":"job.progress","percent":101,"layer":12}',
    is_replaying: false, replayed_at: null, resolution: null, resolved_at: null, ...with_,
  });
  let letters = [
    letter(1, { count: 3 }),
    letter(2, { subject: "edge.cellar-pi.printer.sneezed", reason: "type: there is no such event", body: "\\xff\\x00 not json", first_seen: ago(600) }),
  ];
  const change = (id: string | undefined, with_: Partial<Schemas["Letter"]>): Answer => {
    letters = letters.map((each) => (each.id === id ? { ...each, ...with_ } : each));
    return [200, letters.find((each) => each.id === id)];
  };
  const open = () => (process.env["MOCK_EMPTY"] === undefined ? world.jobs.filter((each) => each.status === "attention") : []);
  return [
    ["GET", /^\/api\/attention$/, () => [200, open().map(attentionOf)]],
    ["GET", /^\/api\/jobs\/([^/]+)\/attention$/, ([, id]) => {
      const found = open().find((each) => each.id === id);
      return found ? [200, attentionOf(found)] : [404, { type: "/problems/no-such-attention", title: "Mock", status: 404, detail: "There is none.", job: null, printer: null }];
    }],
    ["GET", /^\/api\/dead-letters$/, () => {
      const shown = process.env["MOCK_EMPTY"] === undefined ? letters.filter((each) => each.resolution === null) : [];
      return [200, { letters: shown, total: shown.length }];
    }],
    ["GET", /^\/api\/dead-letters\/([^/]+)$/, ([, id]) => change(id, {})],
    ["POST", /^\/api\/dead-letters\/([^/]+)\/replay$/, ([, id]) => {
      setTimeout(() => change(id, { is_replaying: false, replayed_at: ago(0), count: 4 }), 1500);
      return change(id, { is_replaying: true });
    }],
    ["POST", /^\/api\/dead-letters\/([^/]+)\/drop$/, ([, id]) => change(id, { resolution: "dropped", resolved_at: ago(0) })],
  ];
}
