import type { ReactNode } from "react";
import classes from "@/components/entries.module.css";

/** A list of things with facts and acts: rows on a desk, stacked on a phone. */
export function Entries({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul className={classes["list"]} aria-label={label}>
      {children}
    </ul>
  );
}

export function Entry(props: {
  title: ReactNode;
  facts?: ReactNode;
  mark?: ReactNode;
  acts?: ReactNode;
  below?: ReactNode;
  isDim?: boolean;
}) {
  return (
    <li className={classes["entry"]} data-dim={props.isDim ?? false}>
      <div className={classes["main"]}>
        <div className={classes["top"]}>
          <span className={classes["title"]}>{props.title}</span>
          {props.mark}
        </div>
        {props.facts !== undefined && <div className={`${classes["facts"]} num`}>{props.facts}</div>}
      </div>
      {props.acts !== undefined && <div className={classes["acts"]}>{props.acts}</div>}
      {props.below !== undefined && <div className={classes["below"]}>{props.below}</div>}
    </li>
  );
}
