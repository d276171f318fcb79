import { Button, Text } from "@mantine/core";
import { Link } from "react-router";
import { PrinterChip } from "@/components/status-chip";
import classes from "@/features/jobs/jobs.module.css";
import { useI18n } from "@/lib/i18n/context";
import type { Printer } from "@/lib/wire";

/** A bed that this person may answer for: it holds up everything after it. */
export function BedRow({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  return (
    <li className={classes["row"]} data-urgent>
      <div className={classes["main"]}>
        <div className={classes["top"]}>
          <span className={classes["name"]}>{t.jobs.bed(printer.name)}</span>
          <PrinterChip state="bed" />
        </div>
        <Text size="sm">
          {printer.bed.last_job === null ? t.jobs.bedUnknown : t.jobs.bedHint(printer.bed.last_job.name)}
        </Text>
        <div>
          <Button component={Link} to={`/printers/${printer.id}`} variant="default" size="sm">
            {t.jobs.lookAndClear}
          </Button>
        </div>
      </div>
    </li>
  );
}
