import { Filament } from "@/components/filaments";
import classes from "@/features/printers/printers.module.css";
import { useTelemetry } from "@/lib/feed/telemetry";
import { useI18n } from "@/lib/i18n/context";
import type { Printer } from "@/lib/wire";

const EXTERNAL = 254;

/** What the printer says it has loaded: AMS trays by number, or the external spool. */
export function LoadedTrays({ loaded, printerId }: { loaded: Printer["loaded"]; printerId?: string }) {
  const { t } = useI18n();
  const active = useTelemetry(printerId)?.active_slot;
  if (loaded === null || loaded.filaments.length === 0) return null;
  return (
    <div className={classes["trays"]} aria-label={t.printers.loaded} role="group">
      {loaded.filaments.map((filament) => (
        <Filament
          key={filament.slot}
          spool={filament}
          after={[
            filament.slot === EXTERNAL ? t.printers.external : t.printers.tray(String(filament.slot + 1)),
            ...(filament.slot === active ? [t.printers.feeding] : []),
          ].join(", ")}
        />
      ))}
    </div>
  );
}
