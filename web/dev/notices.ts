import type { components } from "../src/generated/api.ts";
import { ago } from "./seeds.ts";

type Schemas = components["schemas"];
type Route = [string, RegExp, (match: RegExpMatchArray, body: Record<string, unknown>) => [number, unknown]];

const DAY = 1440;

/** What one is told, where it goes, what became of it. */
export function noticeRoutes(): Route[] {
  const target = (n: number, form: Schemas["Form"], name: string, kinds: Schemas["NoticeKind"][], isOn = true): Schemas["Target"] => ({
    id: `50000000-0000-4000-8000-00000000000${n}`, form, name, kinds, is_enabled: isOn, created_at: ago(n * DAY),
  });
  let targets = process.env["MOCK_EMPTY"] !== undefined ? [] : [
    target(1, "personal", "E-mail", ["submitted", "returned", "rejected", "done", "failed", "attention"]),
    target(2, "channel", "Discord of the workshop", ["failed", "attention"]),
    target(3, "webhook", "Statistics", ["done"], false),
  ];
  const followed = new Set<string>();
  let choices: Schemas["NoticeChoices"] = {
    language: "en", ways: targets.filter((each) => each.form === "personal").map(({ id, name, kinds }) => ({ id, name, kinds })),
  };
  const delivery = (n: number, title: string, state: Schemas["DeliveryState"], answer: string | null): Schemas["Delivery"] => ({
    id: `51000000-0000-4000-8000-00000000000${n}`, kind: "done", title, state, attempts: n, answer,
    created_at: ago(n * 7), next_at: ago(n * 7), done_at: state === "waiting" ? null : ago(n * 7),
  });
  const follow = ([, id = ""]: RegExpMatchArray): [number, unknown] => [200, { follows: followed.has(id) }];
  return [
    ["GET", /^\/api\/me\/notices$/, () => [200, choices]],
    ["PUT", /^\/api\/me\/notices$/, (_, body) => {
      const wished = body["ways"] as Schemas["WishedWay"][];
      const ways = choices.ways.map((way) => ({ ...way, kinds: wished.find(({ id }) => id === way.id)?.kinds ?? way.kinds }));
      choices = { language: body["language"] as Schemas["Language"], ways };
      return [200, choices];
    }],
    ["GET", /^\/api\/jobs\/([^/]+)\/follow$/, follow],
    ["PUT", /^\/api\/jobs\/([^/]+)\/follow$/, (match) => { followed.add(match[1] ?? ""); return follow(match); }],
    ["DELETE", /^\/api\/jobs\/([^/]+)\/follow$/, (match) => { followed.delete(match[1] ?? ""); return follow(match); }],
    ["GET", /^\/api\/notice-targets$/, () => [200, { is_possible: true, targets }]],
    ["POST", /^\/api\/notice-targets$/, (_, body) => {
      const made = target(targets.length + 4, body["form"] as Schemas["Form"], String(body["name"]), body["kinds"] as Schemas["NoticeKind"][]);
      targets = [...targets, made];
      return [201, { target: made, key: made.form === "webhook" ? "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" : null }];
    }],
    ["PUT", /^\/api\/notice-targets\/([^/]+)$/, ([, id], body) => {
      targets = targets.map((each) => (each.id === id ? { ...each, is_enabled: body["is_enabled"] === true } : each));
      return [200, targets.find((each) => each.id === id)];
    }],
    ["DELETE", /^\/api\/notice-targets\/([^/]+)$/, ([, id]) => { targets = targets.filter((each) => each.id !== id); return [204, null]; }],
    ["POST", /^\/api\/notice-targets\/([^/]+)\/try$/, () => [202, delivery(1, "A test from Layerline", "waiting", null)]],
    ["GET", /^\/api\/notice-targets\/([^/]+)\/deliveries$/, () => [200, [
      delivery(1, "bracket is done", "sent", "HTTP 200"), delivery(2, "lamp foot is done", "waiting", "HTTP 503"),
      delivery(8, "vase is done", "failed", "ConnectError"),
    ]]],
  ];
}
