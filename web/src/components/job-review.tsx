import { Anchor } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Filament } from "@/components/filaments";
import { Findings } from "@/components/findings";
import classes from "@/components/job-review.module.css";
import { QuotaLine } from "@/components/quota-line";
import { StateGate } from "@/components/state-gate";
import type { Format } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";
import type { Catalogue } from "@/lib/i18n/en";
import { quotaLines } from "@/lib/quota";
import { useJobReview } from "@/lib/queries/reviews";
import { colorWord, costWords, reasonText } from "@/lib/reasons";
import type { FilamentFeed, JobReview as Review, PrinterFit } from "@/lib/wire";

function Part(props: { title: string; children: ReactNode }) {
  return (
    <div className={classes["part"]}>
      <h3>{props.title}</h3>
      {props.children}
    </div>
  );
}

/** The plate in words: only what the file says. */
function plateWords({ model_name, plate, slicer }: Review, t: Catalogue, f: Format): string[] {
  return [
    model_name === null ? null : t.review.sliced(model_name),
    plate.nozzle_mm === null ? null : t.review.nozzle(f.decimal(plate.nozzle_mm)),
    plate.layers === null ? null : t.review.layers(f.count(plate.layers)),
    plate.layer_height_mm === null ? null : t.review.layerHeight(f.decimal(plate.layer_height_mm)),
    plate.height_mm === null ? null : t.review.height(f.decimal(plate.height_mm)),
    plate.has_supports === null ? null : plate.has_supports ? t.review.supports : t.review.noSupports,
    plate.bed_type === null ? null : t.review.bed(plate.bed_type),
    slicer === null ? null : t.review.madeBy(`${slicer.name} ${slicer.version}`.trim()),
  ].filter((part) => part !== null);
}

function PlateLine({ review }: { review: Review }) {
  const { t, f } = useI18n();
  const { plate } = review;
  const parts = plateWords(review, t, f);
  if (parts.length === 0 && plate.objects.length === 0) return null;
  return (
    <Part title={t.review.plate}>
      {parts.length > 0 && <div>{parts.join(" · ")}</div>}
      <Objects objects={plate.objects} />
    </Part>
  );
}

/** What lies on the plate, by name; the same name once. */
function Objects({ objects }: { objects: Review["plate"]["objects"] }) {
  const { t } = useI18n();
  const counts = new Map<string, number>();
  for (const { name } of objects) counts.set(name, (counts.get(name) ?? 0) + 1);
  const named = [...counts].map(([name, count]) => (count > 1 ? `${count} × ${name}` : name));
  if (named.length === 0) return null;
  return (
    <div className={classes["objects"]}>
      <span className={classes["dim"]}>{t.review.objects(objects.length)}</span> {named.join(", ")}
    </div>
  );
}

