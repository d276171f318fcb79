import { Checkbox, Text } from "@mantine/core";
import { useState } from "react";
import { Section } from "@/components/section";
import { useI18n } from "@/lib/i18n/context";
import { notifyChoice, notifyPermission, turnOff, turnOn } from "@/lib/notify";
import { useStore } from "@/lib/store";

/** Notifications of this browser, off until somebody wants them. */
export function NotifySetting() {
  const { t } = useI18n();
  const words = t.account.notify;
  const choice = useStore(notifyChoice);
  const [permission, setPermission] = useState(notifyPermission);
  const isOn = choice === "on" && permission === "granted";
  const change = (wanted: boolean): void => {
    if (wanted) void turnOn().then(setPermission);
    else turnOff();
  };
  return (
    <Section id="notifications" title={words.title}>
      <Checkbox
        label={words.label}
        description={words.hint}
        checked={isOn}
        disabled={permission === "denied" || permission === "missing"}
        onChange={(event) => change(event.currentTarget.checked)}
      />
      <Text size="sm" role="status">
        {permission === "denied" && words.blocked}
        {permission === "missing" && words.missing}
      </Text>
    </Section>
  );
}
