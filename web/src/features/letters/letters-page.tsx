import { Text } from "@mantine/core";
import { useState } from "react";
import { Age } from "@/components/age";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Entries, Entry } from "@/components/entries";
import { ErrorNote } from "@/components/error-note";
import { Section } from "@/components/section";
import { ServerButton } from "@/components/server-button";
import { StateGate } from "@/components/state-gate";
import classes from "@/features/letters/letters.module.css";
import { useI18n } from "@/lib/i18n/context";
import { useLetterAct, useLetters, useReplayed } from "@/lib/queries/letters";
import type { Letter } from "@/lib/wire";

/** The message as text; JSON is laid out. */
export function laidOut(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** What became of the act, in the row; null while nothing was done. */
function Answer({ letter }: { letter: Letter }) {
  const { t } = useI18n();
  const words = t.letters;
  if (letter.is_replaying) return <Text role="status">{words.replaying}</Text>;
  if (letter.resolution === "replayed") return <Text role="status">{words.accepted}</Text>;
  if (letter.resolution === "dropped") return <Text role="status">{words.dropped}</Text>;
  return letter.replayed_at === null ? null : <Text role="status">{words.refused}</Text>;
}

function LetterEntry({ listed }: { listed: Letter }) {
  const { t } = useI18n();
  const words = t.letters;
  const [isAsking, setIsAsking] = useState(false);
  const replay = useLetterAct(listed.id, "replay");
  const drop = useLetterAct(listed.id, "drop");
  const looked = useReplayed(listed, listed.is_replaying || replay.isSuccess);
  const letter = drop.isSuccess ? drop.data : (looked.data ?? listed);
  return (
    <Entry
      title={<span className={classes["reason"]}>{letter.reason}</span>}
      facts={
        <>
          <span>{letter.subject}</span>
          <Age at={letter.first_seen} say={words.first} />
          {letter.count > 1 && <span>{words.times(letter.count)}</span>}
        </>
      }
      acts={
        letter.resolution === null && (
          <>
            <ServerButton
              variant="default"
              size="sm"
              aria-label={`${words.replay}: ${letter.subject}`}
              loading={replay.isPending || letter.is_replaying}
              onClick={() => replay.mutate()}
            >
              {words.replay}
            </ServerButton>
            <ServerButton
              variant="default"
              size="sm"
              aria-label={`${words.drop}: ${letter.subject}`}
              loading={drop.isPending}
              onClick={() => setIsAsking(true)}
            >
              {words.drop}
            </ServerButton>
          </>
        )
      }
      below={
        <>
          <Answer letter={letter} />
          <ErrorNote error={replay.error ?? drop.error ?? looked.error} />
          <details>
            <summary className={classes["summary"]}>{words.body}</summary>
            <pre className={classes["body"]}>{laidOut(letter.body)}</pre>
          </details>
          {isAsking && (
            <ConfirmDialog
              words={words.confirm(letter.subject)}
              isGrave
              onNo={() => setIsAsking(false)}
              onYes={() => {
                setIsAsking(false);
                drop.mutate();
              }}
            />
          )}
        </>
      }
    />
  );
}

/** Messages that could not be read or folded: the reason first, the message folded. */
export function LettersPage() {
  const { t } = useI18n();
  const words = t.letters;
  const query = useLetters();
  return (
    <Section id="letters" title={t.admin.pages.letters} hint={words.hint}>
      <StateGate query={query} what={words.what}>
        {({ letters, total }) =>
          letters.length === 0 ? (
            <Text c="dimmed">{words.none}</Text>
          ) : (
            <>
              {total > letters.length && <Text c="dimmed">{words.total(total, letters.length)}</Text>}
              <Entries label={words.list}>
                {letters.map((each) => (
                  <LetterEntry key={each.id} listed={each} />
                ))}
              </Entries>
            </>
          )
        }
      </StateGate>
    </Section>
  );
}
