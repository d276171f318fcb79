import { PageTitle } from "@/components/page-title";
import { SubNav } from "@/components/sub-nav";
import { useI18n } from "@/lib/i18n/context";
import { useMe } from "@/lib/queries/me";

/** Title of the settings and the way between their pages. */
export function SettingsHead({ tab }: { tab: string }) {
  const { t } = useI18n();
  const me = useMe();
  const words = t.account.sections;
  const items = [
    { to: "/settings", label: words.here },
    { to: "/settings/account", label: words.account },
    { to: "/settings/notices", label: t.notices.title },
    ...(me.data?.role === "admin" ? [{ to: "/admin/people", label: words.admin }] : []),
  ];
  return (
    <>
      <PageTitle text={t.account.title} tab={tab} />
      <SubNav label={words.label} items={items} />
    </>
  );
}
