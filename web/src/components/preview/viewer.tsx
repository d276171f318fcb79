import "@mantine/core/styles/Slider.css";
import { Checkbox, Loader, SegmentedControl, Slider, Text, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { ErrorNote } from "@/components/error-note";
import { loadDrawing } from "@/components/preview/load";
import classes from "@/components/preview/preview.module.css";
import type { Drawing, Kind } from "@/components/preview/read.worker";
import { Stage } from "@/components/preview/scene";
import { COLORS, type Toolpath } from "@/components/preview/toolpath";
import { asApiError } from "@/lib/api/problem";
import { useI18n } from "@/lib/i18n/context";

type State = { is: "loading" } | { is: "waiting" } | { is: "drawn"; drawing: Drawing } | { is: "failed"; error: unknown };

function useDrawing(kind: Kind, artifactId: string, plate: number): State {
  const [state, setState] = useState<State>({ is: "loading" });
  useEffect(() => {
    const leaving = new AbortController();
    const set = (next: State): void => {
      if (!leaving.signal.aborted) setState(next);
    };
    loadDrawing(kind, artifactId, plate, { signal: leaving.signal, onWait: () => set({ is: "waiting" }) }).then(
      (drawing) => set({ is: "drawn", drawing }),
      (error: unknown) => set({ is: "failed", error }),
    );
    return () => leaving.abort();
  }, [kind, artifactId, plate]);
  return state;
}

function Layers(props: { toolpath: Toolpath; value: number; isSingle: boolean; onChange: (layer: number, isSingle: boolean) => void }) {
  const { t, f } = useI18n();
  const { toolpath, value, isSingle } = props;
  const count = toolpath.heights.length;
  const words = t.preview.layer(value, count, f.millimetres(toolpath.heights[value - 1] ?? 0));
  return (
    <div className={classes["layers"]}>
      <Text size="sm" className="num" aria-live="polite">
        {words}
      </Text>
      <Slider
        className={classes["slider"] ?? ""}
        min={1}
        max={Math.max(count, 2)}
        disabled={count < 2}
        value={value}
        label={null}
        thumbLabel={t.preview.layers}
        onChange={(layer) => props.onChange(Math.min(layer, count), isSingle)}
      />
      <Checkbox
        label={t.preview.single}
        checked={isSingle}
        onChange={(event) => props.onChange(value, event.currentTarget.checked)}
      />
    </div>
  );
}

function Legend({ isReduced }: { isReduced: boolean }) {
  const { t } = useI18n();
  return (
    <ul className={classes["legend"]}>
      {t.preview.features.map((name, index) => (
        <li key={name}>
          <span
            className={classes["swatch"]}
            style={{ background: `#${(COLORS[index] ?? 0).toString(16).padStart(6, "0")}` }}
            aria-hidden
          />
          {name}
        </li>
      ))}
      {isReduced && <li>{t.preview.reduced}</li>}
    </ul>
  );
}

function Drawn({ drawing, label }: { drawing: Drawing; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const isDark = useComputedColorScheme() === "dark";
  const toolpath = drawing.kind === "toolpath" ? drawing.toolpath : null;
  const [shown, setShown] = useState({ layer: toolpath?.heights.length ?? 0, isSingle: false });

  useEffect(() => {
    if (canvas.current === null) return undefined;
    const made = new Stage(canvas.current, drawing, isDark);
    stage.current = made;
    return () => {
      made.close();
      stage.current = null;
    };
  }, [drawing, isDark]);

  useEffect(() => {
    if (toolpath === null) return;
    const end = toolpath.ends[shown.layer - 1] ?? 0;
    stage.current?.show(shown.isSingle ? (toolpath.ends[shown.layer - 2] ?? 0) : 0, end);
  }, [toolpath, shown, isDark]);

  const onKey = (event: KeyboardEvent): void => {
    const turns: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const turn = turns[event.key];
    if (turn !== undefined) stage.current?.turn(...turn);
    else if (event.key === "+" || event.key === "-") stage.current?.zoom(event.key === "+");
    else return;
    event.preventDefault();
  };

  return (
    <>
      <div className={classes["canvasBox"]}>
        <canvas ref={canvas} className={classes["canvas"]} tabIndex={0} role="img" aria-label={label} onKeyDown={onKey} />
      </div>
      {toolpath !== null && (
        <>
          <Layers toolpath={toolpath} value={shown.layer} isSingle={shown.isSingle} onChange={(layer, isSingle) => setShown({ layer, isSingle })} />
          <Legend isReduced={toolpath.isReduced} />
        </>
      )}
    </>
  );
}

function canDraw(): boolean {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

function Loaded(props: { kind: Kind; artifactId: string; plate: number; name: string }) {
  const { t } = useI18n();
  const { kind } = props;
  const state = useDrawing(kind, props.artifactId, props.plate);
  const [hasGraphics] = useState(canDraw);
  const middle = classes["middle"] ?? "";
  if (!hasGraphics) return <Text className={middle}>{t.preview.noGraphics}</Text>;
  if (state.is === "drawn") return <Drawn drawing={state.drawing} label={t.preview.of(props.name)} />;
  if (state.is !== "failed")
    return (
      <div className={middle} role="status">
        <Loader size="sm" />
        <Text>{state.is === "waiting" ? t.preview.waiting : t.preview.loading}</Text>
      </div>
    );
  if (asApiError(state.error).status === 404)
    return <Text className={middle}>{kind === "model" ? t.preview.noModel : t.preview.none}</Text>;
  return <ErrorNote error={state.error} />;
}

/** What a plate's program draws, layer by layer, or the model that it was sliced from. */
export function Viewer(props: { artifactId: string; plate: number; name: string }) {
  const { t } = useI18n();
  const [kind, setKind] = useState<Kind>("toolpath");
  return (
    <div className={classes["viewer"]}>
      <SegmentedControl
        size="sm"
        className={classes["kinds"] ?? ""}
        value={kind}
        onChange={setKind}
        data={[
          { value: "toolpath", label: t.preview.toolpath },
          { value: "model", label: t.preview.model },
        ]}
      />
      <Loaded key={kind} kind={kind} {...props} />
    </div>
  );
}
