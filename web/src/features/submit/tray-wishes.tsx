import { NativeSelect, Text, Textarea, TextInput } from "@mantine/core";
import fields from "@/components/fields-row.module.css";
import { change } from "@/features/submit/tray-store";
import { jobsIn, type Entry } from "@/features/submit/tray-state";
import { useI18n } from "@/lib/i18n/context";
import { useJobs } from "@/lib/queries/jobs";

const NOTE_MAX = 500;
const NOTE_COUNTED_FROM = 400;
const WISH_MAX = 200;

/** As a new job, or in the place of one that was sent back. */
function Instead({ entry }: { entry: Entry }) {
  const { t } = useI18n();
  const query = useJobs({ scope: "mine", status: "returned", order: "newest" });
  const jobs = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (jobs.length === 0 && entry.instead === null) return null;
  return (
    <>
      <NativeSelect
        label={t.wish.instead}
        value={entry.instead?.id ?? ""}
        data={[
          { value: "", label: t.wish.newJob },
          ...jobs.map((job) => ({ value: job.id, label: t.wish.inPlaceOf(job.name) })),
        ]}
        onChange={(event) => {
          const job = jobs.find(({ id }) => id === event.currentTarget.value);
          const instead = job === undefined ? null : { id: job.id, version: job.version, name: job.name };
          change({ type: "instead", id: entry.id, instead });
        }}
      />
      {entry.instead !== null && entry.stage === "ready" && jobsIn(entry) === 0 && (
        <Text size="sm" c="bad" role="status">
          {t.wish.onePlate}
        </Text>
      )}
    </>
  );
}

/** What goes with the plates: whose place, which filament, a note to whoever looks at it. */
export function TrayWishes({ entry }: { entry: Entry }) {
  const { t } = useI18n();
  const isAnswer = entry.instead !== null;
  const isLong = entry.note.length >= NOTE_COUNTED_FROM;
  const count = isLong ? `${entry.note.length} / ${NOTE_MAX}` : null;
  return (
    <>
      <Instead entry={entry} />
      <div className={fields["wide"]}>
        {!isAnswer && (
          <TextInput
            className={fields["grow"] ?? ""}
            label={t.wish.label}
            placeholder={t.wish.hint}
            value={entry.wish}
            maxLength={WISH_MAX}
            onChange={(event) => change({ type: "wish", id: entry.id, wish: event.currentTarget.value })}
          />
        )}
        <Textarea
          label={isAnswer ? t.talk.withComment : t.tray.note}
          placeholder={isAnswer ? t.talk.withCommentHint : t.tray.noteHint}
          value={entry.note}
          maxLength={NOTE_MAX}
          rows={2}
          {...(count === null ? {} : { description: count })}
          onChange={(event) => change({ type: "note", id: entry.id, note: event.currentTarget.value })}
        />
      </div>
    </>
  );
}
