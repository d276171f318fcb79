import { Stack } from "@mantine/core";
import { useLocation, Outlet } from "react-router";
import { PageTitle } from "@/components/page-title";
import { SubNav } from "@/components/sub-nav";
import { useI18n } from "@/lib/i18n/context";

const PAGES = ["people", "nodes", "printers", "rules", "trail"] as const;

/** What all pages of the administration have above them. */
export function AdminLayout() {
  const { t } = useI18n();
  const { pathname } = useLocation();
  const here = PAGES.find((page) => pathname === `/admin/${page}`);
  return (
    <Stack gap="xl">
      <PageTitle text={t.admin.title} tab={here === undefined ? undefined : t.admin.pages[here]} />
      <SubNav
        label={t.admin.title}
        items={PAGES.map((page) => ({ to: `/admin/${page}`, label: t.admin.pages[page] }))}
      />
      <Outlet />
    </Stack>
  );
}
