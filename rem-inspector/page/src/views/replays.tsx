import { useEffect, useState } from "preact/hooks";
import { ApiError, getWhole, post, remove } from "../api.ts";
import { count, moment } from "../format.ts";
import { useLive } from "../hooks.ts";
import type { Replay } from "../model.ts";
import { PatternInput } from "../parts/pattern.tsx";
import { Problem } from "../parts/problem.tsx";
import { go } from "../route.ts";

const SPEEDS: [string, number | null][] = [["as it was", 1], ["10 times", 10], ["100 times", 100], ["1,000 times", 1_000], ["as fast as it can", null]];

/** The past once more, into a bus of its own. */
export function ReplaysView({ at, from }: { at: number | null; from: number }) {
  const live = useLive();
  const [pattern, setPattern] = useState("**");
  const [speed, setSpeed] = useState(SPEEDS.length - 1);
  const [part, setPart] = useState("all");
  const [goOn, setGoOn] = useState(false);
  const [problem, setProblem] = useState<ApiError | null>(null);

  const tell = async (then: () => Promise<void>) => {
    setProblem(null);
    try {
      await then();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error);
    }
  };
  // The stream tells what changes; what there is already is asked for.
  useEffect(() => void tell(async () => live.putReplays(...(await getWhole<{ replays: Replay[] }>("replays")).replays)), []);
  const begin = () => tell(async () => {
    const range = at === null || part === "all" ? {} : part === "before" ? { before: at + 1 } : { after: at };
    live.putReplays(await post<Replay>("replays", { pattern, speed: SPEEDS[speed]?.[1] ?? null, on_failure: goOn ? "go_on" : "stop", ...range }));
  });
  const order = (id: string, what: string) => tell(async () => live.putReplays(await post<Replay>(`replays/${id}`, { do: what })));
  const forget = (id: string) => tell(async () => {
    await remove(`replays/${id}`);
    live.forgetReplay(id);
  });
  const look = (id: string) => {
    live.look(id);
    go("topics");
  };
  const replays = live.replays.list.reverse();
  return (
    <>
      <form class="bar" onSubmit={(event) => { event.preventDefault(); void begin(); }}>
        <PatternInput label="Replay" value={pattern} onChange={setPattern} />
        <label>
          <span>Of</span>
          <select value={part} onChange={(event) => setPart(event.currentTarget.value)}>
            <option value="all">all that is kept</option>
            <option value="before" disabled={at === null}>up to the moment{at === null ? "" : ` (${count(from)} to ${count(at)})`}</option>
            <option value="after" disabled={at === null}>behind the moment</option>
          </select>
        </label>
        <label>
          <span>Speed</span>
          <select value={String(speed)} onChange={(event) => setSpeed(Number(event.currentTarget.value))}>
            {SPEEDS.map(([says], at) => <option key={says} value={String(at)}>{says}</option>)}
          </select>
        </label>
        <label><input type="checkbox" checked={goOn} onChange={(event) => setGoOn(event.currentTarget.checked)} /> <span>go on after failures</span></label>
        <button class="strong">Begin</button>
      </form>
      {problem ? <Problem error={problem} /> : null}
      <div class="scroll" tabIndex={0} role="region" aria-label="Replays">
        <p class="dim">
          A replay goes to a sandbox, a bus of its own, and has no effect on this one.{" "}
          {live.about?.sandbox ? "The program's handlers for sandboxes are on it." : "The program puts no handlers on it: Inspector::builder(&bus).sandbox(…) does."}
        </p>
        {replays.map((replay) => (
          <section key={replay.id} class="replay" aria-label={replay.id}>
            <div class="line">
              <b class="mono">{replay.id}</b> <span class="mono">{replay.pattern}</span>
              <span class="dim">{SPEEDS.find(([, speed]) => speed === replay.speed)?.[0] ?? `${replay.speed} times`}</span>
              <span class={replay.state === "failed" ? "bad" : replay.state === "done" ? "good" : ""} role="status">{replay.state}</span>
              <span class="push" />
              {replay.state === "running" ? <button type="button" onClick={() => void order(replay.id, "pause")}>Pause</button> : null}
              {replay.state === "paused" ? <button type="button" onClick={() => void order(replay.id, "resume")}>Resume</button> : null}
              {replay.state === "running" || replay.state === "paused" ? <button type="button" onClick={() => void order(replay.id, "stop")}>Stop</button> : null}
              <button type="button" onClick={() => look(replay.id)}>Look into it</button>
              <button type="button" class="quiet" aria-label={`Forget ${replay.id}`} onClick={() => void forget(replay.id)}>✕</button>
            </div>
            <progress max={Math.max(1, replay.of)} value={replay.read} aria-label={`${replay.id}: how far`} />
            <div class="line dim mono">
              <span>{count(replay.read)} of {count(replay.of)} read</span><span>{count(replay.replayed || replay.done)} replayed</span><span>{count(replay.skipped)} skipped</span>
              <span class={replay.failed > 0 ? "bad" : ""}>{count(replay.failed)} failed</span><span class={replay.lost > 0 ? "bad" : ""}>{count(replay.lost)} lost</span>
              <span>{replay.time === null ? "" : `${moment(replay.time)} UTC`}</span>
            </div>
            {replay.error === null ? null : <p class="bad">{replay.error}</p>}
          </section>
        ))}
        {replays.length === 0 ? <p class="hint dim">No replay has begun.</p> : null}
      </div>
    </>
  );
}
