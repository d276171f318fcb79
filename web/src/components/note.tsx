import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "@/components/note.module.css";
import type { Tone } from "@/lib/tones";

/** A quiet box with a symbol and a sentence. */
export function Note(props: { tone: Tone; icon: Icon; children: ReactNode; role?: "alert" | "status" }) {
  const Symbol = props.icon;
  return (
    <div className={classes["note"]} data-tone={props.tone} {...(props.role ? { role: props.role } : {})}>
      <Symbol size={18} stroke={1.75} aria-hidden />
      <div className={classes["text"]}>{props.children}</div>
    </div>
  );
}
