import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { ErrorNote } from "@/components/error-note";
import { ServerButton } from "@/components/server-button";
import { bringBack } from "@/lib/bring-back";
import { useI18n } from "@/lib/i18n/context";
import type { Job } from "@/lib/wire";

/** Opens the tray with the job's file: to change something before it is submitted (again). */
export function BringBack({ job, size }: { job: Job; size: "xs" | "compact-sm" | "sm" }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const isReturned = job.status === "returned";
  const bring = useMutation({
    mutationFn: () => bringBack(job),
    onSuccess: async () => {
      await navigate("/jobs");
      window.scrollTo({ top: 0 });
    },
  });
  return (
    <>
      <ServerButton
        size={size}
        variant="default"
        loading={bring.isPending}
        aria-label={isReturned ? `${t.history.change} ${job.name}` : t.history.changesOf(job.name)}
        onClick={() => bring.mutate()}
      >
        {isReturned ? t.history.change : t.history.changes}
      </ServerButton>
      <ErrorNote error={bring.error} what={job.name} />
    </>
  );
}
