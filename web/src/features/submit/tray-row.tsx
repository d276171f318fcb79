import { ActionIcon, Button, Text } from "@mantine/core";
import { IconCheck, IconFile, IconRefresh, IconX } from "@tabler/icons-react";
import { useEffect } from "react";
import { Link } from "react-router";
import { announce } from "@/components/announcer";
import { ErrorNote } from "@/components/error-note";
import { ThinLine } from "@/components/progress-line";
import { PlatePicker } from "@/features/submit/plate-picker";
import classes from "@/features/submit/submit.module.css";
import { canRetry, isOnTheWay, type Entry } from "@/features/submit/tray-state";
import { TrayWishes } from "@/features/submit/tray-wishes";
import { dropEntry, useArtifactOf } from "@/features/submit/use-tray";
import { useFaultWords, useStageWords } from "@/features/submit/words";
import { startUpload } from "@/features/submit/uploader";
import { cutMiddle } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";
import { refusalWords } from "@/lib/server-words";

const NAME_MAX = 44;

function Fault({ entry }: { entry: Entry }) {
  const { t } = useI18n();
  const words = useFaultWords(entry);
  const { fault } = entry;
  if (entry.stage === "refused") {
    return <Text c="bad">{(entry.artifact && refusalWords(t, entry.artifact)) ?? t.tray.refused}</Text>;
  }
  if (fault === null) return null;
  if (fault.kind === "api") return <ErrorNote error={fault.error} what={entry.filename} />;
  return <Text c="bad">{words}</Text>;
}

function Symbol({ entry }: { entry: Entry }) {
  if (entry.stage === "ready" || entry.stage === "submitted") return <IconCheck size={20} stroke={2} />;
  if (entry.stage === "failed" || entry.stage === "refused") return <IconX size={20} stroke={2} />;
  return <IconFile size={20} stroke={1.75} />;
}

function Submitted({ entry }: { entry: Entry }) {
  const { t } = useI18n();
  return (
    <span className={classes["links"]}>
      {entry.jobs.map((job) => (
        <Link key={job.id} to={`/jobs/${job.id}`}>
          {job.name}, {t.jobs.plateOf(job.plate, job.copy_no)}
        </Link>
      ))}
    </span>
  );
}

export function TrayRow({ entry }: { entry: Entry }) {
  const { t } = useI18n();
  const words = useStageWords(entry);
  const readError = useArtifactOf(entry);
  const { stage } = entry;
  useEffect(() => {
    if (stage === "ready") announce(t.announce.upload(entry.filename, t.tray.ready));
    if (stage === "refused" || stage === "failed") announce(t.announce.upload(entry.filename, t.tray.refused), "assertive");
  }, [stage, entry.filename, t]);

  const isMoving = isOnTheWay(entry);
  return (
    <div className={classes["row"]} data-stage={stage}>
      <div className={classes["rowHead"]}>
        <span className={classes["symbol"]} aria-hidden>
          <Symbol entry={entry} />
        </span>
        <span className={classes["name"]} title={entry.filename}>
          {cutMiddle(entry.filename, NAME_MAX)}
        </span>
        <span className={`${classes["stage"]} num`}>{words}</span>
        {canRetry(entry) && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={() => startUpload(entry.id)}
          >
            {t.tray.retry}
          </Button>
        )}
        {stage !== "submitting" && (
          <ActionIcon
            variant="subtle"
            color="quiet"
            aria-label={isMoving ? t.tray.cancel(entry.filename) : t.tray.remove(entry.filename)}
            onClick={() => dropEntry(entry.id)}
          >
            <IconX size={18} stroke={1.75} aria-hidden />
          </ActionIcon>
        )}
      </div>
      {(stage === "sending" || stage === "lost") && (
        <ThinLine percent={entry.size === 0 ? 0 : Math.min(100, (100 * entry.sent) / entry.size)} label={entry.filename} />
      )}
      <Fault entry={entry} />
      <ErrorNote error={readError} what={entry.filename} />
      {(stage === "ready" || stage === "submitting") && entry.artifact !== null && (
        <>
          <PlatePicker entry={entry} plates={entry.artifact.plates} />
          <TrayWishes entry={entry} />
        </>
      )}
      {stage === "submitted" && <Submitted entry={entry} />}
    </div>
  );
}
