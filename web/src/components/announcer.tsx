import { VisuallyHidden } from "@mantine/core";
import { createStore, useStore } from "@/lib/store";

const said = createStore<{ polite: string; assertive: string }>({ polite: "", assertive: "" });

/** Say it to those who listen instead of look. */
export function announce(text: string, how: "polite" | "assertive" = "polite"): void {
  said.set((before) => ({ ...before, [how]: text }));
}

export function Announcer() {
  const { polite, assertive } = useStore(said);
  return (
    <VisuallyHidden>
      <div role="status" aria-live="polite">
        {polite}
      </div>
      <div aria-live="assertive">{assertive}</div>
    </VisuallyHidden>
  );
}
