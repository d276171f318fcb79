import { Button, Group } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { Note } from "@/components/note";
import { useI18n } from "@/lib/i18n/context";
import { notifyChoice, notifyPermission, turnOff, turnOn } from "@/lib/notify";
import { useStore } from "@/lib/store";

/** Offers notifications once, to somebody who has a job on its way; the browser is asked on a yes only. */
export function NotifyOffer({ hasJobs }: { hasJobs: boolean }) {
  const { t } = useI18n();
  const choice = useStore(notifyChoice);
  const words = t.account.notify;
  if (!hasJobs || choice !== "unasked" || notifyPermission() !== "default") return null;
  return (
    <Note tone="quiet" icon={IconBell}>
      {words.offer}
      <Group gap="xs">
        <Button size="compact-sm" variant="default" miw={64} onClick={() => void turnOn()}>
          {words.yes}
        </Button>
        <Button size="compact-sm" variant="subtle" onClick={turnOff}>
          {words.no}
        </Button>
      </Group>
    </Note>
  );
}
