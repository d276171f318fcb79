import { defaultRangeExtractor, useWindowVirtualizer, type Range } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState, type ReactNode } from "react";
import classes from "@/components/long-list.module.css";

/** Up to here all rows are drawn: the browser's own search and printing then find every one. */
export const SHORT = 60;
const OVERSCAN = 8;

interface Props<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  /** What is in a row; the row itself is the list's. */
  children: (item: T) => ReactNode;
  /** Height of a row before it was measured, in px. */
  estimate: number;
  /** Room between rows, in px; the class of a short list has the same. */
  gap?: number;
  label?: string;
  className?: string | undefined;
  rowClass?: string | undefined;
  /** This row is always there, so that it can be scrolled to. */
  activeKey?: string | undefined;
}

/** The numbers that `more` has and `rows` lacks are put in, in order. */
export function withKept(rows: number[], more: readonly number[], count: number): number[] {
  const kept = more.filter((index) => index >= 0 && index < count);
  return [...new Set([...rows, ...kept])].sort((a, b) => a - b);
}

/** How far the list begins below the top of the page; looked at again when the page changes. */
function useOffset(ref: { current: HTMLElement | null }): number {
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const look = (): void => {
      if (ref.current !== null) setOffset(Math.round(ref.current.getBoundingClientRect().top + window.scrollY));
    };
    look();
    const watch = new ResizeObserver(look);
    watch.observe(document.body);
    return () => watch.disconnect();
  }, [ref]);
  return offset;
}

/** Only the rows in sight are drawn; the one with the focus and the active one stay, wherever they are. */
function VirtualList<T>(props: Props<T>) {
  "use no memo"; // the virtualizer changes in place, which a compiler can't see
  const { items, keyOf } = props;
  const ref = useRef<HTMLUListElement>(null);
  const [focused, setFocused] = useState(-1);
  const offset = useOffset(ref);
  const active = props.activeKey === undefined ? -1 : items.findIndex((item) => keyOf(item) === props.activeKey);
  const virtualizer = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => props.estimate,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    gap: props.gap ?? 0,
    overscan: OVERSCAN,
    scrollMargin: offset,
    rangeExtractor: (range: Range) => withKept(defaultRangeExtractor(range), [focused, active], items.length),
  });
  return (
    <ul
      ref={ref}
      className={`${props.className ?? ""} ${classes["list"] ?? ""}`}
      aria-label={props.label}
      style={{ height: virtualizer.getTotalSize() }}
      onFocus={(event) => {
        const row = event.target.closest<HTMLElement>("li[data-index]");
        setFocused(row === null ? -1 : Number(row.dataset["index"]));
      }}
      onBlur={() => setFocused(-1)}
    >
      {virtualizer.getVirtualItems().map((row) => {
        const item = items[row.index];
        return (
          item !== undefined && (
            <li
              key={row.key}
              ref={virtualizer.measureElement}
              data-index={row.index}
              aria-setsize={items.length}
              aria-posinset={row.index + 1}
              className={`${props.rowClass ?? ""} ${classes["row"] ?? ""}`}
              style={{ transform: `translateY(${row.start - offset}px)` }}
            >
              {props.children(item)}
            </li>
          )
        );
      })}
    </ul>
  );
}

/** A list of any length that stays quick: short ones are drawn whole. */
export function LongList<T>(props: Props<T>) {
  if (props.items.length > SHORT) return <VirtualList {...props} />;
  return (
    <ul className={props.className} aria-label={props.label}>
      {props.items.map((item) => (
        <li key={props.keyOf(item)} className={props.rowClass}>
          {props.children(item)}
        </li>
      ))}
    </ul>
  );
}
