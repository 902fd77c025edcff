// Long lists, of which only the rows in sight are in the document, and the heads of their columns.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  count: number;
  height: number; // of a row, in pixels
  row: (index: number) => ComponentChildren;
  label: string;
  class?: string;
  width?: number; // of the longest row, in characters
  show?: number | null; // the row to scroll to, whenever it changes
  fit?: boolean; // no higher than its rows
  shown?: unknown; // scrolls to `show` again when this changes
}

const ABOVE = 12; // rows kept beyond the edges
const PRINTED = 400;

export function List(props: Props): JSX.Element {
  const { count, height, row, label, width, show, shown } = props;
  const box = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<[number, number]>([0, 60]);
  const [printing, setPrinting] = useState(false);

  const measure = (): void => {
    const element = box.current;
    if (!element) return;
    const first = Math.max(0, Math.floor(element.scrollTop / height) - ABOVE);
    const last = first + Math.ceil(element.clientHeight / height) + 2 * ABOVE;
    setRange((old) => (old[0] === first && old[1] === last ? old : [first, last]));
  };
  useLayoutEffect(() => {
    const element = box.current;
    if (element && show !== null && show !== undefined && show >= 0) {
      const [top, most] = [element.scrollTop, element.clientHeight];
      if (show * height < top + height || show * height > top + 0.6 * most)
        element.scrollTop = Math.max(0, show * height - element.clientHeight / 3);
    }
    measure();
  }, [show, shown, count, height]);
  useEffect(() => {
    const watch = new ResizeObserver(measure);
    if (box.current) watch.observe(box.current);
    const print = (): void => setPrinting(true);
    const done = (): void => setPrinting(false);
    addEventListener("beforeprint", print);
    addEventListener("afterprint", done);
    return () => {
      watch.disconnect();
      removeEventListener("beforeprint", print);
      removeEventListener("afterprint", done);
    };
  }, []);

  const first = printing ? 0 : Math.min(range[0], Math.max(0, count - 1));
  const last = printing ? Math.min(count, PRINTED) : Math.min(count, range[1]);
  const rows: ComponentChildren[] = [];
  for (let i = first; i < last; i++) rows.push(row(i));
  return (
    <div
      class={`list ${props.class ?? ""}`}
      ref={box}
      onScroll={measure}
      tabindex={0}
      role="group"
      aria-label={label}
      style={props.fit ? { flex: "0 1 auto", height: `${count * height + 1}px` } : undefined}
    >
      <div
        class="list-all"
        style={{ height: `${count * height}px`, minWidth: width ? `${width + 8}ch` : undefined }}
      >
        <div style={{ transform: `translateY(${first * height}px)` }}>{rows}</div>
      </div>
    </div>
  );
}

/** The heads of a table's columns; one that has a key sorts the rows by it. */
export function sortHead<Key>(
  key: Key,
  choose: (key: Key) => void,
): (name: string, by?: Key, number?: boolean) => JSX.Element {
  return (name, by, number = false) => (
    <span
      role="columnheader"
      class={number ? "num" : ""}
      aria-sort={by === key ? "ascending" : "none"}
    >
      {by !== undefined ? (
        <button type="button" class={by === key ? "sort on" : "sort"} onClick={() => choose(by)}>
          {name}
        </button>
      ) : (
        name
      )}
    </span>
  );
}
