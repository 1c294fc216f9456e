import { useMemo } from "preact/hooks";
import { get } from "../api.ts";
import { count, place } from "../format.ts";
import { useAsked, useEvery, useLive } from "../hooks.ts";
import type { Finding, Subscription, Subscriptions } from "../model.ts";
import { Grid, type Column } from "../parts/grid.tsx";
import { Problem } from "../parts/problem.tsx";
import { Value } from "../parts/value.tsx";
import { go, refine, type Route } from "../route.ts";

interface Line extends Subscription {
  depth: number;
  findings: Finding[];
}

type Key = "pattern" | "type" | "delivery" | "place" | "depth" | "lag" | "matched" | "delivered" | "deferred" | "dropped" | "failed" | "missed";
const KEYS: { key: Key; name: string; right?: boolean; hint?: string }[] = [
  { key: "pattern", name: "Pattern" },
  { key: "type", name: "Type" },
  { key: "delivery", name: "Delivery" },
  { key: "depth", name: "Depth", right: true, hint: "Events that wait in its queue" },
  { key: "lag", name: "Lag", right: true, hint: "Numbers that it is behind" },
  { key: "matched", name: "Matched", right: true },
  { key: "delivered", name: "Delivered", right: true },
  { key: "deferred", name: "Deferred", right: true, hint: "Published by a handler and delivered after it" },
  { key: "dropped", name: "Dropped", right: true },
  { key: "failed", name: "Failed", right: true },
  { key: "missed", name: "Missed", right: true, hint: "Let go by the history before it was read" },
  { key: "place", name: "Where" },
];
const RANK = { error: 0, warning: 1, info: 2 };

/** Who listens, how they keep up, and what looks wrong. */
export function SubscriptionsView({ route }: { route: Route }) {
  const live = useLive();
  const asked = useAsked((signal) => get<Subscriptions>("subscriptions", {}, signal), [live.shape, live.sourceNow()]);
  useEvery(3_000, asked.again);
  const sort = (route.params["sort"] ?? "") as Key | "";
  const told = asked.value;
  const lines = useMemo(() => linesOf(told, live.subscriptions, sort), [told, sort, live.beats]);
  const chosen = route.params["subscription"] ?? "";
  const active = lines.findIndex(({ id }) => String(id) === chosen);
  const line = lines[active];
  const columns = KEYS.map(({ key, ...column }): Column => ({
    ...column,
    sort: { order: sort !== key ? "none" : column.right ? "descending" : "ascending", by: () => refine({ sort: sort === key ? "" : key }) },
  }));
  return (
    <div class="view subscriptions-view">
      {asked.error ? <Problem error={asked.error} again={asked.again} /> : null}
      {told ? <Findings findings={told.findings} /> : null}
      <div class={line ? "split" : "split closed"}>
        <Grid
          id="subscriptions"
          kind="grid"
          label="Subscriptions"
          columns={columns}
          count={lines.length}
          active={active}
          onActive={(row) => refine({ subscription: String(lines[row]?.id ?? "") })}
          tone={(row) => { const worst = lines[row]?.findings[0]?.severity; return worst === "error" ? "failed" : ""; }}
          empty={asked.asking ? "Asking…" : "Nobody subscribes to this bus."}
        >
          {(row) => cells(lines[row])}
        </Grid>
        {line ? <About line={line} /> : null}
      </div>
      {told && told.middleware.length + told.children.length > 0 ? (
        <details class="unpublished" open>
          <summary>Middleware ({told.middleware.length}), child buses ({told.children.length})</summary>
          <ul>
            {told.middleware.map(({ name, pattern, place, stopped, failed }) => (
              <li key={place + name}><b>{name}</b> <span class="mono">{pattern}</span> stopped {count(stopped)}, <span class={failed > 0 ? "bad" : ""}>failed {count(failed)}</span> <span class="dim mono">{place}</span></li>
            ))}
            {told.children.length > 0 ? <li class="mono dim">{told.children.join(", ")}</li> : null}
          </ul>
        </details>
      ) : null}
      <div class="foot dim"><span>{count(lines.length)} subscriptions</span><span class="push" /><span>Enter: look at one. A column's name sorts</span></div>
    </div>
  );
}

function linesOf(told: Subscriptions | null, live: ReadonlyMap<number, readonly number[]>, sort: Key | ""): Line[] {
  const lines = (told?.subscriptions ?? []).map((subscription): Line => {
    const newer = live.get(subscription.id);
    const findings = (told?.findings ?? []).filter((finding) => finding.subscription === subscription.id)
      .sort((a, b) => RANK[a.severity] - RANK[b.severity]);
    const depth = subscription.delivery.depth ?? 0;
    if (!newer) return { ...subscription, depth, findings };
    const [, delivered = 0, deferred = 0, dropped = 0, failed = 0, deep = depth, lag = 0] = newer;
    const { stats } = subscription;
    const most = (now: number, then: number) => Math.max(now, then);
    return {
      ...subscription, findings, depth: deep, lag,
      stats: { ...stats, delivered: most(delivered, stats.delivered), deferred: most(deferred, stats.deferred), dropped: most(dropped, stats.dropped), failed: most(failed, stats.failed), matched: most(stats.matched, delivered) },
    };
  });
  if (sort === "") return lines;
  const by = (line: Line): number | string =>
    sort === "depth" || sort === "lag" ? line[sort]
    : sort === "pattern" || sort === "place" ? line[sort]
    : sort === "type" ? line.type ?? ""
    : sort === "delivery" ? line.delivery.kind
    : line.stats[sort];
  return lines.sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    return typeof x === "number" ? Number(y) - x : x < String(y) ? -1 : x > String(y) ? 1 : 0;
  });
}

