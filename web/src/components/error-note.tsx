import { Button } from "@mantine/core";
import { IconAlertTriangle, IconLock } from "@tabler/icons-react";
import { Note } from "@/components/note";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";
import { problemWords } from "@/lib/server-words";

/** The sign-in is too old for this: there and back to here; drafts stay in this tab. */
function SignInAgain() {
  const { t } = useI18n();
  const here = window.location.pathname + window.location.search;
  return (
    <Note tone="warn" icon={IconLock} role="alert">
      {t.common.again}
      <Button component="a" size="compact-sm" variant="default" href={`/signin?again=1&next=${encodeURIComponent(here)}`}>
        {t.common.confirmIt}
      </Button>
    </Note>
  );
}

/** What went wrong, in place: the server's own sentence where it has one. */
export function ErrorNote(props: { error: unknown; what?: string; onRetry?: () => void }) {
  const { t } = useI18n();
  if (props.error === null || props.error === undefined) return null;
  const error = asApiError(props.error);
  if (error.wantsSignIn) return <SignInAgain />;
  const what = props.what ?? t.common.unknown;
  const sentence =
    problemWords(t, error) ?? (error.isLineError ? t.common.noAnswer : t.common.failedHttp(what, error.status));
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
