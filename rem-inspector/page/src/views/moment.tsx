import { useState } from "preact/hooks";
import { get } from "../api.ts";
import { brief, count, dataLine, moment } from "../format.ts";
import { useAsked, useLive } from "../hooks.ts";
import type { Moment } from "../model.ts";
import { Grid, type Column } from "../parts/grid.tsx";
import { PatternInput } from "../parts/pattern.tsx";
import { Problem } from "../parts/problem.tsx";
import { refine, type Route } from "../route.ts";
import { Detail } from "./detail.tsx";

const COLUMNS: Column[] = [{ name: "Topic" }, { name: "Number", right: true }, { name: "Time (UTC)", right: true }, { name: "Last data" }];

/** The last event of each topic, as of a moment. */
export function MomentView({ at, route }: { at: number | null; route: Route }) {
  const live = useLive();
  const pattern = route.params["pattern"] ?? "**";
  const sequence = at ?? live.history?.to ?? null;
  // Now moves on; it is asked for when the view comes to it, and by the button.
  const [asks, ask] = useState(0);
  const asked = useAsked(
    (signal) => (sequence === null ? Promise.resolve(null) : get<Moment>("moment", { sequence, pattern, limit: 1_000 }, signal)),
    [at, pattern, asks, sequence === null, live.sourceNow()],
  );
  const told = asked.value;
  const events = [...(told?.events ?? [])].sort((a, b) => (a.topic < b.topic ? -1 : 1));
  const [active, setActive] = useState(-1);
  const chosen = events.find(({ sequence }) => String(sequence) === (route.params["event"] ?? ""));
  const today = new Date().toISOString().slice(0, 10);
  return (
    <>
      <div class="bar">
        <PatternInput label="Pattern" value={pattern} onChange={(pattern) => refine({ pattern })} />
        <span class="push" />
        {at === null ? <button type="button" onClick={() => ask(asks + 1)}>Ask again</button> : null}
      </div>
      {asked.error ? <Problem error={asked.error} again={asked.again} /> : null}
      <div class={chosen ? "split" : "split closed"}>
        <Grid
          id="moment"
          kind="grid"
          label="The last event of each topic"
          columns={COLUMNS}
          count={events.length}
          active={active}
          onActive={setActive}
          onOpen={(row) => refine({ event: String(events[row]?.sequence ?? "") })}
          empty={asked.asking ? "Asking…" : asked.error ? "" : "No topic had an event by then."}
        >
          {(row) => {
            const event = events[row];
            return event ? [event.topic, event.sequence, brief(event.time, today), dataLine(event)] : [];
          }}
        </Grid>
        {chosen ? <Detail key={chosen.sequence} reference={String(chosen.sequence)} known={undefined} /> : null}
      </div>
      <div class="foot dim">
        <span>{count(events.length)} topics{told && !told.complete ? ", and there are more" : ""}</span>
        {told ? <span>behind the event {count(told.sequence)}, {moment(told.time)} UTC</span> : null}
      </div>
    </>
  );
}
