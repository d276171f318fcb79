import { IconAlertTriangle, IconCircleX, IconInfoCircle, type Icon } from "@tabler/icons-react";
import classes from "@/components/job-review.module.css";
import { useI18n } from "@/lib/i18n/context";
import { bySeverity, findingText } from "@/lib/reasons";
import type { Tone } from "@/lib/tones";
import type { Finding } from "@/lib/wire";

const LOOK: Record<Finding["severity"], { tone: Tone; icon: Icon }> = {
  refuse: { tone: "bad", icon: IconCircleX },
  warn: { tone: "warn", icon: IconAlertTriangle },
  note: { tone: "quiet", icon: IconInfoCircle },
};

function Row({ finding }: { finding: Finding }) {
  const { t, f } = useI18n();
  const { tone, icon: Symbol } = LOOK[finding.severity];
  const where = [
    finding.line === null ? null : t.review.line(f.count(finding.line)),
    finding.count < 2 ? null : t.review.times(f.count(finding.count)),
  ].filter((part) => part !== null);
  return (
    <li className={classes["row"]} data-tone={tone}>
      <Symbol size={18} role="img" aria-label={t.review.severity[finding.severity]} />
      <span>
        {findingText(t, finding)} {where.length > 0 && <span className={`${classes["dim"]} num`}>{where.join(", ")}</span>}
      </span>
    </li>
  );
}

/** What the inspection remarked on in the file, the worst first. */
export function Findings({ findings }: { findings: readonly Finding[] }) {
  const { t } = useI18n();
  if (findings.length === 0) return <span className={classes["dim"]}>{t.review.noFindings}</span>;
  return (
    <ul className={classes["list"]} data-findings>
      {[...findings].sort(bySeverity).map((finding) => (
        <Row key={`${finding.severity}-${finding.code}-${finding.line ?? 0}`} finding={finding} />
      ))}
    </ul>
  );
}
