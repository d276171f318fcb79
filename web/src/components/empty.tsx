import { Text, Title } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "@/components/empty.module.css";

/** An empty page says what to do, or what happens next. */
export function Empty(props: { icon: Icon; title?: string; text: string; children?: ReactNode }) {
  const Symbol = props.icon;
  return (
    <div className={classes["empty"]}>
      <span className={classes["icon"]}>
        <Symbol size={36} stroke={1.5} aria-hidden />
      </span>
      {props.title !== undefined && (
        <Title order={2} size="h3">
          {props.title}
        </Title>
      )}
      <Text c="dimmed">{props.text}</Text>
      {props.children}
    </div>
  );
}
