import type { EdgeNode, Printer } from "@/lib/wire";

export type ShownNodeState = "online" | "offline" | "waiting" | "enrolled" | "revoked";

/** How a node stands: whether it is heard is what the server says of its printers. */
export function nodeState(node: EdgeNode, printers: readonly Printer[]): ShownNodeState {
  if (node.state !== "enrolled") return node.state;
  const own = printers.filter((printer) => printer.node === node.name);
  if (own.some((printer) => printer.is_online)) return "online";
  return own.length > 0 || node.last_fact_at !== null ? "offline" : "enrolled";
}
