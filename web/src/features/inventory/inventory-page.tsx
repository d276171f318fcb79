import { Button, Text } from "@mantine/core";
import { IconPlayerPause } from "@tabler/icons-react";
import { Link } from "react-router";
import { Entries, Entry } from "@/components/entries";
import { Section } from "@/components/section";
import { StateGate } from "@/components/state-gate";
import { Chip, PrinterChip, type Look } from "@/components/status-chip";
import { useI18n } from "@/lib/i18n/context";
import { printerState } from "@/lib/printer-state";
import { usePrinters, useQueues } from "@/lib/queries/printers";
import type { Printer, Queue } from "@/lib/wire";

const HELD: Look = [IconPlayerPause, "warn", "filled"];

function PrinterEntry({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  const words = t.admin.printers;
  return (
    <Entry
      title={printer.name}
      mark={<PrinterChip state={printerState(printer)} />}
      facts={
        <>
          <span>{t.printers.queue(printer.queue)}</span>
          <span>{words.at(printer.node)}</span>
          {printer.model_name !== null && <span>{printer.model_name}</span>}
          {printer.firmware !== null && (
            <span>
              {t.printers.firmware} {printer.firmware}
            </span>
          )}
        </>
      }
      acts={
        <Button
          component={Link}
          to={`/printers/${printer.id}`}
          variant="default"
          size="sm"
          aria-label={`${words.open}: ${printer.name}`}
        >
          {words.open}
        </Button>
      }
    />
  );
}

function QueueEntry({ queue, printers }: { queue: Queue; printers: readonly Printer[] }) {
  const { t } = useI18n();
  const words = t.admin.printers;
  const names = printers.filter((printer) => printer.queue === queue.name).map((printer) => printer.name);
  return (
    <Entry
      title={queue.title}
      mark={queue.is_held && <Chip look={HELD} label={words.held} />}
      facts={
        <>
          <span>{words.waits(queue.waiting)}</span>
          <span>{names.length === 0 ? words.servedByNone : words.served(names.join(", "))}</span>
        </>
      }
    />
  );
}

/** Every printer with its node and queue, and every queue with its printers. */
export function InventoryPage() {
  const { t } = useI18n();
  const words = t.admin.printers;
  const printers = usePrinters();
  const queues = useQueues();
  return (
    <>
      <Section id="printers" title={words.title}>
        <StateGate query={printers} what={words.what}>
          {(list) =>
            list.length === 0 ? (
              <Text c="dimmed">{words.none}</Text>
            ) : (
              <Entries label={words.title}>
                {list.map((printer) => (
                  <PrinterEntry key={printer.id} printer={printer} />
                ))}
              </Entries>
            )
          }
        </StateGate>
      </Section>
      <Section id="queues" title={words.queues}>
        <StateGate query={queues} what={words.what} rows={1}>
          {(list) =>
            list.length === 0 ? (
              <Text c="dimmed">{words.noQueues}</Text>
            ) : (
              <Entries label={words.queues}>
                {list.map((queue) => (
                  <QueueEntry key={queue.name} queue={queue} printers={printers.data ?? []} />
                ))}
              </Entries>
            )
          }
        </StateGate>
      </Section>
    </>
  );
}
