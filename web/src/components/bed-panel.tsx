import { Stack, Text, Title } from "@mantine/core";
import { IconFlame, IconHandStop } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Age } from "@/components/age";
import classes from "@/components/bed-panel.module.css";
import { Camera } from "@/components/camera";
import { CommandAnswer } from "@/components/command-answer";
import { ErrorNote } from "@/components/error-note";
import { Note } from "@/components/note";
import { PlatePicture } from "@/components/plate-picture";
import { ServerButton } from "@/components/server-button";
import { useNow } from "@/lib/clock";
import { useTelemetry } from "@/lib/feed/telemetry";
import { useI18n } from "@/lib/i18n/context";
import { asksForBed, bedAnswer } from "@/lib/printer-state";
import { useBedWord } from "@/lib/queries/printers";
import { bedReason } from "@/lib/server-words";
import type { Printer } from "@/lib/wire";

const LIVE_AFTER_MS = 1000;
const HOT_BED_C = 50;
const HOT_NOZZLE_C = 60;
const HEAT_KNOWN_MS = 600_000;
const STOP_SHOWN_MS = 60_000;

/** False for the first second: a tap meant for what stood here before doesn't count. */
function useIsLive(key: string): boolean {
  const [live, setLive] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setLive(key), LIVE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [key]);
  return live === key;
}

function Heat({ printer }: { printer: Printer }) {
  const { t, f } = useI18n();
  const news = useTelemetry(printer.id, HEAT_KNOWN_MS);
  const bed = news?.bed_c ?? null;
  const nozzle = news?.nozzle_c ?? null;
  return (
    <>
      {bed !== null && bed > HOT_BED_C && (
        <Note tone="warn" icon={IconFlame}>
          <b>{t.bed.hot(f.celsius(bed))}</b>
        </Note>
      )}
      {nozzle !== null && nozzle > HOT_NOZZLE_C && (
        <Note tone="warn" icon={IconHandStop}>
          {t.bed.nozzleHot(f.celsius(nozzle))}
        </Note>
      )}
    </>
  );
}

function Answer({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  const { seq } = printer.bed;
  const word = useBedWord(printer);
  const isLive = useIsLive(`${printer.id}/${seq}`);
  const can = bedAnswer(printer);
  if (!printer.allowed_actions.includes("clear_bed")) return <Text c="dimmed">{t.bed.askFirst}</Text>;
  if (can !== "possible") return <Text fw={600}>{can === "busy" ? t.bed.busy : t.bed.noWord}</Text>;
  const isAsked = word.isSuccess && word.data.answer !== "refused" && word.variables.bedSeq === seq;
  return (
    <Stack gap="sm">
      <ServerButton
        type="button"
        className={classes["yes"] ?? ""}
        aria-disabled={!isLive}
        loading={word.isPending}
        disabled={isAsked}
        onClick={() => {
          if (isLive) word.mutate({ word: "clear", bedSeq: seq });
        }}
      >
        {t.bed.yes}
      </ServerButton>
      <CommandAnswer command={word.data} waiting={t.bed.told} late={t.bed.noAnswer} />
      <ErrorNote error={word.error} />
      <Text size="sm">{t.bed.then}</Text>
    </Stack>
  );
}

function Question({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  const { bed } = printer;
  return (
    <section className={classes["panel"]} data-state="open" aria-labelledby={`bed-${printer.id}`}>
      <Title order={2} size="h3" id={`bed-${printer.id}`}>
        {t.bed.question(printer.name)}
      </Title>
      <div className={classes["body"]}>
        {bed.last_job !== null && (
          <PlatePicture artifactId={bed.last_job.artifact_id} plate={bed.last_job.plate} color={undefined} size={132} />
        )}
        <div className={classes["camera"]}>
          <Camera printer={printer} />
        </div>
        <Stack gap="xs" className={classes["words"] ?? ""}>
          {bed.last_job !== null && <Text fw={600}>{t.bed.last(bed.last_job.name)}</Text>}
          {bed.last_job === null && (
            <Text fw={600}>{bed.state === "unknown" ? t.bed.unknown : t.bed.foreign}</Text>
          )}
          {bed.last_job === null && bed.reason !== null && <Text size="sm">{bedReason(t, bed)}</Text>}
          <Text size="sm">{t.bed.takeOff}</Text>
          <Text size="sm" c="dimmed">
            {bed.since !== null && <Age at={bed.since} />}
          </Text>
        </Stack>
      </div>
      <Heat printer={printer} />
      <Answer printer={printer} />
    </section>
  );
}

/** The bed is said to be clear; for a while (and while nothing starts) the word can be taken back. */
function Said({ printer }: { printer: Printer }) {
  const { t, f } = useI18n();
  const now = useNow();
  const word = useBedWord(printer);
  const { bed } = printer;
  const isFresh = bed.since !== null && now - Date.parse(bed.since) < STOP_SHOWN_MS;
  if (!printer.allowed_actions.includes("unclear_bed")) return null;
  return (
    <section className={classes["panel"]} data-state="said">
      <Text fw={600}>
        {bed.by !== null && bed.since !== null ? t.bed.clear(bed.by, f.clock(bed.since)) : t.bed.clearNoName}
      </Text>
      <Text size="sm">{isFresh ? t.bed.starts : t.printers.readyText}</Text>
      <div>
        <ServerButton
          variant={isFresh ? "outline" : "default"}
          color={isFresh ? "bad" : "quiet"}
          loading={word.isPending}
          onClick={() => word.mutate({ word: "not_clear", bedSeq: bed.seq })}
        >
          {t.bed.stop}
        </ServerButton>
      </div>
      <CommandAnswer command={word.data} waiting={t.bed.told} late={t.bed.noAnswer} />
      <ErrorNote error={word.error} />
    </section>
  );
}

/** The moment in which a person's word lets the next print start. */
export function BedPanel({ printer }: { printer: Printer }) {
  if (printer.bed.state === "clear") return <Said printer={printer} />;
  if (!asksForBed(printer)) return null;
  return <Question key={printer.bed.seq} printer={printer} />;
}
