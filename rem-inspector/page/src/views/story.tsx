import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api.ts";
import { count, dataLine, duration, place } from "../format.ts";
import { useAsked, useLive } from "../hooks.ts";
import type { Story } from "../model.ts";
import { Grid, ROW, type Column } from "../parts/grid.tsx";
import { Problem } from "../parts/problem.tsx";
import { go, refine, type Route } from "../route.ts";
import { layout, type StoryRow } from "../story.ts";
import { Detail } from "./detail.tsx";

const WIDE = 160;
const STEP = 16;
const COLUMNS: Column[] = [
  { name: "Event, and who handled it" },
  { name: "Outcome" },
  { name: "Took", right: true },
  { name: "After", right: true, hint: "After the first of the story" },
  { name: "When" },
  { name: "What" },
];

/** What led to an event and what came of it: who handled each, how long that took, what failed. */
export function StoryView({ route }: { route: Route }) {
  const event = route.params["event"] ?? "";
  return event === "" ? <Choose /> : <Told key={event} event={event} />;
}

function Choose() {
  const live = useLive();
  const [text, setText] = useState("");
  return (
    <div class="view">
      <form class="bar" onSubmit={(event) => { event.preventDefault(); if (text.trim() !== "") refine({ event: text.trim() }); }}>
        <label><span>Event</span><input class="mono wide" data-focus="filter" value={text} placeholder="number or id" onInput={(event) => setText(event.currentTarget.value)} /></label>
        <button disabled={text.trim() === ""}>Show its story</button>
      </form>
      <div class="scroll" tabIndex={0} role="region" aria-label="Where stories begin">
        <p>A story is what led to one event and what came of it. Give an event here, or choose one among the <button type="button" class="link" onClick={() => go("events")}>events</button>.</p>
        <h3>Failures of handlers since this page is open</h3>
        {live.failures.length === 0 ? <p class="dim">None.</p> : (
          <ul class="plain failures">
            {live.failures.slice(-50).reverse().map((failed, at) => (
              <li key={at}>
                <button type="button" class="link mono" onClick={() => refine({ event: failed.event })}>{failed.topic}</button>{" "}
                <span class="bad">{failed.panicked ? "panicked: " : ""}{failed.error}</span> <span class="dim mono">{failed.place}</span>
              </li>
            ))}
          </ul>
        )}
        {live.failuresUntold > 0 ? <p class="warn">{count(live.failuresUntold)} more are not listed.</p> : null}
      </div>
    </div>
  );
}

function Told({ event }: { event: string }) {
  const live = useLive();
  const asked = useAsked((signal) => get<Story>(`story/${encodeURIComponent(event)}`, {}, signal), [event, live.sourceNow()]);
  const story = asked.value;
  const told = useMemo(() => (story ? layout(story) : null), [story]);
  const rows = told?.rows ?? [];
  const [active, setActive] = useState(-1);
  useEffect(() => {
    if (story) setActive(rows.findIndex((row) => row.kind === "event" && row.id === story.event));
  }, [told]);
  const chosen = rows[active];
  return (
    <div class="view story-view">
      <div class="bar">
        <span>{story ? <>Story <span class="mono dim">{story.correlation}</span></> : "Story"}</span>
        {told ? <span class="dim">{count(story?.events.length)} events, {duration(told.long)}{told.failures > 0 ? <>, <span class="bad">{count(told.failures)} failed</span></> : ""}</span> : null}
        {story && !story.complete ? <span class="warn">there are more than are given</span> : null}
        <span class="push" />
        <button type="button" onClick={asked.again}>Ask again</button>
        <button type="button" onClick={() => refine({ event: "" })}>Another</button>
      </div>
      {asked.error ? <Problem error={asked.error} again={asked.again} /> : null}
      <div class={asked.error ? "hidden" : "split"}>
        <Grid
          id="story"
          kind="treegrid"
          label="Story"
          columns={COLUMNS}
          count={rows.length}
          active={active}
          onActive={setActive}
          onOpen={(row) => { const next = rows[row]; if (next?.kind === "event") setActive(row); }}
          level={(row) => ({ level: (rows[row]?.rails.length ?? 0) + 1 })}
          tone={(row) => (rows[row]?.failed ? "failed" : rows[row]?.kind === "handling" ? "handling" : "")}
          empty={asked.asking ? "Asking…" : ""}
        >
          {(row) => cells(rows[row], told?.long ?? 0, story?.event)}
        </Grid>
        {chosen && chosen.kind !== "missing" ? <Detail key={chosen.id} reference={chosen.id} known={undefined} aside={<Handled row={chosen} />} /> : <section class="detail" aria-label="Event"><p class="hint dim">{chosen ? "This event is not kept any more: its effects name it as their cause." : ""}</p></section>}
      </div>
      <div class="foot dim"><span>A handler's line stands below its event, and what it published while it ran below that.</span></div>
    </div>
  );
}

