import classes from "@/components/progress-line.module.css";
import { Age } from "@/components/age";
import { useNow } from "@/lib/clock";
import type { Format } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";
import type { Catalogue } from "@/lib/i18n/en";
import { hasProgress } from "@/lib/job-state";
import type { Job } from "@/lib/wire";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

type Look = "moving" | "paused" | "stale" | "failed" | "done";

function lookOf(job: Job): Look {
  if (job.status === "failed" || job.status === "cancelled") return "failed";
  if (job.status === "done") return "done";
  if (job.stale_since !== null) return "stale";
  return job.phase === "paused" ? "paused" : "moving";
}

function layerWords(t: Catalogue, job: Job): string | null {
  if (job.layer === null) return null;
  return job.total_layers === null ? t.job.layerOnly(job.layer) : t.job.layer(job.layer, job.total_layers);
}

/** Seconds over the estimate; null while it is not used up. */
function overtime(job: Job, nowMs: number): number | null {
  if (job.finish_at === null || (job.minutes_left ?? 0) > 0) return null;
  const overMs = nowMs - Date.parse(job.finish_at);
  return overMs > MINUTE_MS && overMs < DAY_MS ? overMs / 1000 : null;
}

function leftWords(t: Catalogue, f: Format, job: Job, overS: number | null): string | null {
  if (overS !== null) return t.job.longer(f.duration(overS));
  if (job.minutes_left === null) return null;
  // The printer counts whole minutes: its 0 is not yet the end.
  return job.minutes_left === 0 ? t.job.lastMinute : t.job.left(f.duration(job.minutes_left * 60));
}

function useWords(job: Job) {
  const { t, f } = useI18n();
  const now = useNow();
  const overS = lookOf(job) === "moving" ? overtime(job, now) : null;
  const hasFinish = job.finish_at !== null && overS === null && ["moving", "stale"].includes(lookOf(job));
  return {
    percent: f.percent(job.percent ?? 0),
    layer: layerWords(t, job),
    left: ["failed", "done"].includes(lookOf(job)) ? null : leftWords(t, f, job, overS),
    finish: hasFinish ? t.job.finish(f.finish(job.finish_at ?? "", now)) : null,
  };
}

/** Percent left, finish time right, the bar, and below it layer and time left: one number each. */
export function ProgressLine({ job, size = "md" }: { job: Job; size?: "md" | "lg" }) {
  const { t } = useI18n();
  const { percent, layer, left, finish } = useWords(job);
  if (!hasProgress(job) && job.percent === null) return null;
  const look = lookOf(job);
  const spoken = [percent, layer, finish].filter((part) => part !== null).join(", ");
  return (
    <div className={classes["line"]} data-size={size} data-look={look}>
      <div className={classes["head"]}>
        <span className={`${classes["percent"]} num`}>{percent}</span>
        <span className={`${classes["finish"]} num`}>{look === "paused" ? t.job.paused : finish}</span>
      </div>
      <div
        className={classes["track"]}
        role="progressbar"
        aria-label={job.name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={job.percent ?? 0}
        aria-valuetext={spoken}
      >
        <div className={classes["fill"]} style={{ transform: `translateX(${(job.percent ?? 0) - 100}%)` }} />
      </div>
      <div className={`${classes["foot"]} num`}>
        <span>{[layer, left].filter((part) => part !== null).join(" · ")}</span>
        {look === "stale" && job.stale_since !== null && <Age at={job.stale_since} kind="heard" />}
      </div>
    </div>
  );
}

/** A thin line for bytes on their way: 0 to 100 % is the print's alone. */
export function ThinLine({ percent, label }: { percent: number; label: string }) {
  return (
    <div
      className={classes["thin"]}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
    >
      <div className={classes["fill"]} style={{ transform: `translateX(${percent - 100}%)` }} />
    </div>
  );
}
