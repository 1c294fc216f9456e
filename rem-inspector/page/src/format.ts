// Numbers, times and values as they are shown: short, and of a width that does not jump.

/** What the program writes in the place of a text that is not for every eye. */
export const MASK = "[redacted]";

/** Below that a line says nothing of what it has room for. */
const DEEP = 8;

const whole = new Intl.NumberFormat("en-US");

export const count = (value: number | null | undefined): string => (value == null ? "–" : whole.format(value));

export function rate(value: number | null | undefined): string {
  if (value == null) return "–";
  if (value === 0) return "0";
  return value < 10 ? value.toFixed(1) : whole.format(Math.round(value));
}

export function duration(us: number | null | undefined): string {
  if (us == null) return "–";
  if (us < 1_000) return `${Math.round(us)} µs`;
  if (us < 1_000_000) return `${(us / 1_000).toFixed(us < 10_000 ? 2 : 1)} ms`;
  if (us < 60_000_000) return `${(us / 1_000_000).toFixed(2)} s`;
  return `${(us / 60_000_000).toFixed(1)} min`;
}

/** Microseconds since 1970: JavaScript's own dates know only thousandths of a second. */
export function micros(time: string): number {
  const match = /^(.*T\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(time);
  if (!match) return Number.NaN;
  const fraction = (match[2] ?? "").padEnd(6, "0").slice(0, 6);
  return Date.parse(`${match[1]}Z`) * 1_000 + Number(fraction);
}

/** `14:03:28.123`, in UTC. */
export const clock = (time: string): string => {
  const at = time.slice(11).replace("Z", "");
  const [seconds, fraction = ""] = at.split(".");
  return `${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}`;
};

/** The clock, and the day before it unless that is today's. */
export const brief = (time: string, today: string): string =>
  time.slice(0, 10) === today ? clock(time) : `${time.slice(0, 10)} ${clock(time)}`;

/** `2026-11-29 14:03:28.123`, in UTC. */
export const moment = (time: string | null | undefined): string =>
  time == null ? "–" : `${time.slice(0, 10)} ${clock(time)}`;

/** Where in the program, without the way to there: what is left is enough to know it. */
export const place = (place: string): string => place.split("/").slice(-2).join("/");

/** A value on one line, as Rust would write it, cut where the line ends anyway. */
export function line(value: unknown, most = 400, masked = false): string {
  let text = "";
  const put = (more: string) => {
    text += more;
    return text.length < most;
  };
  const write = (value: unknown, depth: number): boolean => {
    if (value !== null && typeof value === "object" && depth >= DEEP) return put("…");
    if (Array.isArray(value)) {
      if (!put("[")) return false;
      for (const [at, item] of value.entries()) {
        if (at > 0 && !put(", ")) return false;
        if (!write(item, depth + 1)) return false;
      }
      return put("]");
    }
    if (value !== null && typeof value === "object") {
      const entries = Object.entries(value);
      if (entries.length === 0) return put("{}");
      if (!put(depth === 0 ? "" : "{ ")) return false;
      for (const [at, [name, item]] of entries.entries()) {
        if (!put(`${at > 0 ? ", " : ""}${name}: `)) return false;
        if (!write(item, depth + 1)) return false;
      }
      return depth === 0 || put(" }");
    }
    return put(masked && value === MASK ? MASK : JSON.stringify(value) ?? "–");
  };
  write(value, 0);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

interface Shown {
  data: unknown;
  masked?: boolean;
  cut?: { text: string } | undefined;
  shown?: string | undefined;
  hidden?: string | undefined;
  base64?: string | undefined;
  codec?: string | undefined;
  unreadable?: string | undefined;
}

/** The data of an event on one line, or why there is none. */
export function dataLine(event: Shown): string {
  if (event.cut) return `${event.cut.text.slice(0, 400)}…`;
  if (event.shown !== undefined) return event.shown.slice(0, 400);
  if (event.hidden !== undefined) return "hidden: what is to be masked is not known";
  if (event.base64 !== undefined) return `${event.codec ?? "raw"}, base64 ${event.base64.slice(0, 200)}`;
  if (event.unreadable !== undefined) return `unreadable: ${event.unreadable.slice(0, 300)}`;
  return line(event.data, 400, event.masked);
}
