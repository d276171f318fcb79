import { Stack } from "@mantine/core";
import { ShopSettings } from "@/features/shop/shop-settings";
import { SpendingTable } from "@/features/shop/spending-table";

/** Prices and limits, and what was spent under them. */
export function RulesPage() {
  return (
    <Stack gap="xl" maw={560}>
      <ShopSettings />
      <SpendingTable />
    </Stack>
  );
}
