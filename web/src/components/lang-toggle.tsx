import { SegmentedControl } from "@mantine/core";
import type { Lang } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";

const LANGS: { value: Lang; label: string }[] = [
  { value: "en", label: "English" },
  { value: "de", label: "Deutsch" },
];

export function LangToggle() {
  const { t, lang, setLang } = useI18n();
  return (
    <SegmentedControl
      size="sm"
      fullWidth
      aria-label={t.app.language}
      value={lang}
      onChange={(value) => setLang(value)}
      data={LANGS}
    />
  );
}
