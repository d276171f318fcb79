import { QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, it } from "vitest";
import { keys } from "@/lib/api/keys";
import { listedJob } from "@/lib/queries/jobs";
import { aJob } from "./builders";

describe("listedJob", () => {
  const filter = { scope: "all", status: "submitted", order: "oldest" } as const;
  const jobs = [aJob({ id: "job-1" }), aJob({ id: "job-2" })];
  let client: QueryClient;

  beforeEach(() => {
    client = new QueryClient();
    const pages = jobs.map((job) => ({ items: [job], next_cursor: null }));
    client.setQueryData(keys.jobs.list(filter), { pages, pageParams: [null, "2"] });
  });

  it("is what a list has shown, on whichever page", () => {
    expect(listedJob(client, "job-2")).toBe(jobs[1]);
    expect(listedJob(client, "job-3")).toBeUndefined();
  });

  it("is nothing once a fact has made the lists stale", async () => {
    await client.invalidateQueries({ queryKey: keys.jobs.lists, refetchType: "none" });
    expect(listedJob(client, "job-1")).toBeUndefined();
  });

  it("is nothing while no list was read", () => {
    client.clear();
    expect(listedJob(client, "job-1")).toBeUndefined();
  });
});
