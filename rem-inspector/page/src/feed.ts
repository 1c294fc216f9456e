import type { EventJson, Gap, Sampled } from "./model.ts";

/** A line of the list of events. */
export type Row =
  | { kind: "event"; event: EventJson; /** Events behind it that were not sent. */ leftOut: number; exact: boolean }
  | { kind: "gap"; gap: Gap };

/** The newest events, so many and no more, and what is known of those that are not there. */
export class Feed {
  rows: Row[] = [];
  /** Rows that were let go of to stay within the limit. */
  dropped = 0;
  received = 0;
  leftOut = 0;
  /** Whether `leftOut` counts the events that the filter selects, and not all numbers. */
  exact = true;
  private limit: number;
  private highest = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Puts an event at the end; one that is there already, as after a question that overlaps the stream, is passed over. */
  event(event: EventJson) {
    if (event.sequence > 0 && event.sequence <= this.highest) return;
    this.highest = Math.max(this.highest, event.sequence);
    this.received += 1;
    this.rows.push({ kind: "event", event, leftOut: 0, exact: true });
    this.trim();
  }

  sampled(sampled: Sampled) {
    const exact = sampled.matched !== null;
    const left = sampled.matched === null ? sampled.left_out : sampled.matched - sampled.sent;
    if (left <= 0) return;
    this.leftOut += left;
    this.exact &&= exact;
    const last = this.rows.at(-1);
    if (last?.kind !== "event") return;
    last.leftOut += left;
    last.exact &&= exact;
  }

  gap(gap: Gap) {
    this.rows.push({ kind: "gap", gap });
    this.trim();
  }

  /** Puts what is older before the rest; what is asked for is shown, though it be more than the limit. */
  older(events: readonly EventJson[]) {
    const rows = events.map((event): Row => ({ kind: "event", event, leftOut: 0, exact: true }));
    this.rows = [...rows, ...this.rows];
    const newest = events.at(-1)?.sequence ?? 0;
    this.highest = Math.max(this.highest, newest);
    this.limit = Math.max(this.limit, this.rows.length);
  }

  /** The number of the oldest event, to ask for those before. */
  oldest(): number | null {
    for (const row of this.rows) if (row.kind === "event" && row.event.sequence > 0) return row.event.sequence;
    return null;
  }

  private trim() {
    // Not one by one: an array moves all that it keeps.
    if (this.rows.length <= this.limit + this.limit / 4) return;
    const away = this.rows.length - this.limit;
    this.rows.splice(0, away);
    this.dropped += away;
  }
}
