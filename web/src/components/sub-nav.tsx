import { NavLink } from "react-router";
import classes from "@/components/sub-nav.module.css";

/** The pages of one part of the app, side by side; scrolls sideways where there is no room. */
export function SubNav({ label, items }: { label: string; items: readonly { to: string; label: string }[] }) {
  return (
    <nav aria-label={label} className={classes["nav"]}>
      {items.map((item) => (
        <NavLink key={item.to} to={item.to} end className={classes["item"] ?? ""}>
          {item.label}
        </NavLink>
      ))}
    </nav>
  );
}
