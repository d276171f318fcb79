import { Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Note } from "@/components/note";
import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import { useCommand } from "@/lib/queries/printers";
import { refusedWords } from "@/lib/server-words";
import type { Command } from "@/lib/wire";

const NO_ANSWER_AFTER_MS = 15_000;

/** What became of a wish: asking, no answer yet, refused; nothing once it is done. */
export function CommandAnswer(props: { command: Command | undefined; waiting?: string; late?: string }) {
  const { t } = useI18n();
  const now = useNow();
  const query = useCommand(props.command?.id);
  const command = query.data ?? props.command;
  if (command === undefined || command.answer === "done") return null;
  if (command.answer === "refused") {
    return (
      <Note tone="bad" icon={IconAlertTriangle} role="alert">
        {t.act.refused(refusedWords(t, command) ?? t.common.unknown)}
      </Note>
    );
  }
  const isLate = now - Date.parse(command.issued_at) > NO_ANSWER_AFTER_MS;
  return (
    <Text size="sm" c="dimmed" role="status">
      {isLate ? (props.late ?? t.act.noAnswer) : (props.waiting ?? t.common.asking)}
    </Text>
  );
}
