import { ActionIcon, NativeSelect } from "@mantine/core";
import { IconArrowBarToUp, IconChevronDown, IconChevronUp, IconGripVertical } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";
import { Link } from "react-router";
import { Filaments } from "@/components/filaments";
import classes from "@/features/printers/queue.module.css";
import { cutMiddle } from "@/lib/format";
import { useI18n } from "@/lib/i18n/context";
import { reasonText } from "@/lib/reasons";
import type { Job, Queue } from "@/lib/wire";

const NAME_MAX = 40;

interface Props {
  job: Job;
  place: number;
  count: number;
  others: readonly Queue[];
  isOver: boolean;
  isBusy: boolean;
  onMove: (to: number) => void;
  onMoveAway: (target: Queue) => void;
  onDrag: (id: string | null) => void;
  onOver: () => void;
  onDrop: () => void;
}

/** The ways to move without dragging. */
function Moves({ job, place, count, others, isBusy, onMove, onMoveAway }: Props) {
  const { t } = useI18n();
  const button = (label: string, icon: typeof IconChevronUp, to: number, isOff: boolean) => {
    const Symbol = icon;
    return (
      <ActionIcon variant="default" size="lg" aria-label={label} disabled={isOff || isBusy} onClick={() => onMove(to)}>
        <Symbol size={18} stroke={1.75} aria-hidden />
      </ActionIcon>
    );
  };
  return (
    <div className={classes["moves"]}>
      {button(t.queue.first(job.name), IconArrowBarToUp, 0, place === 0)}
      {button(t.queue.up(job.name), IconChevronUp, place - 1, place === 0)}
      {button(t.queue.down(job.name), IconChevronDown, place + 1, place === count - 1)}
      {others.length > 0 && (
        <NativeSelect
          aria-label={t.queue.other(job.name)}
          className={classes["other"] ?? ""}
          size="sm"
          value=""
          disabled={isBusy}
          data={[
            { value: "", label: t.queue.otherWord },
            ...others.map((queue) => ({ value: queue.name, label: queue.title })),
          ]}
          onChange={(event) => {
            const target = others.find(({ name }) => name === event.currentTarget.value);
            if (target !== undefined) onMoveAway(target);
          }}
        />
      )}
    </div>
  );
}

/** One that waits: its place, whose it is, and the one reason why. */
export function QueueRow(props: Props) {
  const { t, f } = useI18n();
  const { job, place } = props;
  const mayMove = job.allowed_actions.includes("move");
  const onKey = (event: KeyboardEvent): void => {
    if (!mayMove || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    props.onMove(place + (event.key === "ArrowUp" ? -1 : 1));
  };
  const facts = [job.owner.name, job.estimate_s === null ? null : f.duration(job.estimate_s)];
  return (
    <li
      className={classes["row"]}
      data-over={props.isOver}
      data-moves={mayMove}
      onKeyDown={onKey}
      onDragOver={(event) => {
        event.preventDefault();
        props.onOver();
      }}
      onDrop={(event) => {
        event.preventDefault();
        props.onDrop();
      }}
    >
      {mayMove && (
        <span
          className={classes["grip"]}
          draggable
          title={t.queue.grip(job.name)}
          onDragStart={(event) => {
            event.dataTransfer.setData("text/plain", job.name);
            event.dataTransfer.effectAllowed = "move";
            props.onDrag(job.id);
          }}
          onDragEnd={() => props.onDrag(null)}
        >
          <IconGripVertical size={18} stroke={1.75} aria-hidden />
        </span>
      )}
      <span className={`${classes["place"]} num`}>{place + 1}</span>
      <div className={classes["words"]}>
        <Link to={`/jobs/${job.id}`} className={classes["name"]} title={job.name}>
          {cutMiddle(job.name, NAME_MAX)}
        </Link>
        <span className={`${classes["dim"]} num`}>{facts.filter((fact) => fact !== null).join(" · ")}</span>
        <Filaments spools={job.filaments} />
      </div>
      <span className={classes["why"]}>
        {job.wait_reason === null ? t.status.queued.next : reasonText(t, f, job.wait_reason)}
      </span>
      {mayMove && <Moves {...props} />}
    </li>
  );
}
