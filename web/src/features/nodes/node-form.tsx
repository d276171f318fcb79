import { ActionIcon, Button, Group, NativeSelect, Paper, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import classes from "@/features/nodes/nodes.module.css";
import { useDraft } from "@/lib/draft";
import { useI18n } from "@/lib/i18n/context";
import { useAddNode } from "@/lib/queries/admin";
import { useQueues } from "@/lib/queries/queues";
import type { NewPrinter, NodeWithCode } from "@/lib/wire";

const NAME = "[a-z0-9]([a-z0-9\\-]{0,30}[a-z0-9])?";
const SERIAL = "[0-9A-Za-z]{8,32}";
const MAX_PRINTERS = 50;
const FIRST_QUEUE = "main";

type Line = Required<NewPrinter>;

function PrinterLine(props: { line: Line; onChange: (part: Partial<Line>) => void; onRemove: () => void }) {
  const { line, onChange } = props;
  const { t } = useI18n();
  const words = t.admin.nodes;
  const queues = useQueues();
  const known = queues.data?.map((queue) => ({ value: queue.name, label: queue.title })) ?? [];
  return (
    <div className={classes["printer"]}>
      <TextInput
        label={words.printerName}
        required
        maxLength={100}
        value={line.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <TextInput
        label={words.serial}
        required
        pattern={SERIAL}
        maxLength={32}
        autoCapitalize="characters"
        spellCheck={false}
        value={line.serial}
        onChange={(event) => onChange({ serial: event.currentTarget.value.trim() })}
      />
      <NativeSelect
        label={words.queue}
        value={line.queue}
        onChange={(event) => onChange({ queue: event.currentTarget.value })}
        data={known.length > 0 ? known : [FIRST_QUEUE]}
      />
      <ActionIcon variant="default" size="lg" aria-label={words.removePrinter(line.name)} onClick={props.onRemove}>
        <IconTrash size={18} aria-hidden />
      </ActionIcon>
    </div>
  );
}

function PrinterLines({ lines, set }: { lines: Line[]; set: (lines: Line[]) => void }) {
  const { t } = useI18n();
  const words = t.admin.nodes;
  return (
    <fieldset className={classes["fieldset"]}>
      <legend className={classes["legend"]}>{words.printers}</legend>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {words.printersHint}
        </Text>
        {lines.map((line, index) => (
          <PrinterLine
            key={index}
            line={line}
            onChange={(part) => set(lines.map((each, at) => (at === index ? { ...each, ...part } : each)))}
            onRemove={() => set(lines.filter((_, at) => at !== index))}
          />
        ))}
        <Group>
          <Button
            variant="default"
            size="sm"
            disabled={lines.length >= MAX_PRINTERS}
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() => set([...lines, { name: "", serial: "", queue: FIRST_QUEUE }])}
          >
            {words.addPrinter}
          </Button>
        </Group>
      </Stack>
    </fieldset>
  );
}

const EMPTY = { name: "", title: "", printers: [] as Line[] };

/** A new node and its printers; `onMade` gets the code, which is shown once. */
export function NodeForm({ onMade, onClose }: { onMade: (made: NodeWithCode) => void; onClose: () => void }) {
  const { t } = useI18n();
  const words = t.admin.nodes;
  const [draft, change, clear] = useDraft("node", EMPTY);
  const add = useAddNode();
  const send = (): void =>
    add.mutate(
      { name: draft.name, title: draft.title.trim() === "" ? null : draft.title.trim(), printers: draft.printers },
      {
        onSuccess: (made) => {
          clear();
          onMade(made);
        },
      },
    );
  return (
    <Paper withBorder p="lg" bg="var(--ll-card)">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Stack gap="md" maw={760}>
          <TextInput
            label={words.name}
            description={words.nameHint}
            required
            pattern={NAME}
            maxLength={32}
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            value={draft.name}
            onChange={(event) => change({ name: event.currentTarget.value.trim().toLowerCase() })}
          />
          <TextInput
            label={words.called}
            description={words.calledHint}
            maxLength={100}
            value={draft.title}
            onChange={(event) => change({ title: event.currentTarget.value })}
          />
          <PrinterLines lines={draft.printers} set={(printers) => change({ printers })} />
          <ErrorNote error={add.error} />
          <Group>
            <ServerButton type="submit" loading={add.isPending}>
              {words.add}
            </ServerButton>
            <Button variant="default" onClick={onClose}>
              {words.keep}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
