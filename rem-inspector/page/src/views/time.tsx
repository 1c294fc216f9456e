import { useMemo, useState } from "preact/hooks";
import { get } from "../api.ts";
import { count, moment } from "../format.ts";
import { about, density, parse, written } from "../history.ts";
import { useAsked, useEvery, useLive, useSettled } from "../hooks.ts";
import type { History, Moment } from "../model.ts";
import { Chart } from "../parts/chart.tsx";
import { Problem } from "../parts/problem.tsx";
import { refine, type Route } from "../route.ts";
import { MomentView } from "./moment.tsx";
import { ProjectionsView } from "./projections.tsx";
import { ReplaysView } from "./replays.tsx";

const SHOWN = [["topics", "Topics at the moment"], ["projections", "Projections"], ["replays", "Replays"]] as const;

/** The past: how things stood at a moment, what is different at another, and all of it once more. */
export function TimeView({ route }: { route: Route }) {
  const live = useLive();
  const asked = useAsked((signal) => get<History>("history", {}, signal), [live.sourceNow(), live.shape]);
  useEvery(5_000, asked.again);
  const history = asked.value;
  const from = history?.from ?? null;
  const to = live.history?.to ?? history?.to ?? null;
  const shown = SHOWN.find(([name]) => name === route.params["show"])?.[0] ?? "topics";
  const at = number(route.params["at"], from, to);
  const other = number(route.params["other"], from, to) ?? from;
  const chart = useMemo(() => density(history?.series ?? []), [history]);
  // A slider that is drawn asks once it stands.
  const settledAt = useSettled(at, 150);
  const settledOther = useSettled(other, 150);
  if (asked.error) {
    return (
      <div class="view">
        <Problem error={asked.error} again={asked.again} />
        {asked.error.kind === "no_history" ? <pre class="hint dim">let bus = Bus::builder().history(Ring::events(10_000)).build();</pre> : null}
      </div>
    );
  }
  if (!history) return <div class="view"><p class="hint dim">Asking…</p></div>;
  if (from === null || to === null) return <div class="view"><p class="hint dim">The history is empty: nothing was published yet.</p></div>;
  return (
    <div class="view time-view">
      <Chart label={`Events a ${chart.unit} over the history`} points={chart.points} times={false} height={76} />
      <div class="sliders">
        <Slider name="Moment" value={at} from={from} to={to} history={history} onChange={(at) => refine({ at })} />
        {shown === "projections" ? <Slider name="Compared with" value={other} from={from} to={to} history={history} onChange={(other) => refine({ other })} /> : null}
      </div>
      <div class="bar" role="group" aria-label="What of the past">
        {SHOWN.map(([name, says]) => <button key={name} type="button" aria-pressed={name === shown} class={name === shown ? "strong" : ""} onClick={() => refine({ show: name })}>{says}</button>)}
        <span class="push" />
        <span class="dim">events a {chart.unit} over numbers {count(from)} to {count(to)}; {history.let_go ? `${count(history.let_go)} let go before` : "nothing let go"}{history.durable ? ", on disk" : ""}</span>
      </div>
      {shown === "topics" ? <MomentView at={settledAt} route={route} />
        : shown === "projections" ? <ProjectionsView at={settledAt} other={settledOther} route={route} />
        : <ReplaysView at={at} from={from} />}
    </div>
  );
}

/** The number in the address, within the history; `null` is now. */
function number(text: string | undefined, from: number | null, to: number | null): number | null {
  if (text === undefined || text === "" || !/^\d+$/.test(text) || from === null || to === null) return null;
  return Math.max(from, Math.min(to, Number(text)));
}

interface Sliding {
  name: string;
  value: number | null;
  from: number;
  to: number;
  history: History;
  onChange: (value: string) => void;
}

/** A slider over numbers; a number or a time may be written too. */
function Slider({ name, value, from, to, history, onChange }: Sliding) {
  const [typed, setTyped] = useState<string | null>(null);
  const [wrong, setWrong] = useState("");
  const shown = value ?? to;
  const time = about(history.series, shown);
  const accept = async () => {
    if (typed === null) return;
    const told = parse(typed);
    if (told === null) return setWrong("a number, a time as 2026-11-29 14:03:28, or now");
    if (told === "now") onChange("");
    else if ("sequence" in told) {
      // What is known of the end is a second old.
      const end = told.sequence <= to ? to : (await get<History>("history").catch(() => null))?.to ?? to;
      if (told.sequence < from || told.sequence > end) return setWrong(`the history has ${count(from)} to ${count(end)}`);
      onChange(String(told.sequence));
    } else {
      try {
        const there = await get<Moment>("moment", { time: told.time, limit: 1 });
        if (there.sequence === null) return setWrong("nothing was before that");
        onChange(String(there.sequence));
      } catch (error) {
        return setWrong(error instanceof Error ? error.message : "it cannot be reached");
      }
    }
    setWrong("");
    setTyped(null);
  };
  const id = `slider-${name.replace(" ", "-")}`;
  return (
    <div class="slider">
      <label for={id}>{name}</label>
      <input
        id={id}
        type="range"
        min={from}
        max={to}
        value={shown}
        aria-valuetext={`${shown}, ${time === null ? "" : moment(written(time))}`}
        onInput={(event) => {
          const next = Number(event.currentTarget.value);
          onChange(next >= to ? "" : String(next));
          setTyped(null);
        }}
      />
      <input
        class="mono"
        aria-label={`${name}: number or time`}
        aria-invalid={wrong !== ""}
        title="A number, a time (UTC), or now; Enter goes there"
        value={typed ?? (value === null ? "now" : String(shown))}
        onFocus={(event) => event.currentTarget.select()}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && void accept()}
        onBlur={() => void accept()}
      />
      <span class={wrong ? "bad" : "dim mono"} role={wrong ? "alert" : undefined}>{wrong || (value === null ? "as it is now" : time === null ? "" : `${moment(written(time))} UTC`)}</span>
    </div>
  );
}
