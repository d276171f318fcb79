import classes from "@/components/evidence-list.module.css";
import { useNow } from "@/lib/clock";
import type { Format } from "@/lib/format";
import type { Catalogue } from "@/lib/i18n/en";
import { useI18n } from "@/lib/i18n/context";
import { evidenceText } from "@/lib/server-words";
import type { Evidence } from "@/lib/wire";

type Words = Catalogue["attention"];

/** What the kind itself says; null where the facts beside it do. */
function ofKind(words: Words, known: Evidence): string | null {
  const name = known.print_name ?? "";
  switch (known.kind) {
    case "sent":
      return words.sentOnce(name, known.file_name ?? "");
    case "not_sent":
      return words.notSent(name);
    case "started":
      return words.startSeen;
    default:
      return name === "" ? null : words.lastJob(name);
  }
}

/** The sentences of one thing that is known. */
export function evidenceWords(t: Catalogue, f: Format, known: Evidence): string {
  const words = t.attention;
  const said = [
    known.percent === null ? null : words.came(f.percent(known.percent)),
    known.activity === null ? null : words.says(words.activity[known.activity]),
    ofKind(words, known),
    known.outcome === null ? null : words.chose(known.by ?? words.somebody, words.choices[known.outcome].label),
    evidenceText(t, known),
    known.code === null ? null : t.common.code(known.code),
  ];
  return said.filter(Boolean).join(" ");
}

/** What was sent, and what the printer said before and after, in its order. */
export function EvidenceList({ evidence }: { evidence: readonly Evidence[] }) {
  const { t, f } = useI18n();
  const now = useNow();
  return (
    <ol className={classes["list"]} aria-label={t.attention.known}>
      {evidence.map((known, place) => (
        <li key={place} className={classes["item"]} data-kind={known.kind}>
          <time dateTime={known.at} className={`${classes["when"]} num`}>
            {f.moment(known.at, now)}
          </time>
          <span>
            <span className={classes["kind"]}>{t.attention.told[known.kind]}</span>{" "}
            <span className={classes["witness"]}>{t.attention.witness[known.witness]}</span>
          </span>
          <span className={classes["what"]}>{evidenceWords(t, f, known)}</span>
        </li>
      ))}
    </ol>
  );
}
