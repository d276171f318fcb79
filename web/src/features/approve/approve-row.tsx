import { Checkbox } from "@mantine/core";
import { memo, useEffect, useRef, useSyncExternalStore } from "react";
import { Link } from "react-router";
import { Age } from "@/components/age";
import { Filaments } from "@/components/filaments";
import { PlatePicture } from "@/components/plate-picture";
import classes from "@/features/approve/approve.module.css";
import { selected, toggle } from "@/features/approve/selection";
import { cutMiddle } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";
import type { Job } from "@/lib/wire";

const NAME_MAX = 32;

/** Who, what, how long, how much: enough to know which to open. */
export const ApproveRow = memo(function ApproveRow({ job, isOpen }: { job: Job; isOpen: boolean }) {
  const { t, f } = useI18n();
  const ref = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (isOpen) ref.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  const facts = [
    job.estimate_s === null ? null : f.duration(job.estimate_s),
    job.weight_g === null ? null : f.grams(job.weight_g),
  ].filter((fact) => fact !== null);
  const isPicked = useSyncExternalStore(selected.subscribe, () => selected.get().has(job.id));
  return (
    <div className={classes["rowFrame"]} data-open={isOpen}>
      <Checkbox
        className={classes["pick"] ?? ""}
        aria-label={t.many.select(job.name)}
        checked={isPicked}
        onChange={() => toggle(job.id)}
      />
      <Link
        ref={ref}
        to={`/approve/${job.id}`}
        className={classes["row"]}
        {...(isOpen ? { "aria-current": "true" as const } : {})}
      >
        <PlatePicture artifactId={job.artifact_id} plate={job.plate} color={job.filaments[0]?.color} size={64} />
        <span className={classes["rowWords"]}>
          <b title={job.name}>{cutMiddle(job.name, NAME_MAX)}</b>
          <span className={classes["dim"]}>
            {job.owner.name} · <Age at={job.created_at} />
          </span>
          <span className={`${classes["rowFacts"]} num`}>
            <span>{[t.jobs.plateOf(job.plate, job.copy_no), ...facts].join(" · ")}</span>
            <Filaments spools={job.filaments} />
          </span>
        </span>
      </Link>
    </div>
  );
});
