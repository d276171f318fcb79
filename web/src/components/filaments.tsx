import classes from "@/components/filaments.module.css";
import { useI18n } from "@/lib/i18n/context";

interface Spool {
  type: string;
  color: string;
}

/** #RRGGBB of "#RRGGBB[AA]" or null: no colour known, or see-through. */
export function solidColor(color: string): string | null {
  const match = /^#?([0-9a-f]{6})([0-9a-f]{2})?$/i.exec(color);
  if (match?.[1] === undefined) return null;
  return match[2] === "00" ? null : `#${match[1]}`;
}

export function Filament({ spool, after }: { spool: Spool; after?: string | undefined }) {
  const { t } = useI18n();
  const color = solidColor(spool.color);
  return (
    <span className={classes["filament"]}>
      <span
        className={classes["swatch"]}
        data-empty={color === null}
        style={color === null ? {} : { background: color }}
        aria-hidden
      />
      <span>
        {spool.type === "" ? t.common.unknown : spool.type}
        {after !== undefined && <span className={classes["after"]}> {after}</span>}
      </span>
    </span>
  );
}

export function Filaments({ spools }: { spools: readonly Spool[] }) {
  return (
    <span className={classes["list"]}>
      {spools.map((spool, index) => (
        <Filament key={`${index}-${spool.type}-${spool.color}`} spool={spool} />
      ))}
    </span>
  );
}
