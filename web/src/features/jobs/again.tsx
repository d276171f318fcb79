import { Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { announce } from "@/components/announcer";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import classes from "@/features/jobs/jobs.module.css";
import { newIdempotencyKey } from "@/lib/api/client";
import { useI18n } from "@/lib/i18n/context";
import { useAgain } from "@/lib/queries/again";
import { useDecide } from "@/lib/queries/jobs";
import type { Job } from "@/lib/wire";

/** The same once more in one press, which can be taken back; nothing is uploaded. */
export function Again({ job }: { job: Job }) {
  const { t } = useI18n();
  const again = useAgain();
  const undo = useDecide();
  // A press that got no answer is repeated, not doubled.
  const [key, setKey] = useState(newIdempotencyKey);
  const made = again.data;
  if (made !== undefined && !undo.isSuccess) {
    return (
      <span className={classes["again"]} role="status">
        <Link to={`/jobs/${made.id}`}>{t.history.submitted}</Link>
        <ServerButton
          size="compact-sm"
          variant="default"
          loading={undo.isPending}
          onClick={() => undo.mutate({ job: made, decision: { kind: "withdraw" } })}
        >
          {t.history.undo}
        </ServerButton>
        <ErrorNote error={undo.error} />
      </span>
    );
  }
  return (
    <span className={classes["again"]}>
      {undo.isSuccess && (
        <Text size="sm" role="status">
          {t.history.undone}
        </Text>
      )}
      <ServerButton
        size="compact-sm"
        variant="default"
        aria-label={t.history.againOf(job.name)}
        loading={again.isPending}
        onClick={() => {
          undo.reset();
          again.mutate(
            { job, key },
            {
              onSuccess: () => {
                setKey(newIdempotencyKey());
                announce(`${job.name}: ${t.history.submitted}`);
              },
            },
          );
        }}
      >
        {t.history.again}
      </ServerButton>
      <ErrorNote error={again.error} what={job.name} />
    </span>
  );
}
