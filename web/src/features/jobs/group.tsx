import type { ReactNode } from "react";
import classes from "@/features/jobs/jobs.module.css";

/** A part of the list with its heading and how many are in it. */
export function Group(props: { id: string; title: string; count?: number; children: ReactNode }) {
  return (
    <section aria-labelledby={props.id} className={classes["group"]}>
      <h2 id={props.id} className={classes["groupTitle"]}>
        {props.title} {props.count !== undefined && <span className="num">{props.count}</span>}
      </h2>
      {props.children}
    </section>
  );
}
