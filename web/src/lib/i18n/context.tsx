import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { makeFormat, type Format, type Lang } from "@/lib/format";
import type { Catalogue } from "@/lib/i18n/en";
import type { ServerWords } from "@/lib/i18n/en-server";

interface I18n {
  t: Catalogue;
  f: Format;
  lang: Lang;
  setLang: (lang: Lang) => void;
}

const Context = createContext<I18n | null>(null);
const STORED = "layerline.lang";

function isLang(value: string | null | undefined): value is Lang {
  return value === "en" || value === "de";
}

/** The language chosen here before, else the browser's, else English. */
export function firstLang(): Lang {
  const stored = localStorage.getItem(STORED);
  if (isLang(stored)) return stored;
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2)).find(isLang);
  return wanted ?? "en";
}

/** The server's own words are many and not on the first page: they come after it; null: it speaks for itself. */
async function loadServerWords(lang: Lang): Promise<ServerWords | null> {
  return lang === "de" ? (await import("@/lib/i18n/de-server")).server : null;
}

/** Each catalogue is a chunk of its own: nobody loads a language that they don't read. */
export async function loadCatalogue(lang: Lang): Promise<Catalogue> {
  return lang === "de" ? (await import("@/lib/i18n/de")).de : (await import("@/lib/i18n/en")).en;
}

export function I18nProvider(props: { lang: Lang; catalogue: Catalogue; children: ReactNode }) {
  const [shown, setShown] = useState({ lang: props.lang, t: props.catalogue });

  useEffect(() => {
    document.documentElement.lang = shown.lang;
  }, [shown.lang]);

  useEffect(() => {
    let isOver = false;
    const take = (server: ServerWords | null): void => {
      if (!isOver && server !== null) setShown((before) => ({ ...before, t: { ...before.t, server } }));
    };
    // Without them the server's English is shown.
    loadServerWords(shown.lang).then(take, () => undefined);
    return () => {
      isOver = true;
    };
  }, [shown.lang]);

  const value = useMemo<I18n>(
    () => ({
      ...shown,
      f: makeFormat(shown.lang),
      setLang: (lang) => {
        localStorage.setItem(STORED, lang);
        void loadCatalogue(lang).then((t) => setShown({ lang, t }));
      },
    }),
    [shown],
  );
  return <Context value={value}>{props.children}</Context>;
}

export function useI18n(): I18n {
  const value = use(Context);
  if (value === null) throw new Error("useI18n outside of I18nProvider");
  return value;
}
