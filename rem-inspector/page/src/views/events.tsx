import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api.ts";
import { brief, count, dataLine, rate as rateText } from "../format.ts";
import type { Row } from "../feed.ts";
import { useLive, useSettled } from "../hooks.ts";
import { ApiError } from "../api.ts";
import type { EventJson, Events } from "../model.ts";
import { Grid, type Column } from "../parts/grid.tsx";
import { PatternInput } from "../parts/pattern.tsx";
import { Problem } from "../parts/problem.tsx";
import { refine, type Route } from "../route.ts";
import { Detail } from "./detail.tsx";

const RATES = [20, 50, 200, 1_000, 2_000];
const COLUMNS: Column[] = [
  { name: "Number", right: true },
  { name: "Time (UTC)", right: true },
  { name: "Topic" },
  { name: "Data" },
  { name: "Left out", right: true, hint: "Events behind this one that were not sent, for there are more than the page takes" },
];

/** Events as they come. */
export function EventsView({ route }: { route: Route }) {
  const live = useLive();
  const pattern = route.params["pattern"] ?? "**";
  const search = route.params["search"] ?? "";
  const source = live.sourceNow();
  const [typed, setTyped] = useState(search);
  const [rate, setRate] = useState(200);
  /** The rows as they stood when it was paused; `null` while they move. */
  const [still, setStill] = useState<Row[] | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [asks, setAsks] = useState(0);
  const settled = useSettled(typed, 300);

  useEffect(() => {
    if (settled !== search) refine({ search: settled });
  }, [settled]);
  useEffect(() => setTyped(search), [search]);

  // What the history has first, and behind it what comes.
  useEffect(() => {
    let isOver = false;
    setProblem(null);
    const filter = { pattern, search, rate };
    const want = (events: EventJson[]) => {
      live.want(filter, events);
      // Whoever has paused sees what they ask for, as it stands now.
      setStill((still) => (still === null ? null : [...live.feed.rows]));
    };
    get<Events>("events", { pattern, search, last: 200 }).then(
      ({ events }) => isOver || want(events),
      (error: unknown) => {
        if (isOver) return;
        if (!(error instanceof ApiError)) throw error;
        // Without a history there is what comes from now on.
        if (error.kind !== "no_history") setProblem(error);
        want([]);
      },
    );
    return () => {
      isOver = true;
    };
  }, [pattern, search, rate, source, asks]);
  useEffect(() => () => live.want(null), []);

  const { feed } = live;
  const rows = still ?? feed.rows;
  const isPaused = still !== null;
  const pause = () => setStill((still) => still ?? [...feed.rows]);
  const resume = () => {
    setStill(null);
    refine({ event: "" });
  };
  const selected = route.params["event"] ?? "";
  const active = selected === "" ? -1 : rows.findIndex((row) => row.kind === "event" && reference(row.event) === selected);
  const atPause = useRef({ received: 0, leftOut: 0 });
  if (!isPaused) atPause.current = { received: feed.received, leftOut: feed.leftOut };
  const missed = feed.received - atPause.current.received + feed.leftOut - atPause.current.leftOut;

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
      if (event.key === "p" && !event.ctrlKey && !event.metaKey) (isPaused ? resume : pause)();
      else if (event.key === "Escape" && selected !== "") refine({ event: "" });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });

  const [olderEnd, setOlderEnd] = useState(false);
  useEffect(() => setOlderEnd(false), [pattern, search, source]);
  const older = async () => {
    const before = rows.find((row) => row.kind === "event")?.event.sequence ?? null;
    try {
      const answer = await get<Events>("events", { pattern, search, last: 500, before });
      if (answer.events.length === 0 && answer.next === null) setOlderEnd(true);
      const more = answer.events.map((event): Row => ({ kind: "event", event, leftOut: 0, exact: true }));
      setStill((still) => [...more, ...(still ?? feed.rows)]);
    } catch (error) {
      if (error instanceof ApiError) setProblem(error);
    }
  };

  const shares = useShare();
  return (
    <div class="view events-view">
      <div class="bar">
        <PatternInput label="Pattern" value={pattern} onChange={(pattern) => refine({ pattern, event: "" })} />
        <label>
          <span>Search</span>
          <input value={typed} placeholder="in data" spellcheck={false} onInput={(event) => setTyped(event.currentTarget.value)} />
        </label>
        <label title="What is above is sampled, and told">
          <span>At most</span>
          <select value={String(rate)} onChange={(event) => setRate(Number(event.currentTarget.value))}>
            {RATES.map((rate) => <option key={rate} value={String(rate)}>{count(rate)}/s</option>)}
          </select>
        </label>
        <span class="push" />
        <button type="button" class={isPaused ? "strong" : ""} aria-pressed={isPaused} onClick={isPaused ? resume : pause}>
          {isPaused ? `Go on${missed > 0 ? ` (${count(missed)} more)` : ""}` : "Pause"}
        </button>
        <button type="button" onClick={() => void older()} disabled={olderEnd || feed.oldest() === null}>{olderEnd ? "Nothing older" : "Older"}</button>
      </div>
      {problem ? <Problem error={problem} again={() => setAsks(asks + 1)} /> : null}
      <div class={selected === "" ? "split closed" : "split"}>
        <Grid
          id="events"
          kind="grid"
          label="Events"
          columns={COLUMNS}
          count={rows.length}
          active={active}
          onActive={(at) => {
            const row = rows[at];
            pause();
            if (row?.kind === "event") refine({ event: reference(row.event) });
          }}
          follow={!isPaused && selected === ""}
          onLeave={pause}
          tone={(at) => (rows[at]?.kind === "gap" ? "gap" : "")}
          empty={problem ? "" : live.state === "live" ? (pattern === "**" && search === "" ? "Nothing was published yet: events come here as they are." : "No event that is kept is selected, and none has come since.") : "Connecting…"}
        >
          {(at) => cells(rows[at])}
        </Grid>
        {selected !== "" ? <Detail key={selected} reference={selected} known={rows[active]} /> : null}
      </div>
      <div class="foot dim" role="status">
        <span>{count(rows.length)} shown</span>
        {isPaused ? <span class="warn">paused</span> : <span>following</span>}
        {shares.leftOut > 0 ? (
          <span class="warn">
            sampled: {rateText(shares.shown)} of {shares.exact ? "" : "up to "}{rateText(shares.shown + shares.leftOut)} a second shown, {count(feed.leftOut)} left out so far
          </span>
        ) : feed.leftOut > 0 ? <span class="warn">{count(feed.leftOut)} left out so far; none now</span> : <span>every event is shown</span>}
        {feed.dropped > 0 ? <span>{count(feed.dropped)} let go by this page, which keeps the newest {count(5_000)}</span> : null}
        <span class="push" />
        <span>p: pause. /: pattern. Enter: look at one</span>
      </div>
    </div>
  );
}

