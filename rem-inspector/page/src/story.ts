import { micros } from "./format.ts";
import type { EventJson, Handling, Story } from "./model.ts";

/** A line of a story: an event, a handling of the event above it, or a cause that is not kept. */
export interface StoryRow {
  kind: "event" | "handling" | "missing";
  /** For each level above: whether its line goes on below this row. */
  rails: boolean[];
  isLast: boolean;
  id: string;
  event: EventJson | null;
  handling: Handling | null;
  failed: boolean;
  /** Microseconds after the story's begin; `null` where it is not known. */
  begin: number | null;
  took: number | null;
}

export interface StoryLayout {
  rows: StoryRow[];
  /** Microseconds from the first to the last. */
  long: number;
  failures: number;
}

const AN_HOUR = 3_600_000_000;

interface Part {
  kind: StoryRow["kind"];
  id: string;
  event: EventJson | null;
  handling: Handling | null;
  parts: Part[];
}

export const hasFailed = ({ outcome }: Handling) => outcome === "failed" || outcome === "panicked";

/**
 * A story from top to bottom. Each event has one cause, so it is a forest. What a handler published while it ran stands below it,
 * if there is one handler alone of which that can be said, and else below the event.
 */
export function layout(story: Story): StoryLayout {
  const events = new Map(story.events.map((event) => [event.id, event]));
  const effects = new Map<string, EventJson[]>();
  const caused = new Set<string>();
  for (const { cause, effect } of story.edges) {
    const event = events.get(effect);
    if (!event || !events.has(cause)) continue;
    effects.set(cause, [...(effects.get(cause) ?? []), event]);
    caused.add(effect);
  }

  const part = (event: EventJson): Part => {
    const own = story.handlings[event.id] ?? [];
    const handlings = own.map((handling): Part => ({ kind: "handling", id: event.id, event: null, handling, parts: [] }));
    const parts: Part[] = [...handlings];
    for (const effect of effects.get(event.id) ?? []) {
      const at = beginOf(effect, story);
      const during = handlings.filter(({ handling }) => handling && at !== null && runs(handling, at));
      const below = during.length === 1 ? during[0]?.parts : parts;
      below?.push(part(effect));
    }
    return { kind: "event", id: event.id, event, handling: null, parts };
  };
  const roots: Part[] = [];
  const missing = new Map<string, Part>();
  for (const event of story.events) {
    if (caused.has(event.id)) continue;
    const cause = event.causation;
    if (cause === null || !story.missing.includes(cause)) {
      roots.push(part(event));
      continue;
    }
    const gone = missing.get(cause) ?? { kind: "missing", id: cause, event: null, handling: null, parts: [] };
    if (!missing.has(cause)) roots.push(gone);
    missing.set(cause, gone);
    gone.parts.push(part(event));
  }

  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  const rows: StoryRow[] = [];
  const walk = (parts: readonly Part[], rails: boolean[]) => {
    for (const [at, { kind, id, event, handling, parts: below }] of parts.entries()) {
      const isLast = at === parts.length - 1;
      const begin = handling ? (handling.begun === null ? null : micros(handling.begun)) : event ? beginOf(event, story) : null;
      const took = handling?.took_us ?? null;
      if (begin !== null) {
        from = Math.min(from, begin);
        to = Math.max(to, begin + (took ?? 0));
      }
      rows.push({ kind, rails, isLast, id, event, handling, failed: handling !== null && hasFailed(handling), begin, took });
      walk(below, [...rails, !isLast]);
    }
  };
  walk(roots, []);
  for (const row of rows) if (row.begin !== null) row.begin -= from;
  return { rows, long: Math.max(0, to - from) || 0, failures: rows.filter(({ failed }) => failed).length };
}

/** When an event came: its own time, unless that is one that the program gave it, as of a file that it reads. */
function beginOf(event: EventJson, story: Story): number | null {
  const begun = (story.handlings[event.id] ?? []).flatMap(({ begun }) => (begun === null ? [] : [micros(begun)]));
  const own = micros(event.time);
  if (begun.length === 0) return Number.isNaN(own) ? null : own;
  const first = Math.min(...begun);
  return Math.abs(first - own) < AN_HOUR ? Math.min(own, first) : first;
}

function runs({ begun, took_us }: Handling, at: number): boolean {
  if (begun === null || took_us === null) return false;
  const from = micros(begun);
  return from <= at && at <= from + took_us;
}
