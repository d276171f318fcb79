import { Button, Text } from "@mantine/core";
import { memo } from "react";
import { Link } from "react-router";
import { ProgressLine } from "@/components/progress-line";
import { RunSteps } from "@/components/run-steps";
import { PrinterChip } from "@/components/status-chip";
import classes from "@/features/printers/printers.module.css";
import { LoadedTrays } from "@/features/printers/loaded-trays";
import { Readings } from "@/features/printers/readings";
import { usePrinterWords } from "@/features/printers/words";
import { useI18n } from "@/lib/i18n/context";
import { hasProgress } from "@/lib/job-state";
import { isBedToClear, printerState } from "@/lib/printer-state";
import type { Printer } from "@/lib/wire";

/** A printer at a glance; what needs a person comes first and is marked. */
export const PrinterTile = memo(function PrinterTile({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  const words = usePrinterWords(printer);
  const state = printerState(printer);
  const job = printer.current_job;
  const isUrgent = state === "bed" || state === "attention";
  return (
    <li className={classes["tile"]} data-urgent={isUrgent}>
      <div className={classes["tileHead"]}>
        <Link to={`/printers/${printer.id}`} className={classes["tileName"]}>
          {printer.name}
        </Link>
        <PrinterChip state={state} />
      </div>
      {job !== null && (
        <div className={classes["tileJob"]}>
          <Text>
            <Link to={`/jobs/${job.id}`}>{job.name}</Link> · {job.owner.name}
          </Text>
          {hasProgress(job) ? <ProgressLine job={job} /> : <RunSteps job={job} />}
        </div>
      )}
      {words !== null && <Text size="sm">{words}</Text>}
      {isBedToClear(printer) && (
        <div>
          <Button component={Link} to={`/printers/${printer.id}`} size="sm">
            {t.jobs.lookAndClear}
          </Button>
        </div>
      )}
      {job?.allowed_actions.includes("resolve") === true && (
        <div>
          <Button component={Link} to={`/printers/${printer.id}`} size="sm">
            {t.attention.decide}
          </Button>
        </div>
      )}
      <Readings printer={printer} />
      <LoadedTrays loaded={printer.loaded} />
    </li>
  );
});
