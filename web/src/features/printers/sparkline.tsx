import classes from "@/features/printers/printers.module.css";
import { pointsOf, type Sample } from "@/lib/feed/series";

const WIDTH = 120;
const HEIGHT = 28;
const ROOM = 1.1;
const LEAST_TOP = 60;

/** The last ten minutes as a line, the wish dashed; the number beside it says the same. */
export function Sparkline(props: { samples: readonly Sample[]; what: "nozzle" | "bed"; target: number | null }) {
  const { samples, what, target } = props;
  const highest = Math.max(LEAST_TOP, target ?? 0, ...samples.map((sample) => sample[what] ?? 0));
  const box = { width: WIDTH, height: HEIGHT, top: highest * ROOM };
  const points = pointsOf(samples, what, box);
  if (points === "") return null;
  const y = target === null || target <= 0 ? null : HEIGHT - (target / box.top) * HEIGHT;
  return (
    <svg className={classes["spark"]} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden>
      {y !== null && <line className={classes["sparkTarget"]} x1={0} x2={WIDTH} y1={y} y2={y} />}
      <polyline className={classes["sparkLine"]} points={points} />
    </svg>
  );
}
