import { Button } from "@mantine/core";
import { IconError404 } from "@tabler/icons-react";
import { Link } from "react-router";
import { Empty } from "@/components/empty";
import { PageTitle } from "@/components/page-title";
import { useI18n } from "@/lib/i18n/context";

/** There is nothing here, or not for you: what it means, and a way on. */
export function Missing({ title, text }: { title: string; text: string }) {
  const { t } = useI18n();
  return (
    <>
      <PageTitle text={title} />
      <Empty icon={IconError404} text={text}>
        <Button component={Link} to="/jobs">
          {t.notFound.toJobs}
        </Button>
      </Empty>
    </>
  );
}
