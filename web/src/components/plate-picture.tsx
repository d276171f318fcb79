import { IconCube } from "@tabler/icons-react";
import { useState } from "react";
import { solidColor } from "@/components/filaments";
import classes from "@/components/plate-picture.module.css";

function pictureUrl(artifactId: string, plate: number): string {
  return `/api/artifacts/${artifactId}/plates/${plate}/picture`;
}

/** What the plate looks like; a cube in its first colour when the file brought no picture. */
export function PlatePicture(props: {
  artifactId: string | undefined;
  plate: number | null;
  color: string | undefined;
  size: 44 | 64 | 88 | 132;
}) {
  const { artifactId, plate, size } = props;
  const url = artifactId === undefined || plate === null ? null : pictureUrl(artifactId, plate);
  const [missing, setMissing] = useState<string | null>(null);
  const color = props.color === undefined ? null : solidColor(props.color);
  return (
    <span className={classes["box"]} style={{ width: size, height: size }} aria-hidden>
      {url !== null && missing !== url ? (
        <img
          src={url}
          alt=""
          width={size}
          height={size}
          loading="lazy"
          decoding="async"
          className={classes["picture"]}
          onError={() => setMissing(url)}
        />
      ) : (
        <IconCube size={size * 0.55} stroke={1.25} className={classes["cube"]} {...(color ? { fill: color } : {})} />
      )}
      {plate !== null && <span className={`${classes["plate"]} num`}>{plate}</span>}
    </span>
  );
}
