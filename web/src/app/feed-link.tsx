import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";
import { useNavigate } from "react-router";
import { announce } from "@/components/announcer";
import { sessionOver } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import { FeedCache } from "@/lib/feed/cache";
import { caughtUp, FeedClient, type FeedHandlers, feedState } from "@/lib/feed/client";
import { openSource } from "@/lib/feed/shared-source";
import { takeTelemetry } from "@/lib/feed/telemetry";
import { useI18n } from "@/lib/i18n/context";
import { isDoubt, isTold, mayTell, tell } from "@/lib/notify";
import { jobQuery } from "@/lib/queries/jobs";
import { jobReason } from "@/lib/server-words";
import { useStore } from "@/lib/store";
import type { Fact, Job } from "@/lib/wire";

const SPOKEN: ReadonlySet<string> = new Set(["run.started", "job.done", "job.failed", "job.returned", "job.rejected"]);

const SETTLED_MS = 500;

/** The connection of this person's tabs; its news go into this tab's query cache. */
export function FeedLink({ me, decides }: { me: string; decides: boolean }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const navigate = useNavigate();

  /** Whoever decides is told at once, wherever they are; the browser tells when it may. */
  const alarm = useEffectEvent(async (fact: Fact) => {
    if (!decides || fact.job_id === null || !isDoubt(fact)) return;
    const id = fact.job_id;
    const job = await client.query({ ...jobQuery(id), staleTime: 0 });
    if (job.status !== "attention") return;
    const alert = t.attention.alert(job.name);
    announce(alert, "assertive");
    if (mayTell()) tell(fact, alert, jobReason(t, job) ?? "", () => void navigate("/admin/attention"));
  });

  const say = useEffectEvent((fact: Fact) => {
    if (!SPOKEN.has(fact.type) || fact.job_id === null) return;
    const job = client.getQueryData<Job>(keys.jobs.detail(fact.job_id));
    const words = t.events[fact.type];
    if (job !== undefined && words !== undefined) announce(t.announce.status(job.name, words));
  });

  const notify = useEffectEvent(async (fact: Fact) => {
    if (!isTold(fact) || fact.job_id === null || !mayTell()) return;
    const id = fact.job_id;
    const job = await client.query({ ...jobQuery(id), staleTime: 0 });
    const words = t.events[fact.type];
    if (job.owner.id !== me || words === undefined || (decides && isDoubt(fact))) return;
    const why = jobReason(t, job);
    tell(fact, job.name, why === null ? words : `${words}: ${why}`, () => void navigate(`/jobs/${id}`));
  });

  useEffect(() => {
    const cache = new FeedCache(client);
    const handlers: FeedHandlers = {
      onFact: (fact) => {
        cache.take(fact);
        say(fact);
        alarm(fact).catch(() => undefined);
        notify(fact).catch(() => undefined); // what can't be asked for can't be told
      },
      onTelemetry: takeTelemetry,
      onReset: () => {
        sessionOver.set(false);
        cache.reset();
      },
      // An EventSource doesn't tell why: asking who we are shows an ended session.
      onRefused: () => void client.refetchQueries({ queryKey: keys.me }),
    };
    const feed = new FeedClient("/api/feed", handlers, (url) => openSource(url, `layerline-feed-${me}`));
    feed.start();
    return () => {
      feed.stop();
      cache.stop();
    };
  }, [client, me]);

  const { link, isBehind } = useStore(feedState);
  const isReading = useIsFetching() > 0;
  useEffect(() => {
    if (link !== "live" || !isBehind || isReading) return undefined;
    const timer = setTimeout(caughtUp, SETTLED_MS); // what was missed may be announced a moment later
    return () => clearTimeout(timer);
  }, [link, isBehind, isReading]);
  return null;
}
