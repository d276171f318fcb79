import { createStore } from "@/lib/store";

/** The jobs that are chosen for one decision; they outlive the open one. */
export const selected = createStore<ReadonlySet<string>>(new Set());

export function toggle(id: string): void {
  selected.set((before) => {
    const after = new Set(before);
    if (!after.delete(id)) after.add(id);
    return after;
  });
}

export function selectAll(ids: readonly string[]): void {
  selected.set(new Set(ids));
}
