import { address, getWhole, lookAt, sourceNow, type Params } from "./api.ts";
import { Feed } from "./feed.ts";
import type { About, Clients, EventJson, Failed, Gap, Hello, Range, Replay, Sampled, Stats } from "./model.ts";
import { Replays } from "./replays.ts";

/** How many events the page keeps, and how many points of the whole's rate. */
const KEPT = 5_000;
const POINTS = 300;
/** How often the page shows what came: not as often as it comes. */
const SHOW_MS = 100;
const RETRY_MS = 3_000;
/** The end of a history is told a little before the stream begins. */
const SLACK = 10;

export type State = "connecting" | "live" | "cut" | "refused" | "ended";

export interface Filter {
  pattern: string;
  search: string;
  rate: number;
}

const no = { pattern: "**", search: "", rate: 200 };

/** All that is live: one connection, and what it told. */
class Live {
  state: State = "connecting";
  /** What is to be said of the state. */
  note = "";
  /** When it was last cut off or told that it lagged; for the one who was away. */
  lagged: string | null = null;
  about: About | null = null;
  published: number | null = null;
  rate: number | null = null;
  history: Range | null = null;
  clients: Clients | null = null;
  shape = 0;
  /** Of each step of a second: when, and how many events. */
  points: [number, number][] = [];
  topics = new Map<string, [number, number]>();
  subscriptions = new Map<number, Stats["subscriptions"][number]>();
  failures: Failed[] = [];
  failuresUntold = 0;
  replays = new Replays();
  feed = new Feed(KEPT);
  /** Grows with every `stats`. */
  beats = 0;

  private stream: EventSource | null = null;
  /** The one that has last said hello: that one, or the one before it. */
  private opened: EventSource | null = null;
  private filter: Filter | null = null;
  private position: number | null = null;
  private listeners = new Set<() => void>();
  private showing: number | undefined;
  private retrying: number | undefined;

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Tells the views that something came, a few times a second at most. */
  private changed() {
    this.showing ??= window.setTimeout(() => {
      this.showing = undefined;
      for (const listener of this.listeners) listener();
    }, SHOW_MS);
  }

  /** Which events are wanted; `null` for none. What came before by another filter is let go. */
  want(filter: Filter | null, first: readonly EventJson[] = []) {
    this.filter = filter;
    this.feed = new Feed(KEPT);
    for (const event of first) this.feed.event(event);
    this.feed.received = 0;
    this.position = first.at(-1)?.sequence ?? null;
    this.connect();
    this.changed();
  }

  /** Looks at another source: nothing of the one before is kept. */
  look(source: string) {
    lookAt(source);
    this.forget();
    this.want(null);
  }

  private forget() {
    this.points = [];
    this.topics = new Map();
    this.subscriptions = new Map();
    this.failures = [];
    this.failuresUntold = 0;
    this.position = null;
    this.published = this.rate = this.history = null;
    this.shape += 1;
  }

  putReplays(...replays: Replay[]) {
    for (const replay of replays) this.replays.answered(replay);
    this.changed();
  }

  forgetReplay(id: string) {
    this.replays.forget(id);
    if (sourceNow() === id) this.look("bus");
    this.changed();
  }

  again() {
    window.clearTimeout(this.retrying);
    this.connect();
  }

  private params(): Params {
    const { filter } = this;
    if (!filter) return { none: true, stats: true };
    const { pattern, search, rate } = filter;
    return { pattern, search, rate, stats: true, after: this.position };
  }

