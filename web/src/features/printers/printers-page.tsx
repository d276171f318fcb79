import { Stack } from "@mantine/core";
import { IconPrinter } from "@tabler/icons-react";
import { Empty } from "@/components/empty";
import { PageTitle } from "@/components/page-title";
import { StateGate } from "@/components/state-gate";
import { PrinterTile } from "@/features/printers/printer-tile";
import classes from "@/features/printers/printers.module.css";
import { QueueCard } from "@/features/printers/queue-card";
import { useI18n } from "@/lib/i18n/context";
import { byNeed } from "@/lib/printer-state";
import { usePrinters } from "@/lib/queries/printers";
import { useQueues } from "@/lib/queries/queues";

export function PrintersPage() {
  const { t } = useI18n();
  const printers = usePrinters();
  const queues = useQueues();
  return (
    <Stack gap="xl">
      <PageTitle text={t.printers.title} />
      <StateGate query={printers} what={t.printers.what}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon={IconPrinter} title={t.printers.none} text={t.printers.noneText} />
          ) : (
            <ul className={classes["tiles"]}>
              {[...list].sort(byNeed).map((printer) => (
                <PrinterTile key={printer.id} printer={printer} />
              ))}
            </ul>
          )
        }
      </StateGate>
      {queues.data?.map((queue) => (
        <QueueCard
          key={queue.name}
          queue={queue}
          others={queues.data.filter((other) => other.name !== queue.name)}
        />
      ))}
    </Stack>
  );
}
