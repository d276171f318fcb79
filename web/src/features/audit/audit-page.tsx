import { Anchor, Button, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { Link, useSearchParams } from "react-router";
import fields from "@/components/fields-row.module.css";
import { Section } from "@/components/section";
import { StateGate } from "@/components/state-gate";
import classes from "@/features/audit/audit.module.css";
import { csvHref, filterOf } from "@/features/audit/filter";
import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import { usePeople, useTrail } from "@/lib/queries/admin";
import { useSought } from "@/lib/sought";
import type { Deed } from "@/lib/wire";

function Filters() {
  const { t } = useI18n();
  const words = t.admin.trail;
  const people = usePeople();
  const { params, seek, clear } = useSought();
  return (
    <div className={fields["row"]} role="search">
      <NativeSelect
        label={words.who}
        value={params.get("who") ?? ""}
        onChange={(event) => seek("who", event.currentTarget.value)}
        data={[
          { value: "", label: words.anybody },
          ...(people.data ?? []).map((person) => ({ value: person.id, label: person.email })),
        ]}
      />
      <NativeSelect
        label={words.kind}
        value={params.get("what") ?? ""}
        onChange={(event) => seek("what", event.currentTarget.value)}
        data={[
          { value: "", label: words.anything },
          ...Object.entries(words.kinds).map(([value, label]) => ({ value, label })),
        ]}
      />
      {(["since", "until"] as const).map((key) => (
        <TextInput
          key={key}
          className={fields["half"] ?? ""}
          type="date"
          label={words[key]}
          value={params.get(key) ?? ""}
          onChange={(event) => seek(key, event.currentTarget.value)}
        />
      ))}
      {params.size > 0 && (
        <Button variant="default" onClick={clear}>
          {words.clear}
        </Button>
      )}
    </div>
  );
}

const SHORT_ID = 8;
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
const PAGES: Record<string, string> = { job: "/jobs/", printer: "/printers/" };

/** Which thing it was: short for the eye, with a way to it where there is a page. */
function Thing({ deed }: { deed: Deed }) {
  const page = PAGES[deed.thing];
  const id = UUID.test(deed.thing_id) ? deed.thing_id.slice(0, SHORT_ID) : deed.thing_id;
  const code = <code title={deed.thing_id}>{id}</code>;
  return page === undefined ? (
    code
  ) : (
    <Anchor component={Link} to={`${page}${deed.thing_id}`}>
      {code}
    </Anchor>
  );
}

function DeedRow({ deed }: { deed: Deed }) {
  const { t, f } = useI18n();
  const words = t.admin.trail;
  const now = useNow();
  const who = deed.user_email ?? (deed.user_id === null ? words.commandLine : words.someone);
  return (
    <li className={classes["deed"]}>
      <time dateTime={deed.at} className={`${classes["when"]} num`}>
        {f.moment(deed.at, now)}
      </time>
      <div className={classes["what"]}>
        <span className={classes["who"]}>{who}</span> <span>{words.deeds[deed.action] ?? deed.action}</span>
        {deed.detail !== null && <span className={classes["detail"]}>{deed.detail}</span>}
      </div>
      <div className={classes["where"]}>
        <span>
          {words.kinds[deed.thing] ?? deed.thing} <Thing deed={deed} />
        </span>
        {deed.ip !== null && <span>{words.from(deed.ip)}</span>}
      </div>
    </li>
  );
}

/** Who did what, with filters that stand in the address, and the same as a table to take along. */
export function AuditPage() {
  const { t } = useI18n();
  const words = t.admin.trail;
  const [params] = useSearchParams();
  const filter = filterOf(params);
  const query = useTrail(filter);
  return (
    <Section id="trail" title={t.admin.pages.trail}>
      <Filters />
      <Group>
        <Button
          component="a"
          href={csvHref(filter)}
          download
          variant="default"
          leftSection={<IconDownload size={18} aria-hidden />}
        >
          {words.csv}
        </Button>
      </Group>
      <StateGate query={query} what={words.what}>
        {({ pages }) => {
          const deeds = pages.flatMap((page) => page.deeds);
          if (deeds.length === 0) return <Text c="dimmed">{words.none}</Text>;
          return (
            <Stack gap="sm">
              <ul className={classes["list"]} aria-label={words.list}>
                {deeds.map((deed) => (
                  <DeedRow key={deed.id} deed={deed} />
                ))}
              </ul>
              {query.hasNextPage && (
                <Group>
                  <Button
                    variant="default"
                    loading={query.isFetchingNextPage}
                    onClick={() => void query.fetchNextPage()}
                  >
                    {t.common.more}
                  </Button>
                </Group>
              )}
            </Stack>
          );
        }}
      </StateGate>
    </Section>
  );
}
