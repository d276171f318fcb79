import { Button, Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "@/components/confirm-dialog.module.css";
import { FrontDialog } from "@/components/front-dialog";

export interface ConfirmWords {
  title: string;
  text: string;
  yes: string;
  no: string;
}

/** Asks before heat, motion or an end; the browser's own dialog keeps focus inside and Esc closes. */
export function ConfirmDialog(props: {
  words: ConfirmWords;
  isGrave: boolean;
  /** False until what is asked for below the words was done. */
  isReady?: boolean;
  children?: ReactNode;
  onYes: () => void;
  onNo: () => void;
}) {
  const { words } = props;
  return (
    <FrontDialog className={classes["dialog"] ?? ""} onClose={props.onNo}>
      {(titleId) => (
        <Stack gap="md" p="xl">
          <Title order={2} size="h3" id={titleId}>
            {words.title}
          </Title>
          <Text>{words.text}</Text>
          {props.children}
          <Group gap="sm" justify="flex-end">
            <Button variant="default" onClick={props.onNo} autoFocus>
              {words.no}
            </Button>
            <Button color={props.isGrave ? "bad" : "accent"} disabled={props.isReady === false} onClick={props.onYes}>
              {words.yes}
            </Button>
          </Group>
        </Stack>
      )}
    </FrontDialog>
  );
}
