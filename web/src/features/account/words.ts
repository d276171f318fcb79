import type { Provider } from "@/lib/wire";

/** What people call a provider: the name it has here, else the host of its address. */
export function issuerName(issuer: string, providers: readonly Provider[]): string {
  let host: string;
  try {
    host = new URL(issuer).hostname;
  } catch {
    host = issuer;
  }
  const known = providers.find(
    (provider) => host.includes(provider.id.toLowerCase()) || host.includes(provider.name.toLowerCase()),
  );
  if (known !== undefined) return known.name;
  return providers.length === 1 && providers[0] !== undefined ? providers[0].name : host;
}

/** How long access tokens may live, in days; the server takes 1 to 365. */
export const TOKEN_DAYS = [7, 30, 90, 365] as const;
