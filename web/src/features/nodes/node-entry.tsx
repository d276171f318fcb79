import { TextInput } from "@mantine/core";
import { IconBan, IconCircleCheck, IconHourglass, IconLink, IconWifiOff } from "@tabler/icons-react";
import { useState } from "react";
import { Age } from "@/components/age";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Entry } from "@/components/entries";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { Chip, type Look } from "@/components/status-chip";
import { nodeState, type ShownNodeState } from "@/features/nodes/state";
import { useNow } from "@/lib/clock";
import { useI18n } from "@/lib/i18n/context";
import { useNodeCode, useRevokeNode } from "@/lib/queries/admin";
import { usePrinters } from "@/lib/queries/printers";
import type { EdgeNode, NodeWithCode } from "@/lib/wire";

const LOOKS: Record<ShownNodeState, Look> = {
  online: [IconCircleCheck, "good", "light"],
  offline: [IconWifiOff, "quiet", "outline"],
  waiting: [IconHourglass, "ask", "light"],
  enrolled: [IconLink, "accent", "light"],
  revoked: [IconBan, "bad", "outline"],
};

function Facts({ node }: { node: EdgeNode }) {
  const { t, f } = useI18n();
  const words = t.admin.nodes;
  const now = useNow();
  const code = node.code_expires_at;
  return (
    <>
      {node.title !== node.name && <span>{node.name}</span>}
      <span>
        {node.printers.length === 0 ? words.noPrinters : node.printers.map((each) => each.name).join(", ")}
      </span>
      {node.state === "enrolled" &&
        (node.last_fact_at === null ? (
          <span>{words.neverHeard}</span>
        ) : (
          <Age at={node.last_fact_at} say={words.heard} />
        ))}
      {code !== null && node.state !== "revoked" && (
        <span>{Date.parse(code) > now ? words.codeUntil(f.moment(code, now)) : words.codeOver}</span>
      )}
      {node.revoked_at !== null && node.state === "revoked" && (
        <>
          <span>{words.revokedAt(f.moment(node.revoked_at, now))}</span>
          <span>{node.cut_at === null ? words.notCut : words.cutAt(f.moment(node.cut_at, now))}</span>
        </>
      )}
    </>
  );
}

function RevokeDialog({ name, onYes, onNo }: { name: string; onYes: () => void; onNo: () => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  return (
    <ConfirmDialog
      words={t.admin.nodes.confirmRevoke(name)}
      isGrave
      isReady={typed.trim() === name}
      onYes={onYes}
      onNo={onNo}
    >
      <TextInput
        label={t.admin.nodes.typeName(name)}
        autoCapitalize="none"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
    </ConfirmDialog>
  );
}

/** A node with how it stands; a new code and the end of it are asked about first. */
export function NodeEntry({ node, onCode }: { node: EdgeNode; onCode: (made: NodeWithCode) => void }) {
  const { t } = useI18n();
  const words = t.admin.nodes;
  const printers = usePrinters();
  const code = useNodeCode();
  const revoke = useRevokeNode();
  const [asked, setAsked] = useState<"code" | "revoke" | null>(null);
  const state = nodeState(node, printers.data ?? []);
  const close = (): void => setAsked(null);
  return (
    <Entry
      title={node.title}
      mark={<Chip look={LOOKS[state]} label={words.state[state]} />}
      facts={<Facts node={node} />}
      acts={
        <>
          <ServerButton
            variant="default"
            size="sm"
            aria-label={`${words.newCode}: ${node.name}`}
            loading={code.isPending}
            onClick={() => setAsked("code")}
          >
            {words.newCode}
          </ServerButton>
          {node.state !== "revoked" && (
            <ServerButton
              variant="default"
              size="sm"
              aria-label={`${words.revoke}: ${node.name}`}
              loading={revoke.isPending}
              onClick={() => setAsked("revoke")}
            >
              {words.revoke}
            </ServerButton>
          )}
        </>
      }
      below={
        <>
          <ErrorNote error={code.error ?? revoke.error} />
          {asked === "code" && (
            <ConfirmDialog
              words={words.confirmCode(node.name)}
              isGrave={false}
              onNo={close}
              onYes={() => {
                close();
                code.mutate(node.name, { onSuccess: onCode });
              }}
            />
          )}
          {asked === "revoke" && (
            <RevokeDialog
              name={node.name}
              onNo={close}
              onYes={() => {
                close();
                revoke.mutate(node.name);
              }}
            />
          )}
        </>
      }
    />
  );
}
