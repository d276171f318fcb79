import { lazy, Suspense, useEffect } from "react";
import { Navigate, Outlet, Route, Routes, useLocation, useParams } from "react-router";
import { FeedLink } from "@/app/feed-link";
import { JobsRoute } from "@/app/jobs-route";
import { Shell } from "@/app/shell/shell";
import { Missing } from "@/components/missing";
import { StateGate } from "@/components/state-gate";
import { JobPage } from "@/features/jobs/job-page";
import { sessionOver } from "@/lib/api/client";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";
import { useMe } from "@/lib/queries/me";
import type { Role } from "@/lib/wire";

const ApprovePage = lazy(() => import("@/features/approve/approve-page").then((m) => ({ default: m.ApprovePage })));
const PrintersPage = lazy(() => import("@/features/printers/printers-page").then((m) => ({ default: m.PrintersPage })));
const PrinterPage = lazy(() => import("@/features/printers/printer-page").then((m) => ({ default: m.PrinterPage })));
const SettingsPage = lazy(() => import("@/app/settings-page").then((m) => ({ default: m.SettingsPage })));
const AccountPage = lazy(() => import("@/app/account-page").then((m) => ({ default: m.AccountPage })));
const AdminLayout = lazy(() => import("@/app/admin-layout").then((m) => ({ default: m.AdminLayout })));
const PeoplePage = lazy(() => import("@/features/people/people-page").then((m) => ({ default: m.PeoplePage })));
const NodesPage = lazy(() => import("@/features/nodes/nodes-page").then((m) => ({ default: m.NodesPage })));
const InventoryPage = lazy(() =>
  import("@/features/inventory/inventory-page").then((m) => ({ default: m.InventoryPage })),
);
const RulesPage = lazy(() => import("@/app/rules-page").then((m) => ({ default: m.RulesPage })));
const TargetsPage = lazy(() => import("@/features/notices/targets-page").then((m) => ({ default: m.TargetsPage })));
const NoticesPage = lazy(() => import("@/app/notices-page").then((m) => ({ default: m.NoticesPage })));
const AuditPage = lazy(() => import("@/features/audit/audit-page").then((m) => ({ default: m.AuditPage })));
const AttentionPage = lazy(() =>
  import("@/features/attention/attention-page").then((m) => ({ default: m.AttentionPage })),
);
const LettersPage = lazy(() => import("@/features/letters/letters-page").then((m) => ({ default: m.LettersPage })));
const FirstAdminPage = lazy(() =>
  import("@/features/signin/first-admin-page").then((m) => ({ default: m.FirstAdminPage })),
);
const SigninPage = lazy(() => import("@/features/signin/signin-page").then((m) => ({ default: m.SigninPage })));

/** Nobody is signed in: to the sign-in page, and back here afterwards. */
function SignedIn() {
  const { t } = useI18n();
  const me = useMe();
  const { pathname, search } = useLocation();
  const isOut = me.isError && asApiError(me.error).status === 401;
  const wasIn = me.data !== undefined;
  useEffect(() => {
    // What is typed here stays: a band asks to sign in again.
    if (isOut && wasIn) sessionOver.set(true);
  }, [isOut, wasIn]);
  if (isOut && !wasIn) {
    return <Navigate to={`/signin?next=${encodeURIComponent(pathname + search)}`} replace />;
  }
  return (
    <StateGate query={wasIn ? { ...me, error: null } : me} what={t.app.name}>
      {(person) => (
        <>
          <FeedLink me={person.id} decides={person.role !== "member"} />
          <Shell key={person.id} me={person}>
            <Outlet />
          </Shell>
        </>
      )}
    </StateGate>
  );
}

function NotFound() {
  const { t } = useI18n();
  return <Missing title={t.notFound.title} text={t.notFound.text} />;
}

/** A page for some roles; for the others there is none. The server asks again with every answer. */
function Only({ roles }: { roles: readonly Role[] }) {
  const me = useMe();
  return me.data !== undefined && roles.includes(me.data.role) ? <Outlet /> : <NotFound />;
}

/** The QR code on a machine leads to where its bed is said to be clear. */
function Sticker() {
  const { id = "" } = useParams();
  return <Navigate to={`/printers/${id}`} replace />;
}

const DECIDERS: readonly Role[] = ["approver", "admin"];
const ADMINS: readonly Role[] = ["admin"];

export function AppRoutes() {
  return (
    <Suspense fallback={null}>
      <Routes>
        <Route path="/signin" element={<SigninPage />} />
        <Route path="/first-admin" element={<FirstAdminPage />} />
        <Route element={<SignedIn />}>
          <Route path="/" element={<Navigate to="/jobs" replace />} />
          <Route path="/jobs" element={<JobsRoute />} />
          <Route path="/jobs/:id" element={<JobPage />} />
          <Route element={<Only roles={DECIDERS} />}>
            <Route path="/approve" element={<ApprovePage />} />
            <Route path="/approve/:id" element={<ApprovePage />} />
          </Route>
          <Route path="/printers" element={<PrintersPage />} />
          <Route path="/printers/:id" element={<PrinterPage />} />
          <Route path="/p/:id" element={<Sticker />} />
          <Route path="/settings" element={<SettingsPage />} />
          <Route path="/settings/account" element={<AccountPage />} />
          <Route path="/settings/notices" element={<NoticesPage />} />
          <Route element={<Only roles={DECIDERS} />}>
            <Route path="/admin" element={<AdminLayout />}>
              <Route path="attention" element={<AttentionPage />} />
              <Route element={<Only roles={ADMINS} />}>
                <Route index element={<Navigate to="/admin/people" replace />} />
                <Route path="people" element={<PeoplePage />} />
                <Route path="nodes" element={<NodesPage />} />
                <Route path="printers" element={<InventoryPage />} />
                <Route path="rules" element={<RulesPage />} />
                <Route path="notices" element={<TargetsPage />} />
                <Route path="trail" element={<AuditPage />} />
                <Route path="letters" element={<LettersPage />} />
                <Route path="*" element={<Navigate to="/admin/people" replace />} />
              </Route>
            </Route>
          </Route>
          <Route path="*" element={<NotFound />} />
        </Route>
      </Routes>
    </Suspense>
  );
}
