import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { CopyField } from "@/components/copy-field";
import { Note } from "@/components/note";
import classes from "@/features/nodes/nodes.module.css";
import { QrPicture } from "@/components/qr-picture";
import { api, unwrap } from "@/lib/api/client";
import { keys } from "@/lib/api/keys";
import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import type { NodeWithCode } from "@/lib/wire";

/** True once the node was enrolled with a code younger than this one; the feed says when to look. */
function useHasCome({ node, expires_at: expiresAt }: NodeWithCode): boolean {
  const { data } = useQuery({ queryKey: keys.nodes, queryFn: () => unwrap(api.GET("/api/nodes")) });
  const now = data?.find((each) => each.name === node.name);
  if (now?.enrolled_at == null || now.state !== "enrolled") return false;
  return now.enrolled_at !== node.enrolled_at && Date.parse(now.enrolled_at) < Date.parse(expiresAt);
}

/** The one-time code, as text and as a picture: it is kept nowhere but here. */
export function CodePanel({ made, onClose }: { made: NodeWithCode; onClose: () => void }) {
  const { t, f } = useI18n();
  const words = t.admin.nodes.code;
  const leftMs = Date.parse(made.expires_at) - useNow();
  const hasCome = useHasCome(made);
  const name = made.node.name;
  return (
    <Paper withBorder p="lg" bg="var(--ll-card)" component="section" aria-labelledby="node-code">
      <Stack gap="md">
        <Title order={3} id="node-code">
          {words.title(name)}
        </Title>
        {!hasCome && leftMs > 0 && (
          <div className={classes["code"]}>
            <QrPicture text={made.command} label={words.qr(name)} />
            <div className={classes["codeWords"]}>
              <CopyField label={words.label} text={made.code} />
              <CopyField label={words.command} text={made.command} />
              <Text>
                {words.once} {words.left(f.duration(leftMs / 1000))}
              </Text>
            </div>
          </div>
        )}
        <div role="status">
          {hasCome && (
            <Note tone="good" icon={IconCircleCheck}>
              {words.arrived(name)}
            </Note>
          )}
          {!hasCome && <Text c="dimmed">{leftMs > 0 ? words.waiting(name) : words.over}</Text>}
        </div>
        <Group>
          <Button variant="default" onClick={onClose}>
            {words.close}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
