import { ActionIcon, Checkbox } from "@mantine/core";
import { IconMinus, IconPlus } from "@tabler/icons-react";
import { Filaments } from "@/components/filaments";
import { Findings } from "@/components/findings";
import { PlatePicture } from "@/components/plate-picture";
import classes from "@/features/submit/submit.module.css";
import { change } from "@/features/submit/tray-store";
import { MAX_COPIES, type Entry } from "@/features/submit/tray-state";
import { useI18n } from "@/lib/i18n/context";
import type { Plate } from "@/lib/wire";

function Copies(props: { value: number; onChange: (value: number) => void }) {
  const { t } = useI18n();
  const { value, onChange } = props;
  return (
    <div className={classes["copies"]} role="group" aria-label={t.tray.copies}>
      <span className={classes["copiesWord"]}>{t.tray.copies}</span>
      <ActionIcon variant="default" size="lg" aria-label={t.tray.fewer} disabled={value <= 1} onClick={() => onChange(value - 1)}>
        <IconMinus size={16} aria-hidden />
      </ActionIcon>
      <output className={`${classes["copiesValue"]} num`}>{value}</output>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={t.tray.moreCopies}
        disabled={value >= MAX_COPIES}
        onClick={() => onChange(value + 1)}
      >
        <IconPlus size={16} aria-hidden />
      </ActionIcon>
    </div>
  );
}

/** Which plates, how often: one card a plate. */
export function PlatePicker({ entry, plates }: { entry: Entry; plates: readonly Plate[] }) {
  const { t, f } = useI18n();
  return (
    <ul className={classes["plates"]} aria-label={t.tray.chooseHere(entry.filename)}>
      {plates.map((plate) => {
        const copies = entry.copies[plate.index] ?? 0;
        const set = (value: number): void => change({ type: "copies", id: entry.id, plate: plate.index, copies: value });
        const remarks = plate.findings.filter((finding) => finding.severity !== "note");
        const facts = [
          plate.estimate_s === null ? null : f.duration(plate.estimate_s),
          plate.weight_g === null ? null : f.grams(plate.weight_g),
        ].filter((fact) => fact !== null);
        return (
          <li key={plate.index} className={classes["plate"]} data-chosen={copies > 0}>
            <label className={classes["plateMain"]}>
              <Checkbox
                checked={copies > 0}
                disabled={entry.stage === "submitting"}
                onChange={(event) => set(event.currentTarget.checked ? 1 : 0)}
                aria-label={t.common.plate(plate.index)}
              />
              <PlatePicture artifactId={entry.artifact?.id} plate={plate.index} color={plate.filaments[0]?.color} size={64} />
              <span className={classes["plateFacts"]}>
                <b>{t.common.plate(plate.index)}</b>
                <span className="num">{facts.join(" · ")}</span>
                <Filaments spools={plate.filaments} />
              </span>
            </label>
            {copies > 0 && <Copies value={copies} onChange={set} />}
            {remarks.length > 0 && (
              <div className={classes["remarks"]}>
                <Findings findings={remarks} />
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
