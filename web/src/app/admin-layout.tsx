import { Stack } from "@mantine/core";
import { useLocation, Outlet } from "react-router";
import { PageTitle } from "@/components/page-title";
import { SubNav } from "@/components/sub-nav";
import { useI18n } from "@/lib/i18n/context";
import { useAttentionList } from "@/lib/queries/attention";
import { useMe } from "@/lib/queries/me";

const PAGES = ["attention", "people", "nodes", "printers", "rules", "notices", "trail", "letters"] as const;
/** What those see of it who decide, but don't run the group. */
const DECIDERS_PAGES = ["attention"] as const;

/** What all pages of the administration have above them. */
export function AdminLayout() {
  const { t } = useI18n();
  const { pathname } = useLocation();
  const me = useMe();
  const pages = me.data?.role === "admin" ? PAGES : DECIDERS_PAGES;
  const count = useAttentionList().data?.length ?? 0;
  const labelOf = (page: (typeof PAGES)[number]): string =>
    page === "attention" && count > 0 ? `${t.admin.pages.attention} (${count})` : t.admin.pages[page];
  const here = PAGES.find((page) => pathname === `/admin/${page}`);
  return (
    <Stack gap="xl">
      <PageTitle text={t.admin.title} tab={here === undefined ? undefined : t.admin.pages[here]} />
      <SubNav
        label={t.admin.title}
        items={pages.map((page) => ({ to: `/admin/${page}`, label: labelOf(page) }))}
      />
      <Outlet />
    </Stack>
  );
}
