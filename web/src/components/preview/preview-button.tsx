import { Button } from "@mantine/core";
import { IconStack3 } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useI18n } from "@/lib/i18n/context";
import type { Job } from "@/lib/wire";

const PreviewDialog = lazy(() =>
  import("@/components/preview/preview-dialog").then((m) => ({ default: m.PreviewDialog })),
);

/** Opens the layers of a job's plate; nothing of the viewer is loaded before. */
export function PreviewButton({ job }: { job: Pick<Job, "artifact_id" | "plate" | "name"> }) {
  const { t } = useI18n();
  const [isOpen, setOpen] = useState(false);
  return (
    <div>
      <Button variant="default" size="sm" leftSection={<IconStack3 size={18} aria-hidden />} onClick={() => setOpen(true)}>
        {t.preview.open}
      </Button>
      {isOpen && (
        <Suspense fallback={<span role="status">{t.preview.loading}</span>}>
          <PreviewDialog job={job} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}
