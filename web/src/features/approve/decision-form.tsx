import { Button, Group, Stack, Textarea } from "@mantine/core";
import { useState } from "react";
import { ServerButton } from "@/components/server-button";
import { useDraft } from "@/lib/draft";
import { useI18n } from "@/lib/i18n/context";

/** A no needs a because: the text is required, quick texts only fill in. */
export function DecisionForm(props: {
  kind: "reject" | "return";
  /** Of which job or jobs it is: what is typed is kept under it until it is sent. */
  about: string;
  owner: string;
  isSending: boolean;
  /** `clear` forgets what was typed. */
  onSend: (text: string, clear: () => void) => void;
  onBack: () => void;
}) {
  const { t } = useI18n();
  const [{ text }, change, clear] = useDraft(`decide.${props.kind}.${props.about}`, { text: "" });
  const [isLacking, setIsLacking] = useState(false);
  const isReject = props.kind === "reject";

  const send = (): void => {
    if (text.trim() === "") setIsLacking(true);
    else props.onSend(text.trim(), clear);
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") props.onBack();
      }}
    >
      <Stack gap="sm">
        <Textarea
          label={isReject ? t.approve.reason : t.approve.comment}
          description={isReject ? t.approve.reasonHint(props.owner) : t.approve.commentHint(props.owner)}
          value={text}
          autoFocus
          required
          rows={3}
          maxLength={1000}
          error={isLacking && text.trim() === "" ? t.approve.needed : null}
          onChange={(event) => change({ text: event.currentTarget.value })}
        />
        {!isReject && (
          <Group gap="xs">
            {t.approve.quick.map((quick) => (
              <Button key={quick} size="compact-sm" variant="default" onClick={() => change({ text: quick })}>
                {quick}
              </Button>
            ))}
          </Group>
        )}
        <Group gap="sm">
          <ServerButton type="submit" size="md" loading={props.isSending} color={isReject ? "bad" : "accent"}>
            {isReject ? t.approve.yesReject : t.approve.yesSendBack}
          </ServerButton>
          <Button size="md" variant="default" onClick={props.onBack}>
            {t.approve.keep}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
