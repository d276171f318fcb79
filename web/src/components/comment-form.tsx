import { Group, Stack, Text, Textarea } from "@mantine/core";
import type { Ref } from "react";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { useDraft } from "@/lib/draft";
import { useI18n } from "@/lib/i18n/context";
import { useComment } from "@/lib/queries/talk";

const MAX = 1000;

/** Say something about a job; what is typed stays until it is sent. */
export function CommentForm({ jobId, field }: { jobId: string; field?: Ref<HTMLTextAreaElement> }) {
  const { t } = useI18n();
  const [draft, change, clear] = useDraft(`talk.${jobId}`, { text: "" });
  const send = useComment(jobId);
  const text = draft.text.trim();
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (text !== "") send.mutate(text, { onSuccess: clear });
      }}
    >
      <Stack gap="xs">
        <Textarea
          {...(field === undefined ? {} : { ref: field })}
          label={t.talk.label}
          description={t.talk.hint}
          value={draft.text}
          maxLength={MAX}
          rows={2}
          autosize
          onChange={(event) => change({ text: event.currentTarget.value })}
        />
        <Group gap="sm">
          <ServerButton type="submit" variant="default" disabled={text === ""} loading={send.isPending}>
            {t.talk.send}
          </ServerButton>
          <Text size="sm" role="status">
            {send.isSuccess && text === "" && t.talk.sent}
            {send.isError && t.talk.notSent}
          </Text>
        </Group>
        <ErrorNote error={send.error} />
      </Stack>
    </form>
  );
}
