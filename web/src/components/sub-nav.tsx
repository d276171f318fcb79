import { useEffect, useRef } from "react";
import { NavLink, useLocation } from "react-router";
import classes from "@/components/sub-nav.module.css";

/** The pages of one part of the app, side by side; on a phone they scroll sideways, the open one in sight. */
export function SubNav({ label, items }: { label: string; items: readonly { to: string; label: string }[] }) {
  const ref = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    const here = ref.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (here && ref.current) ref.current.scrollLeft = here.offsetLeft - (ref.current.clientWidth - here.offsetWidth) / 2;
  }, [pathname]);
  return (
    <nav ref={ref} aria-label={label} className={classes["nav"]}>
      {items.map((item) => (
        <NavLink key={item.to} to={item.to} end className={classes["item"] ?? ""}>
          {item.label}
        </NavLink>
      ))}
    </nav>
  );
}
