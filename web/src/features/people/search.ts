import type { Member, Role } from "@/lib/wire";

export const ROLES: readonly Role[] = ["member", "approver", "admin"];

/** Whether every word of the text is somewhere in name or address. */
export function matches(person: Member, text: string, role: Role | null): boolean {
  if (role !== null && person.role !== role) return false;
  const about = `${person.name} ${person.email}`.toLocaleLowerCase();
  return text
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => about.includes(word));
}