const reference = (event: { sequence: number; id: string }) => (event.sequence > 0 ? String(event.sequence) : event.id);

function cells(row: Row | undefined) {
  if (!row) return [];
  if (row.kind === "gap") {
    const { from, to, why } = row.gap;
    return [count(from), "", <span key="gap" class="warn">gap up to {to === null ? "now" : count(to)}</span>, <span key="why" class="warn">{why}</span>, ""];
  }
  const { event, leftOut, exact } = row;
  return [
    event.sequence > 0 ? event.sequence : "–",
    brief(event.time, today()),
    event.topic,
    dataLine(event),
    leftOut > 0 ? <span key="left" class="warn">{exact ? "" : "≤"}{count(leftOut)}</span> : "",
  ];
}

const today = () => new Date().toISOString().slice(0, 10);

/** How many events a second were shown and left out, over the last two seconds. */
function useShare() {
  const live = useLive();
  const seen = useRef<{ at: number; received: number; leftOut: number; feed: unknown }[]>([]);
  const { feed } = live;
  const now = performance.now();
  const first = seen.current[0];
  if (first && (first.feed !== feed)) seen.current = [];
  seen.current.push({ at: now, received: feed.received, leftOut: feed.leftOut, feed });
  while (seen.current.length > 2 && now - (seen.current[0]?.at ?? now) > 2_500) seen.current.shift();
  const from = seen.current[0];
  const seconds = from ? (now - from.at) / 1_000 : 0;
  if (!from || seconds < 0.5) return { shown: 0, leftOut: 0, exact: feed.exact };
  return { shown: (feed.received - from.received) / seconds, leftOut: (feed.leftOut - from.leftOut) / seconds, exact: feed.exact };
}