  /** The connection before is closed when the new one is there, so that the program never sees nobody. */
  private connect() {
    window.clearTimeout(this.retrying);
    // Two at most: a browser opens few to one server, and what waits for one would wait for ever.
    if (this.stream !== this.opened) this.stream?.close();
    const stream = new EventSource(address("stream", this.params()));
    this.stream = stream;
    const closeBefore = () => {
      if (this.opened !== stream) this.opened?.close();
      this.opened = stream;
    };
    const on = <T>(name: string, then: (told: T) => void) =>
      stream.addEventListener(name, (message) => {
        if (this.stream !== stream) return;
        const id = Number(message.lastEventId);
        if (message.lastEventId !== "" && Number.isFinite(id)) this.position = id;
        then(JSON.parse(message.data) as T);
        this.changed();
      });
    on<Hello>("hello", (hello) => {
      closeBefore();
      const to = hello.history?.to;
      if (this.position !== null && to != null && to + SLACK < this.position) {
        // Another run of the program, whose numbers begin anew. To ask for what is behind ours would be to wait for it.
        this.forget();
        this.feed = new Feed(KEPT);
        this.position = 0;
        this.connect();
        return;
      }
      this.state = "live";
      this.note = "";
      this.history = hello.history;
      void this.askAbout();
    });
    on<EventJson>("event", (event) => this.feed.event(event));
    on<Sampled>("sampled", (sampled) => this.feed.sampled(sampled));
    on<Gap>("gap", (gap) => this.feed.gap(gap));
    on("position", () => undefined);
    on<Stats>("stats", (stats) => this.stats(stats));
    on<Failed & { more?: number }>("failed", (failed) => {
      if (failed.more !== undefined) this.failuresUntold += failed.more;
      else this.failures = [...this.failures.slice(-199), failed];
    });
    on<Replay>("replay", (replay) => this.replays.told(replay));
    on<{ ids: string[] }>("replays", ({ ids }) => this.replays.keep(ids));
    on<{ stalled_us: number }>("lagged", ({ stalled_us }) => {
      this.lagged = `This page did not read for ${Math.round(stalled_us / 1e6)} s and was cut off; it went on from where it was.`;
    });
    on<{ why: string }>("bye", ({ why }) => {
      stream.close();
      this.state = "ended";
      this.note = why;
      this.retry();
    });
    stream.onerror = () => {
      if (this.stream !== stream) return;
      closeBefore();
      if (this.state === "ended") return;
      this.state = "cut";
      this.note = "The connection is cut off; it is tried again, from where it was.";
      // A refusal ends an EventSource; a broken connection it takes up again by itself.
      if (stream.readyState === EventSource.CLOSED) void this.refused();
      this.changed();
    };
  }

  private async refused() {
    try {
      const answer = await fetch(address("stream", { ...this.params(), rate: 1 }), { headers: { accept: "application/json" } });
      if (answer.ok) await answer.body?.cancel();
      else {
        const body = (await answer.json()) as { error?: { message: string; kind: string } };
        this.state = "refused";
        this.note = answer.status === 401
          ? "This inspector lets in who has its token: open the address that the program printed."
          : body.error?.message ?? `The server answers ${answer.status}.`;
        if (body.error?.kind === "no_such_source") this.look("bus");
      }
    } catch {
      this.note = "The program does not answer; it is asked again.";
    }
    this.changed();
    this.retry();
  }

  private retry() {
    window.clearTimeout(this.retrying);
    this.retrying = window.setTimeout(() => this.connect(), RETRY_MS);
  }

  private async askAbout() {
    try {
      this.about = await getWhole<About>("about");
      document.title = this.about.title ? `${this.about.title} – REM inspector` : "REM inspector";
      this.changed();
    } catch {
      // The stream tells whether the program is there.
    }
  }

  private stats(stats: Stats) {
    const at = Date.parse(stats.at) / 1_000;
    if (stats.rate !== null) {
      this.points.push([at, stats.rate]);
      if (this.points.length > POINTS) this.points.shift();
    }
    this.beats += 1;
    this.published = stats.published;
    this.rate = stats.rate;
    if (stats.history !== undefined) this.history = stats.history;
    this.clients = stats.clients;
    this.shape = stats.shape;
    for (const [topic, published, newly] of stats.topics) this.topics.set(topic, [published, newly]);
    this.newly = new Map(stats.topics.map(([topic, , newly]) => [topic, newly]));
    for (const row of stats.subscriptions) this.subscriptions.set(row[0], row);
  }

  /** What came of each topic in the last second. */
  newly = new Map<string, number>();

  filterNow = () => this.filter ?? no;
  sourceNow = sourceNow;
}

export const live = new Live();
