import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { get } from "../api.ts";
import { count, moment } from "../format.ts";
import type { Row } from "../feed.ts";
import { useAsked, useLive } from "../hooks.ts";
import type { Detail as DetailJson, EventJson, Types } from "../model.ts";
import { Problem } from "../parts/problem.tsx";
import { Value } from "../parts/value.tsx";
import { go, refine } from "../route.ts";

/** One event: what it holds, where it comes from, who hears it. */
export function Detail({ reference, known, aside }: { reference: string; known: Row | undefined; aside?: ComponentChildren }) {
  const live = useLive();
  const asked = useAsked((signal) => get<DetailJson>(`events/${encodeURIComponent(reference)}`, {}, signal), [reference, live.sourceNow()]);
  const detail = asked.value;
  const event = detail?.event ?? (known?.kind === "event" ? known.event : null);
  const to = (next: number | null | undefined) => next != null && refine({ event: String(next) });
  return (
    <section class="detail" aria-label="Event">
      <div class="bar">
        <h2 class="mono">{event ? event.topic : reference}</h2>
        <span class="push" />
        <button type="button" onClick={() => to(detail?.previous)} disabled={detail?.previous == null} title="The one before of the same topic" aria-label="Previous of this topic">‹</button>
        <button type="button" onClick={() => to(detail?.next)} disabled={detail?.next == null} title="The next of the same topic" aria-label="Next of this topic">›</button>
        <button type="button" onClick={() => go("story", { event: reference })}>Story</button>
        <button type="button" class="quiet" aria-label="Close the event" onClick={() => refine({ event: "" })}>✕</button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="What the event holds">
        {aside}
        {asked.error ? <Problem error={asked.error} /> : null}
        {event ? <Body event={event} /> : asked.asking ? <p class="dim">Asking…</p> : null}
        {detail ? (
          <>
            <h3>Heard by {detail.heard_by.length === 0 ? <span class="warn">nobody</span> : detail.heard_by.length}</h3>
            <ul class="plain">
              {detail.heard_by.map(({ subscription, pattern, place }) => (
                <li key={subscription}>
                  <button type="button" class="link mono" onClick={() => go("subscriptions", { subscription: String(subscription) })}>{pattern}</button>{" "}
                  <span class="dim mono">{place}</span>
                </li>
              ))}
            </ul>
            <p class="dim">
              {detail.caused === 0 ? "It caused nothing that is kept." : `It caused ${count(detail.caused)}.`}{" "}
              {detail.story > 1 ? `${count(detail.story)} events are of this story.` : "It is a story of its own."}{" "}
              {count(detail.bytes)} bytes.
            </p>
          </>
        ) : null}
      </div>
    </section>
  );
}

function Body({ event }: { event: EventJson }) {
  const rows: [string, string | null][] = [
    ["number", event.sequence > 0 ? String(event.sequence) : null],
    ["time", `${moment(event.time)} UTC`],
    ["type", event.type === null ? "raw data" : `${event.type}::${event.variant ?? "?"}${event.version !== null && event.version > 1 ? `, version ${event.version}` : ""}`],
    ["source", event.source],
    ["key", event.key],
    ["id", event.id],
    ["story", event.correlation],
  ];
  return (
    <>
      <Data event={event} />
      <h3>Envelope</h3>
      <dl>
        {rows.map(([name, value]) => value === null ? null : <div key={name}><dt>{name}</dt><dd class="mono">{value}</dd></div>)}
        {event.causation === null ? null : (
          <div><dt>caused by</dt><dd><button type="button" class="link mono" onClick={() => refine({ event: event.causation ?? "" })}>{event.causation}</button></dd></div>
        )}
        {Object.entries(event.metadata).map(([name, value]) => <div key={name}><dt class="mono">{name}</dt><dd class="mono">{value}</dd></div>)}
      </dl>
    </>
  );
}

/** What an event holds: as a tree, or why it is not there. */
export function Data({ event }: { event: EventJson }) {
  const live = useLive();
  const types = useAsked((signal) => get<Types>("types", {}, signal), [live.shape]).value;
  const masked = useMemo(() => {
    const variant = types?.types.find(({ name }) => name === event.type)?.events.find(({ variant }) => variant === event.variant);
    return new Set(event.masked ? variant?.fields.filter(({ redacted }) => redacted).map(({ name }) => name) : []);
  }, [types, event]);
  if (event.cut) return <><p class="warn">It has {count(event.cut.bytes)} bytes; it begins:</p><pre class="data">{event.cut.text}</pre></>;
  if (event.shown !== undefined) return <><p class="dim">It never leaves the process; what Rust shows of it:</p><pre class="data">{event.shown}</pre></>;
  if (event.hidden !== undefined) return <p class="warn">{event.hidden}</p>;
  if (event.unreadable !== undefined) return <p class="bad">{event.unreadable}</p>;
  if (event.base64 !== undefined) return <><p class="dim">{event.codec}, in base64:</p><pre class="data">{event.base64}</pre></>;
  return <div class="value mono"><Value value={event.data} masked={masked} anyMasked={event.masked} /></div>;
}
