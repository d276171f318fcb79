import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { hasDraft, useDraft } from "@/lib/draft";
import { useI18n } from "@/lib/i18n/context";
import { useQueueAct, useRemoveQueue } from "@/lib/queries/queues";
import type { Queue } from "@/lib/wire";

const NAME = "[a-z0-9][a-z0-9\\-]{0,31}";

/** A queue's title; and its end, where nothing belongs to it. */
export function QueueForm({ queue, onSaved }: { queue: Queue; onSaved: () => void }) {
  const { t } = useI18n();
  const [title, setTitle] = useState(queue.title);
  const act = useQueueAct();
  const remove = useRemoveQueue();
  return (
    <form
      aria-label={t.place.changeOf(queue.title)}
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({ kind: "name", name: queue.name, title: title.trim() }, { onSuccess: onSaved });
      }}
    >
      <Stack gap="sm" pt="sm">
        <Group gap="md" align="flex-end">
          <TextInput label={t.place.queueTitle} value={title} required maxLength={100} onChange={(event) => setTitle(event.currentTarget.value)} />
          <ServerButton type="submit" loading={act.isPending} disabled={title.trim() === ""}>
            {t.place.rename}
          </ServerButton>
          <ServerButton
            variant="default"
            aria-label={t.place.removeOf(queue.title)}
            loading={remove.isPending}
            onClick={() => remove.mutate(queue.name)}
          >
            {t.place.remove}
          </ServerButton>
        </Group>
        <ErrorNote error={act.error ?? remove.error} />
      </Stack>
    </form>
  );
}

/** One more queue, for printers that shall share their work apart from the others. */
export function NewQueue() {
  const { t } = useI18n();
  const [isOpen, setOpen] = useState(hasDraft("queue"));
  const [{ name, title }, change, clear] = useDraft("queue", { name: "", title: "" });
  const act = useQueueAct();
  if (!isOpen) {
    return (
      <Group>
        <Button variant="default" onClick={() => setOpen(true)}>
          {t.place.addQueue}
        </Button>
      </Group>
    );
  }
  return (
    <form
      aria-label={t.place.addQueue}
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate(
          { kind: "name", name, title: title.trim() },
          {
            onSuccess: () => {
              setOpen(false);
              clear();
            },
          },
        );
      }}
    >
      <Stack gap="sm">
        <Group gap="md" align="flex-end">
          <TextInput
            label={t.place.queueName}
            description={t.place.queueNameHint}
            value={name}
            required
            pattern={NAME}
            maxLength={32}
            onChange={(event) => change({ name: event.currentTarget.value })}
          />
          <TextInput label={t.place.queueTitle} value={title} required maxLength={100} onChange={(event) => change({ title: event.currentTarget.value })} />
          <ServerButton type="submit" loading={act.isPending}>
            {t.place.addQueue}
          </ServerButton>
        </Group>
        <ErrorNote error={act.error} />
      </Stack>
    </form>
  );
}
