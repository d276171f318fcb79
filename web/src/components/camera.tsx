import { Text } from "@mantine/core";
import { useDocumentVisibility } from "@mantine/hooks";
import { useEffect, useState } from "react";
import classes from "@/components/camera.module.css";
import { useI18n } from "@/lib/i18n/context";
import type { Printer } from "@/lib/wire";

const NEXT_MS = 1000;
const AGAIN_MS = 10_000;

/** What the printer's camera sees: one request at a time, none while the page is hidden. */
export function Camera({ printer }: { printer: Pick<Printer, "id" | "name" | "allowed_actions"> }) {
  const { t } = useI18n();
  const isVisible = useDocumentVisibility() === "visible";
  const [shot, setShot] = useState(0);
  const [state, setState] = useState<"asking" | "live" | "silent">("asking");
  const [wait, setWait] = useState<number | null>(null);
  const may = printer.allowed_actions.includes("camera");

  useEffect(() => {
    if (wait === null || !isVisible) return undefined;
    const timer = setTimeout(() => {
      setWait(null);
      setShot((n) => n + 1);
    }, wait);
    return () => clearTimeout(timer);
  }, [wait, isVisible]);

  if (!may) return null;
  return (
    <figure className={classes["camera"]} data-state={state}>
      <img
        src={`/api/printers/${printer.id}/camera?shot=${shot}`}
        alt={t.printers.cameraOf(printer.name)}
        hidden={state !== "live"}
        onLoad={() => {
          setState("live");
          setWait(NEXT_MS);
        }}
        onError={() => {
          setState("silent");
          setWait(AGAIN_MS);
        }}
      />
      {state !== "live" && (
        <Text size="sm" c="dimmed" component="figcaption">
          {state === "asking" ? t.printers.cameraAsking : t.printers.cameraSilent}
        </Text>
      )}
    </figure>
  );
}
