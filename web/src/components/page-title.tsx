import { Title } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useI18n } from "@/lib/i18n/context";

/** The page's h1: takes the focus on arrival and names the tab. */
export function PageTitle({ text, tab }: { text: string; tab?: string | undefined }) {
  const { t } = useI18n();
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => ref.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    document.title = `${tab ?? text} · ${t.app.name}`;
  }, [tab, text, t]);
  return (
    <Title order={1} ref={ref} tabIndex={-1}>
      {text}
    </Title>
  );
}
