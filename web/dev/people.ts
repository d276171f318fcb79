import type { components } from "../src/generated/api.ts";
import { ago, ME } from "./seeds.ts";
import type { World } from "./world.ts";

type Schemas = components["schemas"];
type Route = [string, RegExp, (match: RegExpMatchArray, body: Record<string, unknown>, url: URL) => [number, unknown]];

const DAY = 1440;

const UA = {
  here: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  phone: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
};

function old(): [number, unknown] | null {
  if (process.env["MOCK_OLD_SIGNIN"] === undefined) return null;
  const detail = "Sign in again for this: your sign-in is too old.";
  return [403, { type: "/problems/sign-in-again", title: "Forbidden", status: 403, detail, job: null, printer: null }];
}

/** One's account, people, invitations and the trail. */
export function peopleRoutes(): Route[] {
  const person = (n: number, name: string, email: string, role: Schemas["Role"], isOut = false): Schemas["Member"] => ({
    id: `00000000-0000-4000-8000-00000000000${n}`, name, email, role, is_disabled: isOut, created_at: ago(n * 20 * DAY),
  });
  let people = [
    person(1, ME.name, ME.email, "admin"), person(2, "Mia Berger", "mia@lindenhof.example", "member"),
    person(3, "Jonas von Hohenlohe-Langenburg", "jonas.von.hohenlohe-langenburg@lindenhof.example", "approver"),
    person(4, "Tom Weiß", "tom@elsewhere.example", "member", true),
  ];
  let invitations: Schemas["OpenInvitation"][] = [
    { id: "60000000-0000-4000-8000-000000000001", email: "jo@x.example", role: "member", created_at: ago(2 * DAY), expires_at: ago(-12 * DAY) },
  ];
  let tokens: Schemas["Token"][] = [
    { id: "70000000-0000-4000-8000-000000000001", name: "Slicer on the workshop PC", scopes: ["read", "submit"], created_at: ago(9 * DAY), expires_at: ago(-80 * DAY), last_used_at: ago(33) },
    { id: "70000000-0000-4000-8000-000000000002", name: "Nightly report", scopes: ["read"], created_at: ago(99 * DAY), expires_at: ago(2 * DAY), last_used_at: null },
  ];
  const change = (id: string | undefined, to: Partial<Schemas["Member"]>): [number, unknown] => {
    people = people.map((each) => (each.id === id ? { ...each, ...to } : each));
    return old() ?? [200, people.find((each) => each.id === id)];
  };
  const deed = (id: number, action: string, thing: string, detail: string | null, who = 0): Schemas["Deed"] => ({
    id, at: ago((40 - id) * 50), user_id: people[who]?.id ?? null, user_email: people[who]?.email ?? null, action, thing,
    thing_id: `00000000-0000-4000-8000-0000000000${id + 10}`, ip: "192.0.2.17", detail,
  });
  const deeds = [
    deed(40, "job.approve", "job", null), deed(39, "user.sign_in", "user", null, 1), deed(38, "invitation.make", "invitation", "jo@x.example member"),
    deed(37, "printer.clear_bed", "printer", null, 2), deed(36, "node.add", "node", "workshop-pi"), deed(35, "user.role", "user", "approver", 9),
  ];
  return [
    ["GET", /^\/api\/me\/identities$/, () => [200, [
      { id: "80000000-0000-4000-8000-000000000001", issuer: "https://accounts.google.com", email: ME.email, last_used_at: ago(12) },
      { id: "80000000-0000-4000-8000-000000000002", issuer: "https://github.com", email: "ana-diaz@users.example", last_used_at: ago(40 * DAY) },
    ]]],
    ["DELETE", /^\/api\/me\/identities\//, () => old() ?? [204, null]],
    ["POST", /^\/api\/auth\/link\//, () => old() ?? [200, { url: "/settings/account" }]],
    ["POST", /^\/api\/auth\/first-admin$/, () => [204, null]],
    ["GET", /^\/api\/me\/sessions$/, () => [200, [
      { id: "a1", is_this: false, signed_in_at: ago(3 * DAY), last_used_at: ago(200), expires_at: ago(-9 * DAY), user_agent: UA.phone, ip: "198.51.100.4" },
      { id: "a2", is_this: true, signed_in_at: ago(50), last_used_at: ago(0), expires_at: ago(-9 * DAY), user_agent: UA.here, ip: "192.0.2.17" },
    ]]],
    ["DELETE", /^\/api\/me\/sessions/, () => [204, null]],
    ["GET", /^\/api\/me\/tokens$/, () => [200, tokens]],
    ["POST", /^\/api\/me\/tokens$/, (_, body) => {
      const token: Schemas["Token"] = { id: `70000000-0000-4000-8000-0000000000${tokens.length + 10}`, name: String(body["name"]), scopes: body["scopes"] as Schemas["Scope"][], created_at: ago(0), expires_at: ago(-Number(body["days"]) * DAY), last_used_at: null };
      if (old() === null) tokens = [token, ...tokens];
      return old() ?? [201, { token, secret: "ll_4fJx0c9mQ2rT7vYbN8sLk3WdHzPaGe5uRiXo1Cq6" }];
    }],
    ["DELETE", /^\/api\/me\/tokens\/(.+)$/, ([, id]) => { tokens = tokens.filter((each) => each.id !== id); return [204, null]; }],
    ["GET", /^\/api\/people$/, () => [200, people]],
    ["PUT", /^\/api\/people\/([^/]+)\/role$/, ([, id], body) => change(id, { role: body["role"] as Schemas["Role"] })],
    ["POST", /^\/api\/people\/([^/]+)\/disable$/, ([, id]) => change(id, { is_disabled: true })],
    ["POST", /^\/api\/people\/([^/]+)\/enable$/, ([, id]) => change(id, { is_disabled: false })],
    ["POST", /^\/api\/people\/([^/]+)\/signout$/, ([, id]) => change(id, {})],
    ["GET", /^\/api\/invitations$/, () => [200, invitations]],
    ["POST", /^\/api\/invitations$/, (_, body) => {
      const made: Schemas["OpenInvitation"] = { id: `60000000-0000-4000-8000-0000000000${invitations.length + 10}`, email: String(body["email"]), role: body["role"] as Schemas["Role"], created_at: ago(0), expires_at: ago(-14 * DAY) };
      if (old() === null) invitations = [made, ...invitations];
      return old() ?? [201, made];
    }],
    ["DELETE", /^\/api\/invitations\/(.+)$/, ([, id]) => { invitations = invitations.filter((each) => each.id !== id); return [204, null]; }],
    ["GET", /^\/api\/audit$/, (_, __, url) => {
      const what = url.searchParams.get("what");
      return [200, { deeds: deeds.filter((each) => what === null || each.action.startsWith(`${what}.`)), next_before: null }];
    }],
  ];
}

/** The nodes of the seeded printers, one that waits and one that was put out. */
export function nodeRoutes(world: World): Route[] {
  const node = (name: string, change: Partial<Schemas["Node"]>): Schemas["Node"] => ({
    name, title: name, state: "enrolled", created_at: ago(30 * DAY), code_expires_at: null, enrolled_at: ago(29 * DAY),
    credentials_expire_at: ago(-DAY), revoked_at: null, cut_at: null, last_fact_at: ago(0.2),
    printers: world.printers.filter((each) => each.node === name).map((each) => ({ serial: "01S00C000000001", name: each.name, queue: each.queue })), ...change,
  });
  let nodes = [
    node("attic-pi", { state: "waiting", enrolled_at: null, last_fact_at: null, code_expires_at: ago(-40) }),
    node("cellar-pi", {}),
    node("old-pi", { state: "revoked", revoked_at: ago(3000), cut_at: ago(2999.9), last_fact_at: ago(3001) }),
    node("workshop-pi", { title: "Workshop, by the window" }),
  ];
  const code = (found: Schemas["Node"] | undefined): unknown => ({
    node: found, code: "K7QF-M2XW-9T4B-HC3P", expires_at: ago(-60),
    command: `layerline-edge enroll https://print.lindenhof.example K7QF-M2XW-9T4B-HC3P`,
  });
  return [
    ["GET", /^\/api\/nodes$/, () => [200, process.env["MOCK_EMPTY"] === undefined ? nodes : []]],
    ["POST", /^\/api\/nodes$/, (_, body) => {
      const made = node(String(body["name"]), { state: "waiting", enrolled_at: null, last_fact_at: null, code_expires_at: ago(-60), title: String(body["title"] ?? body["name"]) });
      if (old() === null) nodes = [...nodes, made];
      return old() ?? [201, code(made)];
    }],
    ["POST", /^\/api\/nodes\/([^/]+)\/code$/, ([, name]) => old() ?? [201, code(nodes.find((each) => each.name === name))]],
    ["POST", /^\/api\/nodes\/([^/]+)\/revoke$/, ([, name]) => {
      if (old() === null) nodes = nodes.map((each) => (each.name === name ? { ...each, state: "revoked", revoked_at: ago(0), cut_at: null } : each));
      return old() ?? [200, nodes.find((each) => each.name === name)];
    }],
  ];
}
