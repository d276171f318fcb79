import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin, PreviewServer, ViteDevServer } from "vite";
import type { components } from "../src/generated/api.ts";
import { cameraView } from "./camera.ts";
import { decisionRoutes } from "./decisions.ts";
import { noticeRoutes } from "./notices.ts";
import { nodeRoutes, peopleRoutes } from "./people.ts";
import { reviewRoutes } from "./reviews.ts";
import { ago, artifactOf, job, ME, plates, seedEvents, type Job } from "./seeds.ts";
import { workRoutes } from "./work.ts";
import { World } from "./world.ts";

type Answer = [status: number, body: unknown];
type Handler = (match: RegExpMatchArray, body: Record<string, unknown>, url: URL) => Answer;

const CHECK_MS = 800;
const STEP_MS = 1000;

function problem(status: number, detail: string, job_: Job | null = null): Answer {
  return [status, { type: "/problems/mock", title: "Mock", status, detail, job: job_, printer: null }];
}

function decide(world: World, kind: string): Handler {
  const changes: Record<string, (body: Record<string, unknown>) => Partial<Job>> = {
    approve: (body) => ({
      status: "queued", state: "queued", decided_by: ME.name, allowed_actions: ["take_back_approval", "cancel"],
      not_before: new Date(Date.now() + Number(body["undo_s"] ?? 0) * 1000).toISOString(),
    }),
    reject: (body) => ({ status: "rejected", state: "rejected", reason: String(body["reason"]), decided_by: ME.name, allowed_actions: [] }),
    return: (body) => ({ status: "returned", state: "returned", reason: String(body["comment"]), decided_by: ME.name, allowed_actions: ["resubmit", "withdraw"] }),
    resubmit: () => ({ status: "submitted", state: "submitted", allowed_actions: ["withdraw"] }),
    withdraw: () => ({ status: "withdrawn", state: "withdrawn", ended_at: ago(0), allowed_actions: [] }),
    "take-back-approval": () => ({ status: "submitted", state: "submitted", not_before: null, allowed_actions: ["approve", "reject", "return"] }),
    cancel: () => ({ status: "cancelling", cancel_requested_at: ago(0), allowed_actions: [] }),
  };
  return ([, id], body) => {
    const before = world.find(id);
    if (before === undefined) return problem(404, "There is no such job.");
    if (body["version"] !== undefined && body["version"] !== before.version) return problem(409, "It was decided meanwhile.", before);
    const after = world.set(before.id, changes[kind]?.(body) ?? {});
    world.fact(`job.${kind}`, { job_id: before.id });
    return [200, after];
  };
}

function command(world: World, kind: components["schemas"]["CommandKind"], act: (id: string) => void): Handler {
  return ([, id = ""]) => {
    const commandId = world.id();
    const body = { id: commandId, kind, printer_id: id, run_id: null, issued_at: ago(0), expires_at: null, answered_at: null, answer: null, answer_reason: null, said: null };
    world.commands.set(commandId, body);
    setTimeout(() => {
      world.commands.set(commandId, { ...body, answered_at: ago(0), answer: "done" });
      act(id);
      world.fact("command.done", { command_id: commandId });
    }, STEP_MS);
    return [202, body];
  };
}

function bed(world: World, state: "clear" | "occupied"): (id: string) => void {
  return (id) => {
    world.printers = world.printers.map((each) =>
      each.id === id
        ? { ...each, allowed_actions: [state === "clear" ? "unclear_bed" : "clear_bed", "light"], bed: { ...each.bed, state, seq: each.bed.seq + 1, since: ago(0), by: ME.name } }
        : each,
    );
    world.fact("printer.bed_changed", { printer_id: id });
  };
}

