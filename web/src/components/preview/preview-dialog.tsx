import { ActionIcon, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { FrontDialog } from "@/components/front-dialog";
import classes from "@/components/preview/preview.module.css";
import { Viewer } from "@/components/preview/viewer";
import { useI18n } from "@/lib/i18n/context";
import type { Job } from "@/lib/wire";

/** The viewer over the page; the whole screen on a phone. */
export function PreviewDialog(props: { job: Pick<Job, "artifact_id" | "plate" | "name">; onClose: () => void }) {
  const { t } = useI18n();
  const { job, onClose } = props;
  return (
    <FrontDialog className={classes["dialog"] ?? ""} onClose={onClose}>
      {(titleId) => (
        <div className={classes["frame"]}>
          <header className={classes["head"]}>
            <Title order={2} size="h3" id={titleId}>
              {job.name} · {t.common.plate(job.plate)}
            </Title>
            <ActionIcon variant="default" size="lg" aria-label={t.preview.close} onClick={onClose}>
              <IconX size={18} aria-hidden />
            </ActionIcon>
          </header>
          <Viewer artifactId={job.artifact_id} plate={job.plate} name={job.name} />
        </div>
      )}
    </FrontDialog>
  );
}
