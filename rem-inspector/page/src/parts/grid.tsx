import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Column {
  name: string;
  /** Numbers stand at the right. */
  right?: boolean;
  hint?: string;
  sort?: { order: "ascending" | "descending" | "none"; by: () => void };
}

interface Props {
  id: string;
  label: string;
  kind: "grid" | "treegrid";
  columns: Column[];
  count: number;
  active: number;
  onActive: (row: number) => void;
  onOpen?: (row: number) => void;
  /** The keys to the left and to the right: a tree closes and opens. */
  onSide?: (row: number, right: boolean) => void;
  /** Stays at the end as rows come. */
  follow?: boolean;
  /** Somebody looks at what is not at the end. */
  onLeave?: () => void;
  onReturn?: () => void;
  /** For the assistive: what the row is in the tree. */
  level?: (row: number) => { level: number; expanded?: boolean };
  tone?: (row: number) => string;
  children: (row: number) => ComponentChildren[];
  empty?: ComponentChildren;
}

export const ROW = 22;
const HEAD = 24;
/** Rows beyond the edges, so that a scroll finds them there. */
const BEYOND = 6;

/** A table of any length: only what is seen of it exists. One stop of the tab key; arrows go from row to row. */
export function Grid(props: Props) {
  const { id, columns, count, active, follow, children, kind } = props;
  const at = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const scrolled = useRef(0);

  useEffect(() => {
    const element = at.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = at.current;
    if (!element || !follow) return;
    const end = Math.max(0, HEAD + count * ROW - element.clientHeight);
    scrolled.current = end;
    element.scrollTop = end;
    setTop(end);
  }, [follow, count, height]);

  // Whoever goes by keys sees where they are.
  useLayoutEffect(() => {
    const element = at.current;
    if (!element || active < 0) return;
    const row = HEAD + active * ROW;
    if (row < element.scrollTop + HEAD) element.scrollTop = row - HEAD;
    else if (row + ROW > element.scrollTop + element.clientHeight) element.scrollTop = row + ROW - element.clientHeight;
  }, [active]);

  const onScroll = () => {
    const element = at.current;
    if (!element) return;
    const now = element.scrollTop;
    setTop(now);
    const isAtEnd = now + element.clientHeight >= element.scrollHeight - ROW;
    if (now < scrolled.current - 1 && !isAtEnd) props.onLeave?.();
    else if (isAtEnd && now > scrolled.current + 1) props.onReturn?.();
    scrolled.current = now;
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target !== at.current) return;
    const page = Math.max(1, Math.floor(height / ROW) - 2);
    const step: Record<string, number> = {
      ArrowDown: active + 1, j: active + 1, ArrowUp: active < 0 ? count - 1 : active - 1, k: active - 1,
      PageDown: active + page, PageUp: active - page, Home: 0, End: count - 1,
    };
    const next = step[event.key];
    if (next !== undefined) {
      if (count > 0) props.onActive(Math.max(0, Math.min(count - 1, next)));
    } else if (event.key === "Enter" && active >= 0) props.onOpen?.(active);
    else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && active >= 0 && props.onSide) {
      props.onSide(active, event.key === "ArrowRight");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const first = Math.max(0, Math.min(count, Math.floor((top - HEAD) / ROW)) - BEYOND);
  const last = Math.min(count, Math.ceil((top + height) / ROW) + BEYOND);
  const rows = [];
  for (let row = first; row < last; row += 1) {
    const { level, expanded } = props.level?.(row) ?? {};
    rows.push(
      <div
        key={row - first}
        id={`${id}-${row}`}
        role="row"
        aria-rowindex={row + 2}
        aria-level={level}
        aria-expanded={expanded}
        aria-selected={row === active}
        class={`row ${props.tone?.(row) ?? ""}`}
        onClick={() => {
          props.onActive(row);
          props.onOpen?.(row);
        }}
      >
        {children(row).map((cell, column) => (
          <div key={column} role="gridcell" class={columns[column]?.right ? "right" : ""}>{cell}</div>
        ))}
      </div>,
    );
  }
  return (
    <div
      ref={at}
      id={`${id}-list`}
      class={`grid ${id}`}
      role={kind}
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-activedescendant={active >= first && active < last ? `${id}-${active}` : undefined}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKey}
    >
      <div role="rowgroup" class="head">
        <div role="row" class="row" aria-rowindex={1}>
          {columns.map(({ name, right, hint, sort }) => (
            <div key={name} role="columnheader" class={right ? "right" : ""} title={hint} aria-sort={sort?.order}>
              {sort ? <button type="button" class="sort" onClick={sort.by}>{name}<Arrow order={sort.order} /></button> : name}
            </div>
          ))}
        </div>
      </div>
      <div role={count > 0 ? "rowgroup" : "presentation"} class="body" style={{ height: `${count * ROW}px` }}>
        <div role="presentation" style={{ transform: `translateY(${first * ROW}px)` }}>{rows}</div>
      </div>
      {count === 0 && props.empty ? <div role="row" class="nothing"><div role="gridcell">{props.empty}</div></div> : null}
    </div>
  );
}

function Arrow({ order }: { order: string }) {
  return <span aria-hidden="true">{order === "descending" ? " ↓" : order === "ascending" ? " ↑" : ""}</span>;
}
