import { Stack, Text, Title } from "@mantine/core";
import { StateGate } from "@/components/state-gate";
import classes from "@/features/shop/shop.module.css";
import { useI18n } from "@/lib/i18n/context";
import { useSpending } from "@/lib/queries/reviews";
import type { Spending } from "@/lib/wire";

function Row({ item }: { item: Spending }) {
  const { t, f } = useI18n();
  const cost = item.cost === null || item.currency === null ? t.spending.unpriced : f.money(item.cost, item.currency);
  return (
    <tr>
      <th scope="row">{item.owner.name}</th>
      <td className="num">{f.count(item.prints)}</td>
      <td className="num">{f.grams(item.weight_g)}</td>
      <td className="num">{f.duration(item.print_s)}</td>
      <td className="num">{cost}</td>
    </tr>
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
            <div className={classes["scroll"]} role="region" aria-label={t.spending.title} tabIndex={0}>
              <table className={classes["table"]}>
                <thead>
                  <tr>
                    {[t.spending.who, t.spending.count, t.spending.weight, t.spending.time, t.spending.cost].map((head) => (
                      <th key={head} scope="col">
                        {head}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {items.map((item) => (
                    <Row key={`${item.owner.id}-${item.currency ?? ""}`} item={item} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </StateGate>
    </Stack>
  );
}
