import { Checkbox, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { useI18n } from "@/lib/i18n/context";
import { usePlacePrinter } from "@/lib/queries/queues";
import type { Printer, Queue } from "@/lib/wire";

/** A printer's name, its queue, and whether it gets jobs. */
export function PrinterForm(props: { printer: Printer; queues: readonly Queue[]; onSaved: () => void }) {
  const { t } = useI18n();
  const { printer } = props;
  const [name, setName] = useState(printer.name);
  const [queue, setQueue] = useState(printer.queue);
  const [isEnabled, setEnabled] = useState(printer.is_enabled);
  const save = usePlacePrinter(printer.id);
  return (
    <form
      aria-label={t.place.changeOf(printer.name)}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ name: name.trim(), queue, is_enabled: isEnabled }, { onSuccess: props.onSaved });
      }}
    >
      <Stack gap="sm" pt="sm">
        <Group gap="md" align="flex-end">
          <TextInput label={t.place.name} value={name} required maxLength={100} onChange={(event) => setName(event.currentTarget.value)} />
          <NativeSelect
            label={t.place.queue}
            value={queue}
            data={props.queues.map((each) => ({ value: each.name, label: each.title }))}
            onChange={(event) => setQueue(event.currentTarget.value)}
          />
        </Group>
        <Checkbox
          label={t.place.enabled}
          description={t.place.enabledHint}
          checked={isEnabled}
          onChange={(event) => setEnabled(event.currentTarget.checked)}
        />
        <Group>
          <ServerButton type="submit" loading={save.isPending} disabled={name.trim() === ""}>
            {t.place.save}
          </ServerButton>
        </Group>
        <ErrorNote error={save.error} />
      </Stack>
    </form>
  );
}
