import { lazy, Suspense, useEffect } from "react";
import { Navigate, Outlet, Route, Routes, useLocation } from "react-router";
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

const ApprovePage = lazy(() => import("@/features/approve/approve-page").then((m) => ({ default: m.ApprovePage })));
const PrintersPage = lazy(() => import("@/features/printers/printers-page").then((m) => ({ default: m.PrintersPage })));
const PrinterPage = lazy(() => import("@/features/printers/printer-page").then((m) => ({ default: m.PrinterPage })));
const SettingsPage = lazy(() => import("@/app/settings-page").then((m) => ({ default: m.SettingsPage })));
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
          <FeedLink me={person.id} />
          <Shell me={person}>
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

function AdminOnly() {
  const me = useMe();
  return me.data?.is_admin === true ? <ApprovePage /> : <NotFound />;
}

export function AppRoutes() {
  return (
    <Suspense fallback={null}>
      <Routes>
        <Route path="/signin" element={<SigninPage />} />
        <Route element={<SignedIn />}>
          <Route path="/" element={<Navigate to="/jobs" replace />} />
          <Route path="/jobs" element={<JobsRoute />} />
          <Route path="/jobs/:id" element={<JobPage />} />
          <Route path="/approve" element={<AdminOnly />} />
          <Route path="/approve/:id" element={<AdminOnly />} />
          <Route path="/printers" element={<PrintersPage />} />
          <Route path="/printers/:id" element={<PrinterPage />} />
          <Route path="/settings" element={<SettingsPage />} />
          <Route path="*" element={<NotFound />} />
        </Route>
      </Routes>
    </Suspense>
  );
}