function Handled({ row }: { row: StoryRow }) {
  const { handling } = row;
  if (!handling) return null;
  return (
    <div class={row.failed ? "problem" : "handled"}>
      <p class="mono">{handling.pattern} <span class="dim">{handling.place}</span></p>
      <p>{handling.delivery}, {handling.outcome}{handling.attempt > 1 ? `, attempt ${handling.attempt}` : ""}, {handling.took_us === null ? "not measured" : duration(handling.took_us)}</p>
      {handling.error === null ? null : <pre>{handling.error}</pre>}
    </div>
  );
}

function cells(row: StoryRow | undefined, long: number, asked: string | undefined) {
  if (!row) return [];
  const { event, handling } = row;
  const name = event ? <span class={row.id === asked ? "asked" : ""}>{event.topic}</span>
    : handling ? <span>{handling.pattern} <span class="dim">{place(handling.place)}</span></span>
    : <span class="warn">a cause that is not kept any more</span>;
  return [
    <span key="what" class="tree"><Rails row={row} />{name}</span>,
    handling ? <span key="outcome" class={row.failed ? "bad" : handling.outcome === "done" ? "good" : "dim"}>{handling.outcome}{handling.attempt > 1 ? ` ${handling.attempt}` : ""}</span> : event ? `#${event.sequence}` : "",
    handling ? duration(row.took) : "",
    row.begin === null ? "–" : `+${duration(row.begin)}`,
    <When key="when" row={row} long={long} />,
    handling ? <span key="error" class="bad">{handling.error ?? ""}</span> : event ? <span key="data" class="dim">{dataLine(event)}</span> : "",
  ];
}

/** The lines from causes to effects. */
function Rails({ row }: { row: StoryRow }) {
  const deep = row.rails.length;
  const x = (level: number) => level * STEP + 6.5;
  const wide = deep * STEP + 14;
  const lines = row.rails.slice(1).flatMap((goesOn, level) => (goesOn ? [`M${x(level)} 0V${ROW}`] : []));
  if (deep > 0) lines.push(`M${x(deep - 1)} 0V${row.isLast ? ROW / 2 : ROW}M${x(deep - 1)} ${ROW / 2}H${x(deep)}`);
  return (
    <svg class="rails" width={wide} height={ROW} aria-hidden="true">
      <path d={lines.join("")} />
      {row.kind === "handling" ? <rect x={x(deep) - 3} y={ROW / 2 - 3} width="6" height="6" /> : <circle cx={x(deep)} cy={ROW / 2} r="3.5" />}
    </svg>
  );
}

function When({ row, long }: { row: StoryRow; long: number }) {
  if (row.begin === null) return null;
  const at = (us: number) => (long === 0 ? 0 : (us / long) * (WIDE - 4));
  return (
    <svg class="when" width={WIDE} height={ROW} aria-hidden="true">
      {row.took === null
        ? <path d={`M${at(row.begin) + 1} 5V${ROW - 5}`} />
        : <rect x={at(row.begin)} y="7" width={Math.max(2, at(row.took))} height={ROW - 14} />}
    </svg>
  );
}
