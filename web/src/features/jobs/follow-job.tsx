import { Checkbox } from "@mantine/core";
import { ErrorNote } from "@/components/error-note";
import { useI18n } from "@/lib/i18n/context";
import { useMe } from "@/lib/queries/me";
import { useFollow, useFollowing } from "@/lib/queries/notices";
import type { Job } from "@/lib/wire";

/** Somebody else's job, and whether one is told of it. */
export function FollowJob({ job }: { job: Job }) {
  const { t } = useI18n();
  const following = useFollowing(job.id);
  const follow = useFollow(job.id);
  const me = useMe();
  if (me.data === undefined || me.data.id === job.owner.id || following.data === undefined) return null;
  return (
    <section aria-label={t.notices.follow.title}>
      <Checkbox
        label={t.notices.follow.label}
        checked={following.data.follows}
        disabled={follow.isPending}
        onChange={(event) => follow.mutate(event.currentTarget.checked)}
      />
      <ErrorNote error={follow.error} />
    </section>
  );
}
