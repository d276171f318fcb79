import { Link } from "react-router";
import { Age } from "@/components/age";
import { StatusChip } from "@/components/status-chip";
import classes from "@/features/approve/approve.module.css";
import { cutMiddle } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";
import { useJob } from "@/lib/queries/jobs";
import type { Job } from "@/lib/wire";

const NAME_MAX = 24;

/** One line in the place of a job that was decided elsewhere: what became of it, by whom, when. */
export function FoldedRow({ job, isOpen }: { job: Job; isOpen: boolean }) {
  const { t } = useI18n();
  const now = useJob(job.id).data;
  return (
    <div className={classes["rowFrame"]} data-open={isOpen}>
      <Link to={`/approve/${job.id}`} className={classes["folded"]} {...(isOpen ? { "aria-current": "true" as const } : {})}>
        <b title={job.name}>{cutMiddle(job.name, NAME_MAX)}</b>
        {now !== undefined && now.status !== "submitted" && (
          <>
            <StatusChip job={now} />
            <span className={classes["dim"]}>
              {now.decided_by !== null && `${t.common.by(now.decided_by)} · `}
              {now.decided_at !== null && <Age at={now.decided_at} />}
            </span>
          </>
        )}
      </Link>
    </div>
  );
}
