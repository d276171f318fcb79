import { Button, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { ErrorNote } from "@/components/error-note";
import { LangToggle } from "@/components/lang-toggle";
import { Mark } from "@/components/mark";
import classes from "@/features/signin/signin.module.css";
import { api, unwrap } from "@/lib/api/client";
import { useI18n } from "@/lib/i18n/context";

const MAX_CODE = 100;

/** Takes the code that the start-up printed; the sign-in after it makes the first admin. */
export function FirstAdminPage() {
  const { t } = useI18n();
  const words = t.account.firstAdmin;
  const navigate = useNavigate();
  const [code, setCode] = useState("");
  const show = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/first-admin", { body: { code: code.trim() } })),
    onSuccess: () => navigate("/signin?next=/admin/people"),
  });
  useEffect(() => {
    document.title = `${words.title} · ${t.app.name}`;
  }, [t, words]);
  return (
    <main className={classes["page"]}>
      <section className={classes["card"]}>
        <div className={classes["brand"]}>
          <Mark size={44} />
          <Title order={1}>{words.title}</Title>
        </div>
        <Text>{words.text}</Text>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            show.mutate();
          }}
        >
          <Stack gap="md">
            <TextInput
              label={words.code}
              required
              maxLength={MAX_CODE}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
            <ErrorNote error={show.error} />
            <Button type="submit" size="md" fullWidth loading={show.isPending}>
              {words.next}
            </Button>
          </Stack>
        </form>
        <LangToggle />
      </section>
    </main>
  );
}
