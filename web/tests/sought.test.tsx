import { act, useEffect } from "react";
import { createRoot, type Root } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { useSought } from "@/lib/sought";

let root: Root;
let host: HTMLElement;
let sought: ReturnType<typeof useSought>;

function Seeker({ onDrawn }: { onDrawn: (found: ReturnType<typeof useSought>) => void }) {
  const found = useSought();
  useEffect(() => {
    onDrawn(found);
  });
  return <output>{found.text}</output>;
}

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  window.history.replaceState(null, "", "/?role=admin");
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
  act(() =>
    root.render(
      <BrowserRouter>
        <Seeker onDrawn={(found) => (sought = found)} />
      </BrowserRouter>,
    ),
  );
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
});

describe("useSought", () => {
  it("loses nothing of what comes before the page is drawn again", () => {
    const early = sought;
    act(() => {
      early.seek("q", "li");
      early.seek("role", "");
      early.seek("kind", "done");
      early.seek("q", "lin");
    });
    expect(host.textContent).toBe("lin");
    expect(window.location.search).toBe("?q=lin&kind=done");
  });

  it("clears the address and what is typed", () => {
    act(() => sought.seek("q", "lin"));
    act(() => sought.clear());
    expect(host.textContent).toBe("");
    expect(window.location.search).toBe("");
  });
});
