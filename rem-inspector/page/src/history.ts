import { micros } from "./format.ts";

type Series = readonly (readonly [number, string])[];

/** About when the event of a number was: between the two beside it of which it is known. */
export function about(series: Series, number: number): number | null {
  let before: readonly [number, string] | null = null;
  for (const step of series) {
    if (step[0] === number) return micros(step[1]);
    if (step[0] > number) {
      if (before === null) return micros(step[1]);
      const share = (number - before[0]) / (step[0] - before[0]);
      return micros(before[1]) + share * (micros(step[1]) - micros(before[1]));
    }
    before = step;
  }
  return before === null ? null : micros(before[1]);
}

/** How many events came in a while, for each stretch of numbers, in the unit of time in which that is a number to be read. */
export function density(series: Series): { points: [number, number][]; unit: string } {
  const perSecond: [number, number][] = [];
  for (let at = 1; at < series.length; at += 1) {
    const [before, now] = [series[at - 1], series[at]];
    if (!before || !now) continue;
    const seconds = (micros(now[1]) - micros(before[1])) / 1e6;
    // Events of one moment, or times that go back: no rate can be told.
    if (seconds > 0) perSecond.push([now[0], (now[0] - before[0]) / seconds]);
  }
  const most = Math.max(0, ...perSecond.map(([, rate]) => rate));
  const [unit, times] = most >= 1 ? ["second", 1] as const : most * 60 >= 1 ? ["minute", 60] as const : ["hour", 3_600] as const;
  return { points: perSecond.map(([at, rate]) => [at, rate * times]), unit };
}

/** Microseconds since 1970 as the API writes times. */
export const written = (us: number): string => new Date(us / 1_000).toISOString();

/** A moment as somebody writes it: a number, `now`, or a time, whose parts may be left out from the end. */
export function parse(text: string): { sequence: number } | { time: string } | "now" | null {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "now") return "now";
  if (/^\d{1,15}$/.test(trimmed)) return { sequence: Number(trimmed) };
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?Z?$/.test(trimmed)) return null;
  const whole = trimmed.replace(" ", "T").replace(/Z$/, "");
  const time = whole.length === 10 ? `${whole}T00:00:00Z` : whole.length === 16 ? `${whole}:00Z` : `${whole}Z`;
  return Number.isNaN(micros(time)) ? null : { time };
}
