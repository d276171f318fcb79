import { useNetwork } from "@mantine/hooks";
import classes from "@/app/shell/shell.module.css";
import { feedState } from "@/lib/feed/client";
import { useI18n } from "@/lib/i18n/context";
import { useStore } from "@/lib/store";

export function LiveDot() {
  const { t } = useI18n();
  const { online } = useNetwork();
  const state = useStore(feedState);
  const link = online ? state.link : "lost";
  const shown = link === "live" && state.isBehind ? "behind" : link;
  const words = { live: t.app.live, behind: t.app.catchingUp, connecting: t.app.connecting, lost: t.app.noLine };
  return (
    <span className={classes["live"]} data-link={shown}>
      <span className={classes["liveDot"]} aria-hidden />
      <span>{words[shown]}</span>
    </span>
  );
}
