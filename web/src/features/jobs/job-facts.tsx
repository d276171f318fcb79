import { Filaments } from "@/components/filaments";
import { PlatePicture } from "@/components/plate-picture";
import classes from "@/features/jobs/job-page.module.css";
import { PreviewButton } from "@/components/preview/preview-button";
import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import type { Job } from "@/lib/wire";

/** What is known of a job, and nothing that is not. */
export function JobFacts({ job }: { job: Job }) {
  const { t, f } = useI18n();
  const now = useNow();
  const moment = (iso: string | null): string | null => (iso === null ? null : f.moment(iso, now));
  const decided = moment(job.decided_at);
  const rows: [string, React.ReactNode][] = [
    [t.job.owner, job.owner.name],
    [t.job.file, t.jobs.plateOf(job.plate, job.copy_no)],
    [t.job.estimate, job.estimate_s === null ? null : f.duration(job.estimate_s)],
    [t.job.weight, job.weight_g === null ? null : f.grams(job.weight_g)],
    [t.job.filament, job.filaments.length === 0 ? null : <Filaments key="f" spools={job.filaments} />],
    [t.job.queue, job.queue],
    [t.job.printer, job.printer === null ? null : [job.printer.name, job.run_no === null ? "" : ` · ${t.job.run(job.run_no)}`]],
    [t.job.submitted, moment(job.created_at)],
    [t.job.decided, decided === null ? null : [decided, job.decided_by === null ? "" : ` ${t.common.by(job.decided_by)}`]],
    [t.job.started, moment(job.started_at)],
    [t.job.ended, moment(job.ended_at)],
    [t.job.note, job.note === "" ? null : job.note],
  ];
  return (
    <>
      <PlatePicture artifactId={job.artifact_id} plate={job.plate} color={job.filaments[0]?.color} size={132} />
      <PreviewButton job={job} />
      <dl className={`${classes["facts"]} num`}>
        {rows
          .filter(([, value]) => value !== null)
          .map(([label, value]) => (
            <div key={label} className={classes["fact"]}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </>
  );
}
