import { Stack, Text } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { MyJobsPage } from "@/features/jobs/my-jobs-page";
import { DropZone } from "@/features/submit/drop-zone";
import { leftOut, takeFiles } from "@/features/submit/take-files";
import { tray } from "@/features/submit/tray-store";
import { TrayPanel } from "@/features/submit/tray-panel";
import { useI18n } from "@/lib/i18n/context";

function Submit({ isFirst }: { isFirst: boolean }) {
  const { t } = useI18n();
  const hasTray = useSyncExternalStore(tray.subscribe, () => tray.get().length > 0);
  const missing = useSyncExternalStore(leftOut.subscribe, leftOut.get);
  return (
    <Stack gap="md">
      <DropZone isMain={isFirst && !hasTray} onFiles={takeFiles} />
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
  return <MyJobsPage submit={(isFirst) => <Submit isFirst={isFirst} />} />;
}
