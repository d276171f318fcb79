import { Stack, Table, Text, Title } from "@mantine/core";
import { StateGate } from "@/components/state-gate";
import { useI18n } from "@/lib/i18n/context";
import { useSpending } from "@/lib/queries/reviews";
import type { Spending } from "@/lib/wire";

function Row({ item }: { item: Spending }) {
  const { t, f } = useI18n();
  const cost = item.cost === null || item.currency === null ? t.spending.unpriced : f.money(item.cost, item.currency);
  return (
    <Table.Tr>
      <Table.Th scope="row">{item.owner.name}</Table.Th>
      <Table.Td className="num">{f.count(item.prints)}</Table.Td>
      <Table.Td className="num">{f.grams(item.weight_g)}</Table.Td>
      <Table.Td className="num">{f.duration(item.print_s)}</Table.Td>
      <Table.Td className="num">{cost}</Table.Td>
    </Table.Tr>
  );
}

/** Ended prints by person; a print that broke off counts with what was printed. */
export function SpendingTable() {
  const { t } = useI18n();
  const query = useSpending("all");
  return (
    <Stack gap="sm" component="section" aria-labelledby="spending">
      <Title order={2} size="h3" id="spending">
        {t.spending.title}
      </Title>
      <StateGate query={query} what={t.spending.what} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <Text c="dimmed">{t.spending.none}</Text>
          ) : (
            <Table.ScrollContainer minWidth={420}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    {[t.spending.who, t.spending.count, t.spending.weight, t.spending.time, t.spending.cost].map((head) => (
                      <Table.Th key={head} scope="col">
                        {head}
                      </Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((item) => (
                    <Row key={`${item.owner.id}-${item.currency ?? ""}`} item={item} />
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </StateGate>
    </Stack>
  );
}
