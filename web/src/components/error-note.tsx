import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Note } from "@/components/note";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";

/** What went wrong, in place: the server's own sentence where it has one. */
export function ErrorNote(props: { error: unknown; what?: string; onRetry?: () => void }) {
  const { t } = useI18n();
  if (props.error === null || props.error === undefined) return null;
  const error = asApiError(props.error);
  const what = props.what ?? t.common.unknown;
  const sentence =
    error.detail ?? (error.isLineError ? t.common.noAnswer : t.common.failedHttp(what, error.status));
  return (
    <Note tone="bad" icon={IconAlertTriangle} role="alert">
      {sentence}
      {props.onRetry && (
        <Button size="compact-sm" variant="default" onClick={props.onRetry}>
          {t.common.retry}
        </Button>
      )}
    </Note>
  );
}
