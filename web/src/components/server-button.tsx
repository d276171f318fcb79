import { Button, type ButtonProps } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import type { ComponentProps } from "react";
import classes from "@/components/server-button.module.css";
import { useI18n } from "@/lib/i18n/context";

type Props = ButtonProps & Omit<ComponentProps<"button">, keyof ButtonProps>;

/** A button whose act needs the server: off while the browser is offline, and says so. Nothing is
 * kept for later: a decision must be made on what is true. */
export function ServerButton({ children, disabled, ...props }: Props) {
  const { t } = useI18n();
  const { online } = useNetwork();
  return (
    <Button {...props} disabled={disabled === true || !online}>
      <span>
        {children}
        {!online && <small className={classes["why"]}>{t.common.needsConnection}</small>}
      </span>
    </Button>
  );
}
