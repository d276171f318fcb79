import { Link, useLocation } from "react-router";
import { tray } from "@/features/submit/tray-store";
import { totalOf } from "@/features/submit/tray-state";
import { useI18n } from "@/lib/i18n/context";
import { useStore } from "@/lib/store";

/** On every other page: what is on its way, and the way back to it. */
export function UploadBand({ className }: { className?: string | undefined }) {
  const { t, f } = useI18n();
  const { pathname } = useLocation();
  const total = totalOf(useStore(tray));
  if (total === null || pathname === "/jobs") return null;
  return (
    <div className={className}>
      {t.band.uploads(total.files, f.percent(total.percent))} <Link to="/jobs">{t.band.toTray}</Link>
    </div>
  );
}
