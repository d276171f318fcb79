import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProgressLine } from "@/components/progress-line";
import { I18nProvider } from "@/lib/i18n/context";
import { en } from "@/lib/i18n/en";
import { aJob } from "./builders";

let root: Root;
let host: HTMLElement;

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
});

describe("ProgressLine", () => {
  it.each([
    [30, "30\u00a0min left"],
    [1, "1\u00a0min left"],
    [0, "less than a minute left"],
  ])("says what the printer's %d minutes mean", (minutes, words) => {
    const job = aJob({ minutes_left: minutes });
    act(() =>
      root.render(
        <I18nProvider lang="en" catalogue={en}>
          <ProgressLine job={job} />
        </I18nProvider>,
      ),
    );
    expect(host.textContent).toContain(words);
  });
});
