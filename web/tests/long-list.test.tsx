import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LongList, SHORT } from "@/components/long-list";

const ROW_PX = 44;
const before = Object.getOwnPropertyDescriptor(HTMLElement.prototype, "offsetHeight");

let root: Root;
let host: HTMLElement;

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  // There is no layout here: every row has its estimate.
  Object.defineProperty(HTMLElement.prototype, "offsetHeight", { configurable: true, get: () => ROW_PX });
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
  if (before !== undefined) Object.defineProperty(HTMLElement.prototype, "offsetHeight", before);
});

function draw(count: number, activeKey?: string): Element[] {
  const items = Array.from({ length: count }, (_, index) => `part ${index}`);
  act(() =>
    root.render(
      <LongList items={items} keyOf={(item) => item} estimate={ROW_PX} activeKey={activeKey}>
        {(item) => <a href="#x">{item}</a>}
      </LongList>,
    ),
  );
  return [...host.querySelectorAll("li")];
}

describe("LongList", () => {
  it("draws a short list whole", () => {
    expect(draw(SHORT)).toHaveLength(SHORT);
  });

  it("draws only what is in sight of 500, and says how many there are", () => {
    const rows = draw(500);
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.length).toBeLessThan(60);
    expect(rows[0]?.getAttribute("aria-setsize")).toBe("500");
    expect(rows[0]?.getAttribute("aria-posinset")).toBe("1");
  });

  it("keeps the active row, far out of sight", () => {
    expect(draw(500, "part 432").at(-1)?.textContent).toBe("part 432");
  });
});
