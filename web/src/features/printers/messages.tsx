import { Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { Note } from "@/components/note";
import { useTelemetry } from "@/lib/feed/telemetry";
import { useI18n } from "@/lib/i18n/context";
import { messageWords } from "@/lib/server-words";
import type { Printer } from "@/lib/wire";

/** What stands at the printer's own screen, each with what to do; nothing when all is well. */
export function Messages({ printer }: { printer: Printer }) {
  const { t } = useI18n();
  const news = useTelemetry(printer.id);
  if (!printer.is_online || news === undefined || news.messages.length === 0) return null;
  return (
    <section aria-label={t.printers.messages}>
      <Title order={2} size="h4" mb="xs">
        {t.printers.messages}
      </Title>
      <Stack gap="sm">
        {news.messages.map((message) => {
          const { text, advice } = messageWords(t, message);
          return (
            <Note
              key={message.code}
              tone={message.is_error ? "bad" : "warn"}
              icon={message.is_error ? IconAlertTriangle : IconInfoCircle}
            >
              <Text fw={600}>{text}</Text>
              {advice !== null && <Text>{advice}</Text>}
              <Text size="sm">
                {t.common.code(message.code)}
              </Text>
            </Note>
          );
        })}
      </Stack>
    </section>
  );
}
