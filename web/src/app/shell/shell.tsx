import { Avatar, Button, Text } from "@mantine/core";
import {
  IconHelpHexagon,
  IconPrinter,
  IconSettings,
  IconShieldCheck,
  IconStack2,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import { Suspense, useEffect, useState, type ReactNode } from "react";
import { Link, NavLink, useLocation, useNavigate } from "react-router";
import { sitDown } from "@/app/seat";
import { Bands } from "@/app/shell/bands";
import { LiveDot } from "@/app/shell/live-dot";
import classes from "@/app/shell/shell.module.css";
import { Boundary } from "@/components/boundary";
import { Mark } from "@/components/mark";
import { DropFrame } from "@/features/submit/drop-frame";
import { takeFiles } from "@/features/submit/take-files";
import { restoreTray } from "@/features/submit/restore";
import { useI18n } from "@/lib/i18n/context";
import { useAttentionList } from "@/lib/queries/attention";
import { useJobs } from "@/lib/queries/jobs";
import type { Me } from "@/lib/wire";

function Item(props: { to: string; icon: Icon; label: string; badge?: ReactNode }) {
  const Symbol = props.icon;
  return (
    <NavLink to={props.to} className={classes["item"] ?? ""}>
      <Symbol size={22} stroke={1.75} aria-hidden />
      <span className={classes["itemWord"]}>{props.label}</span>
      {props.badge}
    </NavLink>
  );
}

function ApproveItem() {
  const { t } = useI18n();
  const query = useJobs({ scope: "all", status: "submitted", order: "oldest" });
  const count = query.data?.pages.reduce((sum, page) => sum + page.items.length, 0) ?? 0;
  return (
    <Item
      to="/approve"
      icon={IconShieldCheck}
      label={t.nav.approve}
      badge={
        count > 0 && (
          <span className={`${classes["badge"]} num`} aria-label={t.nav.waiting(count)}>
            {count}
            {query.hasNextPage && "+"}
          </span>
        )
      }
    />
  );
}

const ATTENTION = "/admin/attention";

/** Whether a page of the administration is open, other than the one with an item of its own while it is needed. */
function useIsInAdmin(isAdmin = true): boolean {
  const { pathname } = useLocation();
  const doubts = useAttentionList(isAdmin).data?.length ?? 0;
  return pathname.startsWith("/admin") && !(pathname === ATTENTION && doubts > 0);
}

function AdminItem() {
  const { t } = useI18n();
  const isHere = useIsInAdmin();
  return (
    <Link
      to="/admin"
      className={`${classes["item"] ?? ""} ${classes["onDesk"] ?? ""}`}
      {...(isHere ? { "aria-current": "page" as const } : {})}
    >
      <IconUsers size={22} stroke={1.75} aria-hidden />
      <span className={classes["itemWord"]}>{t.nav.admin}</span>
    </Link>
  );
}

/** On a phone the settings, and what is reached from there. */
function MoreItem({ isAdmin }: { isAdmin: boolean }) {
  const { t } = useI18n();
  const { pathname } = useLocation();
  const isInAdmin = useIsInAdmin(isAdmin);
  const isHere = isInAdmin || pathname.startsWith("/settings");
  return (
    <Link
      to="/settings"
      className={`${classes["item"] ?? ""} ${classes["onPhone"] ?? ""}`}
      {...(isHere ? { "aria-current": "page" as const } : {})}
    >
      <IconSettings size={22} stroke={1.75} aria-hidden />
      <span className={classes["itemWord"]}>{t.nav.more}</span>
    </Link>
  );
}

/** There only while somebody must look at a printer and say what became of a run. */
function AttentionItem() {
  const { t } = useI18n();
  const count = useAttentionList().data?.length ?? 0;
  if (count === 0) return null;
  return (
    <Item
      to={ATTENTION}
      icon={IconHelpHexagon}
      label={t.nav.decide}
      badge={
        <span className={`${classes["badge"]} ${classes["urgent"]} num`} aria-label={t.attention.waiting(count)}>
          {count}
        </span>
      }
    />
  );
}

function Crashed({ onRetry }: { onRetry: () => void }) {
  const { t } = useI18n();
  return (
    <div role="alert">
      <Text mb="sm">{t.common.crashed}</Text>
      <Button onClick={onRetry}>{t.common.retry}</Button>
    </div>
  );
}

export function Shell({ me, children }: { me: Me; children: ReactNode }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  useState(() => sitDown(me.id)); // before a form reads what was typed
  useEffect(() => restoreTray(), []);

  const take = (files: File[]): void => {
    takeFiles(files);
    if (pathname !== "/jobs") void navigate("/jobs");
  };
  return (
    <div className={classes["shell"]}>
      <a href="#content" className={classes["skip"]}>
        {t.app.skip}
      </a>
      <header className={classes["rail"]}>
        <NavLink to="/jobs" className={classes["brand"] ?? ""} aria-label={t.app.name}>
          <Mark size={30} />
          <span>{t.app.name}</span>
        </NavLink>
        <nav className={classes["nav"]} aria-label={t.nav.label}>
          <Item to="/jobs" icon={IconStack2} label={t.nav.jobs} />
          <Item to="/printers" icon={IconPrinter} label={t.nav.printers} />
          {me.role !== "member" && <ApproveItem />}
          {me.role !== "member" && <AttentionItem />}
          {me.role === "admin" && <AdminItem />}
          <MoreItem isAdmin={me.role === "admin"} />
        </nav>
        <div className={classes["foot"]}>
          <NavLink to="/settings" className={classes["person"] ?? ""}>
            <Avatar src={me.avatar_url} name={me.name} size={32} color="accent" alt="" />
            <span className={classes["personName"]}>{me.name}</span>
          </NavLink>
          <LiveDot />
        </div>
      </header>
      <div className={classes["side"]}>
        <Bands />
        <main id="content" className={classes["content"]} tabIndex={-1}>
          <Boundary key={pathname} fallback={(retry) => <Crashed onRetry={retry} />}>
            <Suspense fallback={null}>{children}</Suspense>
          </Boundary>
        </main>
      </div>
      <DropFrame onFiles={take} />
    </div>
  );
}
