import { Button } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { useLocation } from "react-router";
import classes from "@/app/shell/shell.module.css";
import { UploadBand } from "@/features/submit/upload-band";
import { sessionOver } from "@/lib/api/client";
import { useNow } from "@/lib/clock";
import { feedState } from "@/lib/feed/client";
import { useI18n } from "@/lib/i18n/context";
import { useStore } from "@/lib/store";

const TOLD_AFTER_MS = 5000;

/** True once the line has been down for some seconds: a hiccup is not worth a word. */
function useIsDown(lostAt: number | null): boolean {
  const [down, setDown] = useState<number | null>(null);
  useEffect(() => {
    if (lostAt === null) return undefined;
    const timer = setTimeout(() => setDown(lostAt), Math.max(0, lostAt + TOLD_AFTER_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [lostAt]);
  return lostAt !== null && down === lostAt;
}

/** What is true of the whole page: never in the way, never forced. */
export function Bands() {
  const { t, f } = useI18n();
  const { lostAt, isNewBuild } = useStore(feedState);
  const isOver = useStore(sessionOver);
  const { online } = useNetwork();
  const now = useNow();
  const isDown = useIsDown(lostAt);
  const { pathname, search } = useLocation();
  const since = f.clock(lostAt ?? now);
  return (
    <div className={classes["bands"]}>
      <div role="status">
        {!online && <p className={classes["band"]}>{t.band.offline(since)}</p>}
        {online && isDown && !isOver && <p className={classes["band"]}>{t.band.lost(since)}</p>}
        {isOver && (
          <p className={classes["band"]} data-tone="warn">
            {t.band.sessionOver}
            <Button
              component="a"
              size="compact-sm"
              variant="default"
              href={`/signin?next=${encodeURIComponent(pathname + search)}`}
            >
              {t.band.signIn}
            </Button>
          </p>
        )}
        {isNewBuild && (
          <p className={classes["band"]}>
            {t.band.newBuild}
            <Button size="compact-sm" variant="default" onClick={() => window.location.reload()}>
              {t.band.reload}
            </Button>
          </p>
        )}
      </div>
      <UploadBand className={classes["band"]} />
    </div>
  );
}
