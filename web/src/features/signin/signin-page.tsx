import { Anchor, Button, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconLock, IconLogin2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, useSearchParams } from "react-router";
import { LangToggle } from "@/components/lang-toggle";
import { Mark } from "@/components/mark";
import { Note } from "@/components/note";
import { StateGate } from "@/components/state-gate";
import { errorWords, rememberedNext } from "@/features/signin/next";
import classes from "@/features/signin/signin.module.css";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import { useI18n } from "@/lib/i18n/context";

function Ways({ next }: { next: string }) {
  const { t } = useI18n();
  const query = useQuery({
    queryKey: keys.providers,
    queryFn: () => unwrap(api.GET("/api/auth/providers")),
    staleTime: Infinity,
  });
  return (
    <StateGate query={query} what={t.signin.what} rows={1}>
      {(providers) =>
        providers.length === 0 ? (
          <Note tone="warn" icon={IconAlertTriangle}>
            {t.signin.none}
          </Note>
        ) : (
          <Stack gap="sm">
            {providers.map((provider, index) => (
              <Button
                key={provider.id}
                component="a"
                size="md"
                fullWidth
                variant={index === 0 ? "filled" : "default"}
                leftSection={<IconLogin2 size={20} stroke={1.75} aria-hidden />}
                href={`/api/auth/signin/${encodeURIComponent(provider.id)}?next=${encodeURIComponent(next)}`}
              >
                {t.signin.withProvider(provider.name)}
              </Button>
            ))}
          </Stack>
        )
      }
    </StateGate>
  );
}

/** Takes the focus, so that it is read first. */
function WhyNot({ code }: { code: string }) {
  const { t } = useI18n();
  const ref = useRef<HTMLDivElement>(null);
  const { title, text } = errorWords(t, code);
  useEffect(() => ref.current?.focus(), []);
  return (
    <div ref={ref} tabIndex={-1} className={classes["why"]}>
      <Note tone="bad" icon={IconAlertTriangle} role="alert">
        <div>
          <strong>{title}</strong>
          <Text>{text}</Text>
        </div>
      </Note>
      {code === "identity_taken" && (
        <Anchor component={Link} to="/settings/account">
          {t.signin.backToAccount}
        </Anchor>
      )}
    </div>
  );
}

export function SigninPage() {
  const { t } = useI18n();
  const [params] = useSearchParams();
  const error = params.get("error");
  useEffect(() => {
    document.title = `${t.signin.title} · ${t.app.name}`;
  }, [t]);
  return (
    <main className={classes["page"]}>
      <section className={classes["card"]}>
        <div className={classes["brand"]}>
          <Mark size={44} />
          <Title order={1}>{t.app.name}</Title>
        </div>
        <Text fz="lg">{t.app.tagline}</Text>
        {error !== null && <WhyNot code={error} />}
        {error === null && params.has("again") && (
          <Note tone="warn" icon={IconLock}>
            {t.signin.again}
          </Note>
        )}
        <Ways next={rememberedNext(params)} />
        <ol className={classes["steps"]}>
          {t.signin.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <LangToggle />
      </section>
    </main>
  );
}
