import type { components } from "../src/generated/api.ts";
import { ago, job, ME, type Job } from "./seeds.ts";
import type { World } from "./world.ts";

type Schemas = components["schemas"];
type Answer = [number, unknown];
type Route = [string, RegExp, (match: RegExpMatchArray, body: Record<string, unknown>, url: URL) => Answer];

/** A month with a limit of 500 g of which so much is gone. */
export function quotaOf(used: number, limit: number | null = 500): Schemas["Quota"] {
  return {
    limits: { grams: limit, hours: null }, used_grams: used, used_hours: used / 25, waiting_grams: 0, waiting_hours: 0,
    resets_at: ago(-14 * 1440), may_exceed: true,
  };
}

function conflict(code: string, detail: string): Answer {
  return [409, { type: `/problems/${code}`, title: "Conflict", status: 409, detail, job: null, printer: null }];
}

/** Queues in their order, talk, decisions on many, quotas. */
export function workRoutes(world: World): Route[] {
  let queues: Schemas["Queue"][] = ["main", "night"].map((name) => ({
    name, title: name === "main" ? "Main" : "Night shift", is_held: false, held_by: null, version: 1, waiting: 0,
  }));
  const waiting = (name: string): Job[] =>
    world.jobs.filter((each) => each.status === "queued" && each.queue === name).map((each, index) => ({ ...each, place: index + 1 }));
  const shown = (): Schemas["Queue"][] => queues.map((each) => ({ ...each, waiting: waiting(each.name).length }));
  const order = (name: string): Answer => {
    const queue = shown().find((each) => each.name === name);
    return queue === undefined ? [404, null] : [200, { queue, jobs: waiting(name) }];
  };
  const change = (name: string, to: Partial<Schemas["Queue"]>): void => {
    queues = queues.map((each) => (each.name === name ? { ...each, ...to, version: each.version + 1 } : each));
    world.fact("queue.changed", {});
  };
  const comments = new Map<string, Schemas["Comment"][]>();
  return [
    ["GET", /^\/api\/queues$/, () => [200, shown()]],
    ["GET", /^\/api\/queues\/([^/]+)$/, ([, name = ""]) => order(name)],
    ["PUT", /^\/api\/queues\/([^/]+)$/, ([, name = ""], body) => {
      if (!queues.some((each) => each.name === name)) queues = [...queues, { name, title: "", is_held: false, held_by: null, version: 1, waiting: 0 }];
      change(name, { title: String(body["title"]) });
      return order(name);
    }],
    ["DELETE", /^\/api\/queues\/([^/]+)$/, () => conflict("queue-in-use", "Printers or jobs belong to this queue: it stays.")],
    ["POST", /^\/api\/queues\/([^/]+)\/switch$/, ([, name = ""], body) => {
      const isHeld = body["is_held"] === true;
      change(name, { is_held: isHeld, held_by: isHeld ? ME.name : null });
      return order(name);
    }],
    ["POST", /^\/api\/jobs\/([^/]+)\/move$/, ([, id = ""], body) => {
      const target = queues.find((each) => each.name === body["queue"]);
      if (target === undefined || target.version !== body["queue_version"]) return conflict("queue-changed", "The queue changed meanwhile.");
      const moved = world.set(id, { queue: target.name });
      const rest = world.jobs.filter((each) => each.id !== id);
      const at = rest.findIndex((each) => each.id === body["before"]);
      if (moved !== undefined) world.jobs = at < 0 ? [...rest, moved] : [...rest.slice(0, at), moved, ...rest.slice(at)];
      change(target.name, {});
      return order(target.name);
    }],
    ["PUT", /^\/api\/printers\/([^/]+)$/, ([, id = ""], body) => {
      world.printers = world.printers.map((each) => (each.id === id ? { ...each, ...body } : each));
      return [204, null];
    }],
    ["GET", /^\/api\/jobs\/([^/]+)\/comments$/, ([, id = ""]) => [200, comments.get(id) ?? seeded(world.find(id))]],
    ["POST", /^\/api\/jobs\/([^/]+)\/comments$/, ([, id = ""], body) => {
      const said = { id: world.id(), author: { id: ME.id, name: ME.name, avatar_url: null }, text: String(body["text"]), created_at: ago(0) };
      comments.set(id, [...(comments.get(id) ?? seeded(world.find(id))), said]);
      world.fact("job.commented", { job_id: id });
      return [201, said];
    }],
    ["POST", /^\/api\/decisions$/, (_, body) => {
      const wanted = body["jobs"] as { job_id: string }[];
      const items = wanted.map(({ job_id }): Schemas["DecidedJob"] => {
        const before = world.find(job_id);
        if (body["decision"] === "approve" && before?.name === "vase-spiral") return { job_id, job: before, code: "has-warnings", detail: "It has a warning." };
        const status = body["decision"] === "approve" ? "queued" : body["decision"] === "reject" ? "rejected" : "returned";
        return { job_id, job: world.set(job_id, { status, state: status, allowed_actions: [], not_before: ago(-0.2) }) ?? null, code: null, detail: null };
      });
      return [200, { items }];
    }],
    ["GET", /^\/api\/quota$/, () => [200, quotaOf(412)]],
    ["GET", /^\/api\/quotas$/, () => [200, [1, 2, 3, 4].map((n): Schemas["PersonQuota"] => ({
      user_id: `00000000-0000-4000-8000-00000000000${n}`, is_own: n === 3, quota: quotaOf(n * 103, n === 3 ? 1000 : 500),
    }))]],
    ["PUT", /^\/api\/people\/([^/]+)\/quota$/, ([, id = ""]) => [200, { user_id: id, is_own: true, quota: quotaOf(103) }]],
  ];
}

function seeded(of: Job | undefined): Schemas["Comment"][] {
  if (of?.name !== "bracket-right-v3") return [];
  const author = job({}).owner;
  return [
    { id: "c1", author, text: "How thick are the walls?", created_at: ago(40) },
    { id: "c2", author: of.owner, text: "Three lines, 1.2 mm. It only carries a coat.", created_at: ago(38) },
  ];
}
