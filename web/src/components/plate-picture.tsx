import { IconCube } from "@tabler/icons-react";
import { solidColor } from "@/components/filaments";
import classes from "@/components/plate-picture.module.css";

/** The plate's place in a row: a cube in its first colour, as long as no picture is known. */
export function PlatePicture(props: { plate: number | null; color: string | undefined; size: 44 | 64 | 88 | 132 }) {
  const color = props.color === undefined ? null : solidColor(props.color);
  return (
    <span className={classes["box"]} style={{ width: props.size, height: props.size }} aria-hidden>
      <IconCube size={props.size * 0.55} stroke={1.25} className={classes["cube"]} {...(color ? { fill: color } : {})} />
      {props.plate !== null && <span className={`${classes["plate"]} num`}>{props.plate}</span>}
    </span>
  );
}