/** What each filament of the plate takes, and who changes to it. */
function Takes({ review }: { review: Review }) {
  const { t, f } = useI18n();
  const { filaments } = review.plate;
  if (filaments.length === 0) return null;
  return (
    <Part title={t.review.filament}>
      <ul className={classes["list"]}>
        {filaments.map((needed) => (
          <li key={needed.index} className={classes["pair"]}>
            <Filament
              spool={needed}
              after={[
                needed.used_g === null ? null : f.grams(needed.used_g),
                needed.used_m === null ? null : t.review.metres(f.decimal(needed.used_m)),
              ]
                .filter((part) => part !== null)
                .join(", ")}
            />
            <span className={classes["dim"]}>
              {[
                needed.is_support === true ? t.review.supportMaterial : null,
                needed.in_ams === true ? t.review.changesItself : null,
              ]
                .filter((part) => part !== null)
                .join(", ")}
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** Filament -> tray, and what differs. */
function Feed({ feed }: { feed: FilamentFeed }) {
  const { t, f } = useI18n();
  const color = colorWord(feed);
  const tray = feed.is_external ? t.review.spool : t.review.tray(feed.tray.slot + 1);
  const remarks = [
    color === null ? null : color === "nearColor" ? t.review.nearColor : t.review.otherColor,
    feed.is_short ? t.review.short(f.grams(feed.tray.remaining_g ?? 0), f.grams(feed.needed.used_g ?? 0)) : null,
  ].filter((remark) => remark !== null);
  return (
    <span className={classes["pair"]}>
      <Filament spool={feed.needed} />
      <span aria-hidden>→</span>
      <Filament spool={{ type: tray, color: feed.tray.color }} />
      {remarks.length > 0 && <span className={classes["dim"]}>({remarks.join("; ")})</span>}
    </span>
  );
}

function Printer({ fit }: { fit: PrinterFit }) {
  const { t, f } = useI18n();
  const isFit = fit.why_not === null;
  const Symbol = isFit ? IconCircleCheck : IconCircleX;
  return (
    <li className={classes["row"]} data-tone={!isFit ? "bad" : fit.is_online ? "good" : "quiet"}>
      <Symbol size={18} role="img" aria-label={isFit ? t.review.fits : t.review.fitsNot} />
      <div>
        <Anchor component={Link} to={`/printers/${fit.printer.id}`}>
          {fit.printer.name}
        </Anchor>
        {!fit.is_online && <span className={classes["dim"]}> · {t.review.offline}</span>}
        {fit.why_not !== null && <div>{reasonText(t, f, fit.why_not)}</div>}
        <div className={classes["feeds"]}>
          {fit.feeds.map((feed) => (
            <Feed key={feed.needed.index} feed={feed} />
          ))}
        </div>
      </div>
    </li>
  );
}

/** Those that could start it first. */
function byHope(a: PrinterFit, b: PrinterFit): number {
  const hope = (fit: PrinterFit): number => (fit.why_not === null ? 2 : 0) + (fit.is_online ? 1 : 0);
  return hope(b) - hope(a);
}

function Printers({ printers }: { printers: readonly PrinterFit[] }) {
  const { t } = useI18n();
  return (
    <Part title={t.review.printers}>
      {printers.length === 0 ? (
        <span className={classes["dim"]}>{t.review.noPrinter}</span>
      ) : (
        <>
          <ul className={classes["list"]}>
            {[...printers].sort(byHope).map((fit) => (
              <Printer key={fit.printer.id} fit={fit} />
            ))}
          </ul>
          <span className={classes["dim"]}>{t.review.only}</span>
        </>
      )}
    </Part>
  );
}

function Quota({ review }: { review: Review }) {
  const { t } = useI18n();
  const { quota, plate } = review;
  if (quotaLines(quota, 0, 0).length === 0) return null;
  return (
    <Part title={t.quota.title}>
      <QuotaLine quota={quota} grams={plate.weight_g} seconds={plate.estimate_s} />
    </Part>
  );
}

function Cost({ review }: { review: Review }) {
  const { t, f } = useI18n();
  if (review.cost === null) return null;
  const { sum, rest } = costWords(t, f, review.cost);
  return (
    <Part title={t.review.cost}>
      <span className="num">{sum}</span>
      {rest !== "" && <span className={`${classes["dim"]} num`}> ({rest})</span>}
    </Part>
  );
}

/** What an approver has to know beyond the picture: file, printers and trays, cost. */
export function JobReview(props: { jobId: string; withPrinters: boolean; withQuota: boolean }) {
  const { t } = useI18n();
  const query = useJobReview(props.jobId);
  return (
    <StateGate query={query} what={t.review.what} rows={1}>
      {(review) => (
        <div className={classes["review"]}>
          {props.withPrinters && <Printers printers={review.printers} />}
          {props.withQuota && <Quota review={review} />}
          <Part title={t.review.findings}>
            <Findings findings={review.plate.findings} />
          </Part>
          <PlateLine review={review} />
          <Takes review={review} />
          <Cost review={review} />
        </div>
      )}
    </StateGate>
  );
}
