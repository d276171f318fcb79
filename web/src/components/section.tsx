import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A part of a page with its own heading and, if it needs one, a sentence. */
export function Section(props: { id: string; title: string; hint?: string; children: ReactNode }) {
  return (
    <Stack gap="sm" component="section" aria-labelledby={props.id}>
      <Title order={2} size="h3" id={props.id}>
        {props.title}
      </Title>
      {props.hint !== undefined && (
        <Text c="dimmed" maw="68ch">
          {props.hint}
        </Text>
      )}
      {props.children}
    </Stack>
  );
}
