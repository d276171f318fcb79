import { beforeEach, describe, expect, it } from "vitest";
import { withKept } from "@/components/long-list";
import { issuerName } from "@/features/account/words";
import { csvHref, dayStart, filterOf } from "@/features/audit/filter";
import { nodeState } from "@/features/nodes/state";
import { matches } from "@/features/people/search";
import { rememberedNext } from "@/features/signin/next";
import { toApiError } from "@/lib/api/problem";
import { browserName } from "@/lib/browser";
import { forgetDrafts, hasDraft, restored } from "@/lib/draft";
import { isTold, mayTell, notifyChoice } from "@/lib/notify";
import type { EdgeNode, Fact, Member, Printer } from "@/lib/wire";

beforeEach(() => sessionStorage.clear());

describe("what is typed", () => {
  it("comes back over the initial fields, and only what is of the same kind", () => {
    const initial = { name: "", days: 90, scopes: ["read"] };
    expect(restored(initial, null)).toEqual(initial);
    expect(restored(initial, "{broken")).toEqual(initial);
    expect(restored(initial, '{"name":"cron","days":"7","scopes":{},"more":1}')).toEqual({ ...initial, name: "cron" });
  });

  it("is forgotten on signing out, and nothing else is", () => {
    sessionStorage.setItem("layerline.draft.node", "{}");
    sessionStorage.setItem("layerline.other", "1");
    expect(hasDraft("node")).toBe(true);
    forgetDrafts();
    expect(hasDraft("node")).toBe(false);
    expect(sessionStorage.getItem("layerline.other")).toBe("1");
  });
});

describe("signing in", () => {
  it("goes on to where one wanted, also after a try that failed", () => {
    expect(rememberedNext(new URLSearchParams("next=/admin/nodes&again=1"))).toBe("/admin/nodes");
    expect(rememberedNext(new URLSearchParams("error=expired"))).toBe("/admin/nodes");
    expect(rememberedNext(new URLSearchParams(""))).toBe("/");
  });

  it("never goes on to another site", () => {
    expect(rememberedNext(new URLSearchParams("next=//evil.example"))).toBe("/");
    expect(rememberedNext(new URLSearchParams("error=expired"))).toBe("/");
  });

  it("is asked for again by its problem type alone", () => {
    const body = (type: string) => ({ type, status: 403, detail: "No." });
    expect(toApiError(403, body("/problems/sign-in-again")).wantsSignIn).toBe(true);
    expect(toApiError(403, body("/problems/not-allowed")).wantsSignIn).toBe(false);
  });
});

describe("names", () => {
  it("of browsers are short, or none", () => {
    expect(browserName("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox, Linux");
    expect(browserName("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari/537 Edg/140")).toBe("Edge, Windows");
    expect(browserName("curl/8")).toBeNull();
    expect(browserName(null)).toBeNull();
  });

  it("of issuers are those of the sign-in page where they are known", () => {
    const providers = [{ id: "google", name: "Google" }, { id: "github", name: "GitHub" }];
    expect(issuerName("https://accounts.google.com", providers)).toBe("Google");
    expect(issuerName("https://id.lindenhof.example", providers)).toBe("id.lindenhof.example");
    expect(issuerName("no address", providers)).toBe("no address");
  });
});

describe("people", () => {
  const mia = { name: "Mia Berger", email: "m@lindenhof.example", role: "member" } as Member;
  it.each([["", null, true], ["BERGER linden", null, true], ["ana", null, false], ["mia", "admin", false]] as const)(
    "are found by %j and %j: %j",
    (text, role, isFound) => expect(matches(mia, text, role)).toBe(isFound),
  );
});

describe("nodes", () => {
  const node = (change: Partial<EdgeNode>) => ({ name: "pi", state: "enrolled", last_fact_at: null, ...change }) as EdgeNode;
  const printer = (isOnline: boolean) => ({ node: "pi", is_online: isOnline }) as Printer;
  it("are online when a printer of theirs is heard", () => {
    expect(nodeState(node({}), [printer(false), printer(true)])).toBe("online");
    expect(nodeState(node({}), [printer(false)])).toBe("offline");
    expect(nodeState(node({}), [{ ...printer(true), node: "other" }])).toBe("enrolled");
    expect(nodeState(node({ state: "revoked" }), [printer(true)])).toBe("revoked");
  });
});

describe("the trail", () => {
  it("is asked for whole days of the viewer's zone", () => {
    const filter = filterOf(new URLSearchParams("what=node&since=2026-11-01&until=2026-11-02"));
    expect(filter).toEqual({
      what: "node",
      since: new Date(2026, 10, 1).toISOString(),
      until: new Date(2026, 10, 3).toISOString(),
    });
    expect(csvHref({})).toBe("/api/audit.csv");
    expect(csvHref({ what: "node" })).toBe("/api/audit.csv?what=node");
    expect(dayStart("yesterday")).toBeNull();
  });
});

describe("notifications", () => {
  const fact = (type: string, jobId: string | null = "j") => ({ type, job_id: jobId }) as Fact;
  it("tell of starts, ends and needs, not of progress", () => {
    expect(["run.started", "job.done", "job.returned", "run.attention"].every((type) => isTold(fact(type)))).toBe(true);
    expect(isTold(fact("job.progress"))).toBe(false);
    expect(isTold(fact("job.done", null))).toBe(false);
  });

  it("are off until somebody wants them", () => {
    expect(notifyChoice.get()).toBe("unasked");
    expect(mayTell()).toBe(false);
  });
});

describe("long lists", () => {
  it("keep the focused and the active row, in order and once", () => {
    expect(withKept([4, 5, 6], [2, 5, -1, 99], 10)).toEqual([2, 4, 5, 6]);
  });
});