function uploads(world: World): [string, RegExp, Handler][] {
  const check = (id: string): void => {
    const artifact = world.artifacts.get(id);
    if (artifact === undefined) return;
    const isPlain = artifact.filename.includes("unsliced");
    world.artifacts.set(id, isPlain
      ? { ...artifact, state: "refused", refusal_code: "not_sliced", refusal: `${artifact.filename} is not sliced. Open it in your slicer, slice, export the plate.` }
      : { ...artifact, state: "ready", plates: plates(artifact.filename.includes("two")) });
    world.fact("artifact.ready", { artifact_id: id });
  };
  return [
    ["POST", /^\/api\/uploads$/, (_, body) => {
      const id = world.id();
      const artifact = artifactOf(id, String(body["filename"]), Number(body["size_bytes"]), String(body["sha256"]));
      world.artifacts.set(id, artifact);
      return [201, { artifact, put: { url: "/mock-s3/x", headers: {}, expires_at: new Date(Date.now() + 600_000).toISOString() } }];
    }],
    ["POST", /^\/api\/uploads\/([^/]+)\/complete$/, ([, id = ""]) => {
      const artifact = world.artifacts.get(id);
      if (artifact === undefined) return problem(404, "There is no such upload.");
      world.artifacts.set(id, { ...artifact, state: "checking" });
      setTimeout(() => check(id), CHECK_MS);
      return [202, world.artifacts.get(id)];
    }],
    ["GET", /^\/api\/artifacts\/([^/]+)$/, ([, id = ""]) => [200, world.artifacts.get(id)]],
    ["POST", /^\/api\/submissions$/, (_, body) => {
      const artifact = world.artifacts.get(String(body["artifact_id"]));
      const wanted = body["plates"] as { plate: number; copies: number }[];
      const made = wanted.flatMap(({ plate, copies }) =>
        Array.from({ length: copies }, (__, index) =>
          job({ name: (artifact?.filename ?? "x").replace(/(\.gcode)?\.3mf$/, ""), plate, copy_no: index + 1, note: String(body["note"]), created_at: ago(0), allowed_actions: ["approve", "reject", "return", "withdraw"] })),
      );
      world.jobs = [...made, ...world.jobs];
      for (const each of made) world.fact("job.submitted", { job_id: each.id });
      return [201, { id: world.id(), note: null, created_at: ago(0), jobs: made }];
    }],
  ];
}

