import { Button, Stack, Text } from "@mantine/core";
import { IconPlayerPause, IconPrinterOff } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { Entries, Entry } from "@/components/entries";
import { Section } from "@/components/section";
import { StateGate } from "@/components/state-gate";
import { Chip, PrinterChip, type Look } from "@/components/status-chip";
import { PrinterForm } from "@/features/inventory/printer-form";
import { NewQueue, QueueForm } from "@/features/inventory/queue-forms";
import { QrPicture } from "@/components/qr-picture";
import { useI18n } from "@/lib/i18n/context";
import { printerState } from "@/lib/printer-state";
import { usePrinters } from "@/lib/queries/printers";
import { useQueues } from "@/lib/queries/queues";
import type { Printer, Queue } from "@/lib/wire";

const OUT: Look = [IconPrinterOff, "quiet", "outline"];
const HELD: Look = [IconPlayerPause, "warn", "filled"];

/** The address behind it opens the printer's page: whoever stands there can say that the bed is clear. */
function StickerPart({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  return (
    <Stack gap="xs" pt="sm">
      <QrPicture text={`${window.location.origin}/p/${printer.id}`} label={t.place.stickerOf(printer.name)} />
      <Text size="sm">{t.place.stickerHint}</Text>
    </Stack>
  );
}

function PrinterEntry({ printer, queues }: { printer: Printer; queues: readonly Queue[] }) {
  const { t } = useI18n();
  const [open, setOpen] = useState<"form" | "sticker" | null>(null);
  const turn = (part: "form" | "sticker"): void => setOpen(open === part ? null : part);
  const words = t.admin.printers;
  return (
    <Entry
      title={printer.name}
      mark={
        printer.is_enabled ? (
          <PrinterChip state={printerState(printer)} />
        ) : (
          <Chip look={OUT} label={t.place.outOfService} />
        )
      }
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
        <>
          <Button variant="default" size="sm" aria-expanded={open === "form"} aria-label={t.place.changeOf(printer.name)} onClick={() => turn("form")}>
            {t.place.change}
          </Button>
          <Button variant="default" size="sm" aria-expanded={open === "sticker"} aria-label={t.place.stickerOf(printer.name)} onClick={() => turn("sticker")}>
            {t.place.sticker}
          </Button>
          <Button
            component={Link}
            to={`/printers/${printer.id}`}
            variant="default"
            size="sm"
            aria-label={`${words.open}: ${printer.name}`}
          >
            {words.open}
          </Button>
        </>
      }
      below={
        <>
          {open === "form" && <PrinterForm printer={printer} queues={queues} onSaved={() => setOpen(null)} />}
          {open === "sticker" && <StickerPart printer={printer} />}
        </>
      }
    />
  );
}

function QueueEntry({ queue, printers }: { queue: Queue; printers: readonly Printer[] }) {
  const { t } = useI18n();
  const [isOpen, setOpen] = useState(false);
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
      acts={
        <Button variant="default" size="sm" aria-expanded={isOpen} aria-label={t.place.changeOf(queue.title)} onClick={() => setOpen(!isOpen)}>
          {t.place.change}
        </Button>
      }
      below={isOpen && <QueueForm queue={queue} onSaved={() => setOpen(false)} />}
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
                  <PrinterEntry key={printer.id} printer={printer} queues={queues.data ?? []} />
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
        <NewQueue />
      </Section>
    </>
  );
}
