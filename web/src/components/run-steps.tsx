import { Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { ThinLine } from "@/components/progress-line";
import classes from "@/components/run-steps.module.css";
import { useTelemetry } from "@/lib/feed/telemetry";
import { useI18n } from "@/lib/i18n/context";
import type { Job, Telemetry } from "@/lib/wire";

const WARM_C = 2;
const STEP_OF: Record<string, number> = { claimed: 0, transferring: 0, starting: 1, printing: 1 };

/** "Bed 43 / 65": what the printer heats while it prepares. */
function useHeating(news: Telemetry | undefined): string {
  const { t, f } = useI18n();
  if (news?.bed_c == null || news.bed_target_c === null || news.bed_target_c <= news.bed_c + WARM_C) return "";
  return `${t.printers.bed} ${f.temperature(news.bed_c, news.bed_target_c)} · `;
}

function Sent({ job, news }: { job: Job; news: Telemetry | undefined }) {
  const { t, f } = useI18n();
  const percent = job.phase === "transferring" && news?.run_id === job.run_id ? news.upload_percent : null;
  if (percent === null) return null;
  return (
    <>
      <ThinLine percent={percent} label={job.name} />
      <Text size="sm" c="dimmed" className="num">
        {t.job.sentPercent(f.percent(percent))}
      </Text>
    </>
  );
}

/** Before the first layer there is no percent: three steps instead of an empty bar. */
export function RunSteps({ job, withText = false }: { job: Job; withText?: boolean }) {
  const { t } = useI18n();
  const news = useTelemetry(job.printer?.id);
  const heating = useHeating(news);
  const at = job.status === "printing" && job.phase !== null ? STEP_OF[job.phase] : undefined;
  if (at === undefined) return null;
  const steps = [t.job.steps.sent, t.job.steps.preparing, t.job.steps.printing];
  return (
    <div className={classes["wrap"]}>
      <ol className={classes["steps"]}>
        {steps.map((step, index) => (
          <li key={step} className={classes["step"]} data-state={index < at ? "past" : index === at ? "now" : "next"}>
            <span className={classes["dot"]} aria-hidden>
              {index < at && <IconCheck size={12} stroke={3} />}
            </span>
            <span {...(index === at ? { "aria-current": "step" as const } : {})}>{step}</span>
          </li>
        ))}
      </ol>
      <Sent job={job} news={news} />
      {withText && at === 1 && (
        <Text size="sm" c="dimmed">
          {heating}
          {t.job.preparing}
        </Text>
      )}
    </div>
  );
}
