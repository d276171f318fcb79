import { Button, Group } from "@mantine/core";
import { IconPlus, IconServer } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "@/components/empty";
import { Entries } from "@/components/entries";
import { Section } from "@/components/section";
import { StateGate } from "@/components/state-gate";
import { CodePanel } from "@/features/nodes/code-panel";
import { NodeEntry } from "@/features/nodes/node-entry";
import { NodeForm } from "@/features/nodes/node-form";
import { hasDraft } from "@/lib/draft";
import { useI18n } from "@/lib/i18n/context";
import { useNodes } from "@/lib/queries/admin";
import type { NodeWithCode } from "@/lib/wire";

/** The computers beside the printers: who is heard, who comes in, who is put out. */
export function NodesPage() {
  const { t } = useI18n();
  const words = t.admin.nodes;
  const query = useNodes();
  // A form that was left for a new sign-in is open again.
  const [isAdding, setAdding] = useState(() => hasDraft("node"));
  const [made, setMade] = useState<NodeWithCode | null>(null);
  const show = (code: NodeWithCode): void => {
    setAdding(false);
    setMade(code);
  };
  return (
    <Section id="nodes" title={t.admin.pages.nodes}>
      {!isAdding && (
        <Group>
          <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setAdding(true)}>
            {words.add}
          </Button>
        </Group>
      )}
      {isAdding && <NodeForm onMade={show} onClose={() => setAdding(false)} />}
      {made !== null && <CodePanel key={made.code} made={made} onClose={() => setMade(null)} />}
      <StateGate query={query} what={words.what}>
        {(nodes) =>
          nodes.length === 0 ? (
            <Empty icon={IconServer} title={words.none} text={words.noneText} />
          ) : (
            <Entries label={words.list}>
              {nodes.map((node) => (
                <NodeEntry key={node.name} node={node} onCode={show} />
              ))}
            </Entries>
          )
        }
      </StateGate>
    </Section>
  );
}