function cells(line: Line | undefined) {
  if (!line) return [];
  const { stats, delivery } = line;
  const loss = (value: number) => (value > 0 ? <span class="bad">{count(value)}</span> : <span class="dim">0</span>);
  const calm = (value: number) => (value > 0 ? count(value) : <span class="dim">0</span>);
  const mark = line.findings.find(({ severity }) => severity !== "info");
  return [
    <span key="pattern" title={mark?.message}>
      {mark ? <span class={mark.severity === "error" ? "bad" : "warn"}>{mark.kind === "selects_nothing" ? "∅ " : "! "}</span> : null}{line.pattern}
    </span>,
    line.type ?? <span class="dim">any</span>,
    kindOf(delivery),
    delivery.kind === "inline" ? <span class="dim">–</span> : <Depth key="depth" depth={line.depth} capacity={delivery.capacity} />,
    calm(line.lag),
    count(stats.matched),
    count(stats.delivered),
    calm(stats.deferred),
    loss(stats.dropped),
    loss(stats.failed),
    loss(stats.missed),
    <span key="place" class="dim" title={line.place}>{place(line.place)}</span>,
  ];
}

function kindOf({ kind, capacity, concurrency }: Subscription["delivery"]): string {
  return kind === "inline" ? "inline" : `${kind} ${capacity == null ? "" : count(capacity)}${concurrency != null && concurrency > 1 ? ` ×${concurrency}` : ""}`;
}

function Depth({ depth, capacity }: { depth: number; capacity: number | undefined }) {
  const full = capacity ? Math.min(1, depth / capacity) : 0;
  return (
    <span class={`depth ${full >= 0.9 ? "warn" : ""}`}>
      <svg width="28" height="8" aria-hidden="true"><rect class="hollow" width="28" height="8" /><rect width={28 * full} height="8" /></svg>
      {count(depth)}
    </span>
  );
}

const SEVERITY = { error: "error", warning: "warning", info: "note" };

function Findings({ findings }: { findings: Finding[] }) {
  const sorted = [...findings].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  if (sorted.length === 0) return <div class="bar good">Nothing looks wrong: every pattern can select something, every event is heard, nothing is lost.</div>;
  return (
    <section class="findings" aria-label="What looks wrong" tabIndex={0}>
      <table>
        <caption class="hidden">What looks wrong</caption>
        <tbody>
          {sorted.map((finding, at) => (
            <tr key={at}>
              <td class={finding.severity === "error" ? "bad" : finding.severity === "warning" ? "warn" : "dim"}>{SEVERITY[finding.severity]}</td>
              <td class="dim">{finding.kind.replaceAll("_", " ")}</td>
              <td>{finding.message}</td>
              <td class="right">
                {finding.subscription !== null
                  ? <button type="button" class="link" aria-label={`Show subscription ${finding.subscription}`} onClick={() => refine({ subscription: String(finding.subscription) })}>show</button>
                  : finding.topic !== null && !finding.topic.includes("{")
                    ? <button type="button" class="link" aria-label={`Events of ${finding.topic}`} onClick={() => go("events", { pattern: finding.topic ?? "" })}>events</button>
                    : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function About({ line }: { line: Line }) {
  const { delivery, durable, stats } = line;
  const rows: [string, string | number | null | undefined][] = [
    ["place", line.place], ["type", line.type ?? "any"], ["prefix", line.prefix], ["topics", line.topics], ["priority", line.priority],
    ["delivery", delivery.kind], ["capacity", delivery.capacity], ["overflow", delivery.overflow], ["concurrency", delivery.concurrency],
    ["running", delivery.running], ["parked", delivery.parked], ["retrying", delivery.retrying], ["retries", delivery.retries], ["dead letters", delivery.dead_letters],
    ["durable", durable ? `${durable.name}, at ${count(durable.position)}` : null], ["mismatched", stats.mismatched > 0 ? stats.mismatched : null],
  ];
  return (
    <section class="detail" aria-label="Subscription">
      <div class="bar">
        <h2 class="mono">{line.pattern}</h2>
        <span class="push" />
        {line.pattern.includes(",") ? null : <button type="button" onClick={() => go("events", { pattern: line.pattern })}>Events</button>}
        <button type="button" class="quiet" aria-label="Close the subscription" onClick={() => refine({ subscription: "" })}>✕</button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="What is known of the subscription">
        {line.findings.map(({ kind, message, severity }) => <p key={kind} class={severity === "error" ? "bad" : severity === "warning" ? "warn" : "dim"}>{message}</p>)}
        <dl>{rows.map(([name, value]) => (value == null ? null : <div key={name}><dt>{name}</dt><dd class="mono">{typeof value === "number" ? count(value) : value}</dd></div>))}</dl>
        {line.last_error == null ? null : <><h3>Last error</h3>{typeof line.last_error === "string" ? <pre class="data bad">{line.last_error}</pre> : <div class="value mono"><Value value={line.last_error} /></div>}</>}
      </div>
    </section>
  );
}
