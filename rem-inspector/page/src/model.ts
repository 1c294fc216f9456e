// The values of the API, as rem-inspector/API.md says.

export interface EventJson {
  sequence: number;
  id: string;
  topic: string;
  scope: number;
  time: string;
  source: string | null;
  key: string | null;
  metadata: Record<string, string>;
  causation: string | null;
  correlation: string;
  type: string | null;
  variant: string | null;
  version: number | null;
  data: unknown;
  masked: boolean;
  cut?: { bytes: number; text: string };
  shown?: string;
  hidden?: string;
  base64?: string;
  codec?: string;
  unreadable?: string;
}

export interface Range {
  from: number | null;
  to: number | null;
}

export interface Clients {
  attached: number;
  limit: number;
  cut: number;
  refused: number;
}

export interface About {
  title: string | null;
  version: string;
  source: { kind: string; prefix: string | null; live: boolean; closed: boolean; history: Range | null };
  projections: number;
  sandbox: boolean;
  clients: Clients;
  measures: boolean;
}

export interface Topic {
  topic: string;
  published: number;
  rate: number | null;
  series: number[];
  heard_by: number[];
  declared_by: { type: string; variant: string }[];
}

export interface Unpublished {
  topic: string;
  type: string;
  variant: string;
  doc: string;
  heard_by: number[];
}

export interface Topics {
  at: string;
  published: number;
  rate: number | null;
  series: number[];
  step_us: number;
  total: number;
  others: number;
  counting: { counted: number; of: number } | null;
  topics: Topic[];
  unpublished: Unpublished[];
}

export interface Field {
  name: string;
  type: string;
  doc: string;
  redacted: boolean;
}

export interface Types {
  types: { name: string; events: { variant: string; doc: string; fields: Field[] }[] }[];
}

export interface Events {
  events: EventJson[];
  complete: boolean;
  next: number | null;
  history: Range;
}

export interface Detail {
  event: EventJson;
  bytes: number;
  heard_by: { subscription: number; pattern: string; place: string }[];
  caused: number;
  story: number;
  complete: boolean;
  previous: number | null;
  next: number | null;
}

export interface ErrorBody {
  kind: string;
  message: string;
  caret?: string;
}

export interface Meaning {
  valid: boolean;
  error: ErrorBody | null;
  selects: number;
  topics: string[];
  declares: string[];
  nearest: string[];
}

export interface Handling {
  subscription: number;
  pattern: string;
  place: string;
  delivery: string;
  outcome: "done" | "failed" | "panicked" | "unknown";
  took_us: number | null;
  begun: string | null;
  attempt: number;
  error: string | null;
  measured: boolean;
}

export interface Story {
  event: string;
  correlation: string;
  events: EventJson[];
  edges: { cause: string; effect: string }[];
  ancestors: string[];
  descendants: string[];
  missing: string[];
  handlings: Record<string, Handling[]>;
  complete: boolean;
}

export interface Delivery {
  kind: string;
  capacity?: number;
  depth?: number;
  overflow?: string;
  concurrency?: number;
  running?: number;
  parked?: number;
  retrying?: number;
  retries?: number;
  dead_letters?: number;
}

export interface Subscription {
  id: number;
  pattern: string;
  type: string | null;
  prefix: string | null;
  place: string;
  delivery: Delivery;
  priority: number;
  lag: number;
  stats: {
    matched: number;
    delivered: number;
    deferred: number;
    dropped: number;
    failed: number;
    mismatched: number;
    missed: number;
  };
  durable: { name: string; position: number } | null;
  last_error: unknown;
  topics: number;
}

export interface Finding {
  kind: string;
  severity: "error" | "warning" | "info";
  subscription: number | null;
  topic: string | null;
  message: string;
  nearest?: string[];
}

export interface Subscriptions {
  subscriptions: Subscription[];
  middleware: { name: string; pattern: string; place: string; stopped: number; failed: number }[];
  children: string[];
  findings: Finding[];
}

export interface History {
  from: number | null;
  to: number | null;
  first: string | null;
  last: string | null;
  kept: number | null;
  let_go: number | null;
  durable: boolean;
  series: [number, string][];
}

export interface Moment {
  sequence: number | null;
  time: string | null;
  events: EventJson[];
  complete: boolean;
}

export interface Projections {
  projections: {
    name: string;
    type: string;
    status: string;
    error: string | null;
    position: number;
    last: number;
    skipped: number;
    missed: number;
  }[];
}

export interface Change {
  path: string;
  before?: unknown;
  after?: unknown;
}

export interface Difference {
  from: number;
  to: number;
  changes: Change[];
  complete?: boolean;
}

export interface Replay {
  id: string;
  /** How often it has changed: of two the one with more is the newer. */
  changes: number;
  state: "running" | "paused" | "done" | "stopped" | "failed";
  pattern: string;
  speed: number | null;
  read: number;
  of: number;
  done: number;
  time: string | null;
  replayed: number;
  skipped: number;
  failed: number;
  lost: number;
  error: string | null;
}

export interface Hello {
  position: number;
  history: Range | null;
  resumed: boolean;
}

export interface Sampled {
  from: number;
  to: number;
  sent: number;
  left_out: number;
  matched: number | null;
}

export interface Gap {
  from: number;
  to: number | null;
  why: string;
}

export interface Stats {
  at: string;
  published: number;
  rate: number | null;
  history?: Range | null;
  topics: [string, number, number][];
  /** Id, delivered, deferred, dropped, failed, depth, lag. */
  subscriptions: [number, number, number, number, number, number, number][];
  clients: Clients;
  shape: number;
}

export interface Failed {
  subscription: number;
  pattern: string;
  place: string;
  event: string;
  topic: string;
  error: string;
  panicked: boolean;
  time: string;
}
