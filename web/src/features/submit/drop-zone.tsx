import { Button, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useRef } from "react";
import classes from "@/features/submit/submit.module.css";
import { useI18n } from "@/lib/i18n/context";

/** The place to drop, and the picker for those who don't drag. */
export function DropZone(props: { isMain: boolean; onFiles: (files: File[]) => void }) {
  const { t } = useI18n();
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className={classes["zone"]}>
      <IconUpload size={24} stroke={1.75} aria-hidden className={classes["zoneIcon"]} />
      <div className={classes["zoneWords"]}>
        <Text fw={600}>{t.drop.title}</Text>
        <Text size="sm" c="dimmed">
          {t.drop.hint}
        </Text>
      </div>
      <Button id="choose-files" variant={props.isMain ? "filled" : "default"} onClick={() => input.current?.click()}>
        {t.drop.choose}
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        accept=".3mf"
        hidden
        aria-label={t.drop.choose}
        data-testid="file-input"
        onChange={(event) => {
          props.onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}
