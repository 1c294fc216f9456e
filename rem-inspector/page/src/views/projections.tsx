import { get } from "../api.ts";
import { count, line } from "../format.ts";
import { useAsked, useEvery, useLive } from "../hooks.ts";
import type { Difference, Projections } from "../model.ts";
import { Problem } from "../parts/problem.tsx";
import { Value } from "../parts/value.tsx";
import { refine, type Route } from "../route.ts";

interface State {
  sequence: number;
  state: unknown;
}

/** Changes that are shown. */
const MOST = 1_000;

/** The states of a projection at two moments, and what is different. */
export function ProjectionsView({ at, other, route }: { at: number | null; other: number | null; route: Route }) {
  const live = useLive();
  const asked = useAsked((signal) => get<Projections>("projections", {}, signal), [live.sourceNow()]);
  useEvery(3_000, asked.again);
  if (asked.error) return <Problem error={asked.error} again={asked.again} />;
  const all = asked.value?.projections ?? [];
  if (all.length === 0) {
    return (
      <div class="scroll hint dim" tabIndex={0} role="region" aria-label="Projections">
        {asked.value === null ? "Asking…" : <><p>No projection is registered with the inspector. Register one, and its state is shown at any moment:</p><pre>Inspector::builder(&bus).projector(&total)</pre></>}
      </div>
    );
  }
  const chosen = all.find(({ name }) => name === route.params["projection"]) ?? all[0];
  if (!chosen) return null;
  const trouble = chosen.error ?? (chosen.status === "live" ? null : chosen.status.replaceAll("_", " "));
  return (
    <>
      <div class="bar">
        <label>
          <span>Projection</span>
          <select value={chosen.name} onChange={(event) => refine({ projection: event.currentTarget.value })}>
            {all.map(({ name }) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <span class="dim mono">{chosen.type}</span>
        <span class="push" />
        <span class={trouble ? "warn" : "good"}>{trouble ?? "live"}</span>
        <span class="dim">at {count(chosen.position)}{chosen.last > chosen.position ? `, ${count(chosen.last - chosen.position)} behind` : ""}</span>
      </div>
      <div class="states">
        <StateOf key={`at ${chosen.name}`} name={chosen.name} at={at} label="Moment" />
        <StateOf key={`other ${chosen.name}`} name={chosen.name} at={other} label="Compared with" />
        <Changes name={chosen.name} at={at} other={other} />
      </div>
    </>
  );
}

function StateOf({ name, at, label }: { name: string; at: number | null; label: string }) {
  const live = useLive();
  const asked = useAsked((signal) => get<State>(`projections/${encodeURIComponent(name)}/state`, { sequence: at }, signal), [name, at, live.sourceNow()]);
  return (
    <section aria-label={`State: ${label}`}>
      <h3>{label}: behind {asked.value ? count(asked.value.sequence) : at === null ? "now" : count(at)}</h3>
      <div class="scroll value mono" tabIndex={0} role="region" aria-label={`State: ${label}, as a tree`}>
        {asked.error ? <Problem error={asked.error} again={asked.again} /> : asked.value ? <Value value={asked.value.state} /> : <span class="dim">Asking…</span>}
      </div>
    </section>
  );
}

/** From the earlier to the later, whichever slider that is. */
function Changes({ name, at, other }: { name: string; at: number | null; other: number | null }) {
  const live = useLive();
  const isBackwards = other === null || (at !== null && at < other);
  const [from, to] = isBackwards ? [at, other] : [other, at];
  const asked = useAsked(
    (signal) => get<Difference>(`projections/${encodeURIComponent(name)}/difference`, { from: from ?? "now", to: to ?? "now" }, signal),
    [name, from, to, live.sourceNow()],
  );
  const changes = asked.value?.changes ?? [];
  return (
    <section aria-label="Difference">
      <h3>Different{asked.value ? ` from ${count(asked.value.from)} to ${count(asked.value.to)}: ${count(changes.length)}` : ""}{asked.value?.complete === false ? ", and more" : ""}</h3>
      <div class="scroll" tabIndex={0} role="region" aria-label="What is different">
        {asked.error ? <Problem error={asked.error} again={asked.again} />
          : changes.length === 0 ? <p class="dim">{asked.asking ? "Asking…" : "Nothing."}</p>
          : (
            <table class="mono">
              <thead><tr><th class="dim">Path</th><th class="dim right">Before</th><th class="dim right">After</th></tr></thead>
              <tbody>
                {changes.slice(0, MOST).map(({ path, before, after }) => (
                  <tr key={path}><td class="name">{path === "" ? "/" : path}</td><td class="right bad">{before === undefined ? "–" : line(before)}</td><td class="right good">{after === undefined ? "–" : line(after)}</td></tr>
                ))}
              </tbody>
            </table>
          )}
        {changes.length > MOST ? <p class="dim">The first {count(MOST)} are shown.</p> : null}
      </div>
    </section>
  );
}
