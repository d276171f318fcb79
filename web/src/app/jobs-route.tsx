import { Stack, Text } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { MyJobsPage } from "@/features/jobs/my-jobs-page";
import { DropZone } from "@/features/submit/drop-zone";
import { leftOut, takeFiles } from "@/features/submit/take-files";
import { tray } from "@/features/submit/tray-store";
import { TrayPanel } from "@/features/submit/tray-panel";
import { useI18n } from "@/lib/i18n/context";
import { useStore } from "@/lib/store";

function Submit({ isMain }: { isMain: boolean }) {
  const { t } = useI18n();
  const missing = useStore(leftOut);
  return (
    <Stack gap="md">
      <DropZone isMain={isMain} onFiles={takeFiles} />
      {missing > 0 && (
        <Text c="bad" role="alert">
          {t.drop.onlyTwenty(missing)}
        </Text>
      )}
      <TrayPanel />
    </Stack>
  );
}

/** The page where both meet: what comes in, and what became of it. */
export function JobsRoute() {
  const isSubmitting = useSyncExternalStore(tray.subscribe, () => tray.get().length > 0);
  return (
    <MyJobsPage isSubmitting={isSubmitting} submit={(isFirst) => <Submit isMain={isFirst && !isSubmitting} />} />
  );
}
