import { IconAlertTriangle } from "@tabler/icons-react";
import { AttentionPanel } from "@/components/attention-panel";
import { Note } from "@/components/note";
import { useTelemetry } from "@/lib/feed/telemetry";
import { useI18n } from "@/lib/i18n/context";
import { jobAdvice, jobReason, messageWords } from "@/lib/server-words";
import type { Job } from "@/lib/wire";

/** What to do: the fact says it, or the same message on the printer's screen. */
function useAdvice(job: Job): string | null {
  const { t } = useI18n();
  const messages = useTelemetry(job.printer?.id)?.messages ?? [];
  const same = messages.find(({ code }) => code === job.code);
  return jobAdvice(t, job) ?? (same === undefined ? null : messageWords(t, same).advice);
}

function Wrong({ job, isOver }: { job: Job; isOver: boolean }) {
  const { t, f } = useI18n();
  const advice = useAdvice(job);
  const reason = jobReason(t, job);
  if (reason === null && advice === null) return null;
  const what = isOver && reason !== null ? t.said.brokeOff(f.percent(job.percent ?? 0), reason) : reason;
  return (
    <Note tone={isOver ? "bad" : "warn"} icon={IconAlertTriangle}>
      <span>
        <b>{what}</b> {advice} {job.code !== null && <span className="num">{t.common.code(job.code)}</span>}
      </span>
    </Note>
  );
}

/** What went wrong stands above all: what, what to do, code. */
export function Trouble({ job }: { job: Job }) {
  if (job.status === "attention") return <AttentionPanel job={job} />;
  const isOver = job.status === "failed";
  return isOver || job.phase === "paused" ? <Wrong job={job} isOver={isOver} /> : null;
}
