import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import { BrowserRouter } from "react-router";
import { AppRoutes } from "@/app/routes";
import { cssVariables, theme } from "@/app/theme";
import { Announcer } from "@/components/announcer";
import { asApiError } from "@/lib/api/problem";
import type { Lang } from "@/lib/format";
import { I18nProvider } from "@/lib/i18n/context";
import type { Catalogue } from "@/lib/i18n/en";

const RETRIES = 3;

/** The nonce of this answer, which the server put into the page; "" where none is needed. */
function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}

function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The feed says when something is old; nothing is ever asked for on a timer.
        staleTime: Infinity,
        refetchOnWindowFocus: false,
        refetchInterval: false,
        retry: (count, error) => asApiError(error).isTransient && count < RETRIES,
      },
      // Else an act made offline would be kept and sent later, when it may no longer be right.
      mutations: { networkMode: "always", retry: false },
    },
  });
}

export function App({ lang, catalogue }: { lang: Lang; catalogue: Catalogue }) {
  const [client] = useState(makeQueryClient);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <I18nProvider lang={lang} catalogue={catalogue}>
        <QueryClientProvider client={client}>
          <BrowserRouter>
            <AppRoutes />
          </BrowserRouter>
          <Announcer />
        </QueryClientProvider>
      </I18nProvider>
    </MantineProvider>
  );
}
