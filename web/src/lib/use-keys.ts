import { useHotkeys, type HotkeyItem } from "@mantine/hooks";
import { keysChoice } from "@/lib/choices";
import { useStore } from "@/lib/store";

/** Letters as shortcuts, unless they are switched off in the settings. */
export function useKeys(keys: HotkeyItem[]): void {
  const isOn = useStore(keysChoice) === "on";
  useHotkeys(isOn ? keys : []);
}