function routes(world: World): [string, RegExp, Handler][] {
  const decisions = ["approve", "reject", "return", "resubmit", "withdraw", "take-back-approval", "cancel"];
  return [
    ["GET", /^\/api\/auth\/providers$/, () => [200, [{ id: "google", name: "Google" }, { id: "github", name: "GitHub" }]]],
    ["POST", /^\/api\/auth\/signout$/, () => [204, null]],
    ["GET", /^\/api\/me$/, () => (process.env["MOCK_SIGNED_OUT"] === undefined ? [200, ME] : problem(401, "Sign in first."))],
    ["GET", /^\/api\/jobs$/, (_, __, url) => {
      const wanted = url.searchParams.get("status")?.split(",") ?? [];
      const isMine = url.searchParams.get("scope") === "mine";
      if (process.env["MOCK_EMPTY"] !== undefined) return [200, { items: [], next_cursor: null }];
      const words = (url.searchParams.get("q") ?? "").toLowerCase();
      const since = url.searchParams.get("ended_since") ?? "";
      const until = url.searchParams.get("ended_until") ?? "9";
      const all = world.jobs.filter((each) => {
        const ended = each.ended_at ?? each.decided_at ?? each.created_at;
        const isMeant = wanted.includes(each.status) && (!isMine || each.owner.id === ME.id);
        return isMeant && each.name.toLowerCase().includes(words) && ended >= since && ended < until;
      });
      if (url.searchParams.get("order") === "oldest") all.sort((a, b) => a.created_at.localeCompare(b.created_at));
      const from = Number(url.searchParams.get("cursor") ?? 0);
      const limit = Number(url.searchParams.get("limit") ?? all.length);
      return [200, { items: all.slice(from, from + limit), next_cursor: from + limit < all.length ? String(from + limit) : null }];
    }],
    ...reviewRoutes(world),
    ...workRoutes(world),
    ...peopleRoutes(),
    ...noticeRoutes(),
    ...nodeRoutes(world),
    ...decisionRoutes(world),
    ["GET", /^\/api\/jobs\/([^/]+)$/, ([, id]) => { const found = world.find(id); return found ? [200, found] : problem(404, "There is no such job."); }],
    ["GET", /^\/api\/jobs\/([^/]+)\/events$/, ([, id]) => { const found = world.find(id); return [200, found ? seedEvents(found) : []]; }],
    ...decisions.map((kind): [string, RegExp, Handler] => ["POST", new RegExp(`^/api/jobs/([^/]+)/${kind}$`), decide(world, kind)]),
    ["POST", /^\/api\/jobs\/([^/]+)\/pause$/, command(world, "pause", (id) => { world.set(id, { phase: "paused", reason: "Paused by Ana.", allowed_actions: ["resume", "skip", "cancel"] }); world.fact("run.paused", { job_id: id }); })],
    ["POST", /^\/api\/jobs\/([^/]+)\/resume$/, command(world, "resume", (id) => { world.set(id, { phase: "printing", reason: null, allowed_actions: ["pause", "speed", "skip", "cancel"] }); world.fact("run.resumed", { job_id: id }); })],
    ["GET", /^\/api\/printers$/, () => [200, process.env["MOCK_EMPTY"] === undefined ? world.printers : []]],
    ["POST", /^\/api\/printers\/([^/]+)\/clear-bed$/, command(world, "clear_bed", bed(world, "clear"))],
    ["POST", /^\/api\/printers\/([^/]+)\/unclear-bed$/, command(world, "unclear_bed", bed(world, "occupied"))],
    ["POST", /^\/api\/printers\/([^/]+)\/light$/, command(world, "light", () => undefined)],
    ["GET", /^\/api\/commands\/([^/]+)$/, ([, id = ""]) => [200, world.commands.get(id)]],
    ...uploads(world),
  ];
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => resolve(text));
  });
}

function openFeed(world: World, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  world.readers.add(response);
  request.on("close", () => world.readers.delete(response));
  response.write(`event: hello\ndata: ${JSON.stringify({ gseq: world.gseq, server_time: new Date().toISOString(), build_id: "mock" })}\n\n`);
  world.step();
}

function serve(server: ViteDevServer | PreviewServer): void {
  const world = new World();
  const table = routes(world);
  const timer = setInterval(() => world.step(), STEP_MS * 2);
  server.httpServer?.on("close", () => clearInterval(timer));
  server.middlewares.use((request, response, next) => {
    const url = new URL(request.url ?? "/", "http://mock");
    if (url.pathname === "/api/feed") {
      openFeed(world, request, response);
      return;
    }
    if (url.pathname.startsWith("/mock-s3/")) {
      request.resume().on("end", () => response.end());
      return;
    }
    const camera = /^\/api\/printers\/([^/]+)\/camera$/.exec(url.pathname);
    if (camera !== null) {
      response.writeHead(200, { "content-type": "image/svg+xml", "cache-control": "no-store" });
      response.end(cameraView(world.printers.some((each) => each.id === camera[1] && each.bed.state !== "clear")));
      return;
    }
    const route = table.find(([method, path]) => method === request.method && path.test(url.pathname));
    if (route === undefined) {
      if (url.pathname.startsWith("/api/")) response.writeHead(404).end();
      else next();
      return;
    }
    void bodyOf(request).then((text) => {
      const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
      const [status, answer] = route[2](url.pathname.match(route[1]) ?? [""], body, url);
      response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
      response.end(status === 204 ? undefined : JSON.stringify(answer));
    });
  });
}

/** The seeded answers beside `npm run dev:mock`, and beside the built app for measuring. */
export function mockApi(): Plugin {
  return { name: "layerline-mock-api", configureServer: serve, configurePreviewServer: serve };
}
