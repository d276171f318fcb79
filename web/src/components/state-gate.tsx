import { Button, Skeleton, Stack, Text } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import { ErrorNote } from "@/components/error-note";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";

const SENTENCE_AFTER_MS = 1000;
const SLOW_AFTER_MS = 10_000;

interface GateQuery<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

function Waiting({ what, rows, onRetry }: { what: string; rows: number; onRetry: () => void }) {
  const { t } = useI18n();
  const [stage, setStage] = useState<"start" | "sentence" | "slow">("start");
  useEffect(() => {
    const first = setTimeout(() => setStage("sentence"), SENTENCE_AFTER_MS);
    const second = setTimeout(() => setStage("slow"), SLOW_AFTER_MS);
    return () => {
      clearTimeout(first);
      clearTimeout(second);
    };
  }, []);
  return (
    <Stack gap="sm" aria-busy>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={72} radius="md" />
      ))}
      <Text size="sm" c="dimmed" role="status">
        {stage === "sentence" && t.common.loading(what)}
        {stage === "slow" && t.common.slow}
      </Text>
      {stage === "slow" && (
        <Button variant="default" onClick={onRetry}>
          {t.common.retry}
        </Button>
      )}
    </Stack>
  );
}

/** Skeleton, then the content; a failed read stands above what is still there. */
export function StateGate<T>(props: {
  query: GateQuery<T>;
  what: string;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  const { query } = props;
  const retry = () => void query.refetch();
  if (query.data === undefined && query.isPending) {
    return <Waiting what={props.what} rows={props.rows ?? 3} onRetry={retry} />;
  }
  // An ended session is told once for the whole page, above it.
  const isToldByBand = query.data !== undefined && asApiError(query.error).status === 401;
  return (
    <>
      {query.error !== null && !isToldByBand && <ErrorNote error={query.error} what={props.what} onRetry={retry} />}
      {query.data !== undefined && props.children(query.data)}
    </>
  );
}
