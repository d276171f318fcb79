import { Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { announce } from "@/components/announcer";
import classes from "@/components/copy-field.module.css";
import { useI18n } from "@/lib/i18n/context";

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // refused, or plain http: the text is there to be marked
  }
}

/** A text to take along: all of it is marked by a click, and a button copies it. */
export function CopyField({ label, text }: { label: string; text: string }) {
  const { t } = useI18n();
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  const copy = (): void => {
    void toClipboard(text).then((isDone) => {
      setState(isDone ? "copied" : "failed");
      announce(isDone ? t.common.copied : t.common.copyFailed);
    });
  };
  return (
    <div className={classes["field"]}>
      <span className={classes["label"]}>{label}</span>
      <div className={classes["line"]}>
        <code className={classes["text"]}>{text}</code>
        <Button
          variant="default"
          size="sm"
          aria-label={`${t.common.copy}: ${label}`}
          leftSection={state === "copied" ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
          onClick={copy}
        >
          {state === "copied" ? t.common.copied : t.common.copy}
        </Button>
      </div>
      {state === "failed" && <span className={classes["label"]}>{t.common.copyFailed}</span>}
    </div>
  );
}
