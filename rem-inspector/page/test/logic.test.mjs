// What the page works out by itself: times, trees, stories, and what is kept of a feed.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { runnerImport } from "vite";

const load = async (name) => {
  const { module } = await runnerImport(fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url)), { configFile: false, logLevel: "error" });
  return module;
};
const [format, tree, feed, story, past, route, replays] = await Promise.all(["format", "tree", "feed", "story", "history", "route", "replays"].map(load));

const event = (sequence, more = {}) => ({
  sequence, id: `e${sequence}`, topic: "order.placed", time: "2026-11-29T14:03:28.000100Z", causation: null, correlation: "e1", data: null, ...more,
});

test("numbers and times have one form each", () => {
  for (const [us, text] of [[null, "–"], [0, "0 µs"], [999, "999 µs"], [1_500, "1.50 ms"], [15_000, "15.0 ms"], [2_500_000, "2.50 s"], [90_000_000, "1.5 min"]]) {
    assert.equal(format.duration(us), text);
  }
  for (const [rate, text] of [[null, "–"], [0, "0"], [0.25, "0.3"], [9.96, "10.0"], [2_004.4, "2,004"]]) assert.equal(format.rate(rate), text);
  assert.equal(format.clock("2026-11-29T14:03:28Z"), "14:03:28.000");
  assert.equal(format.clock("2026-11-29T14:03:28.123456789Z"), "14:03:28.123");
  assert.equal(format.brief("2026-11-29T14:03:28Z", "2026-11-30"), "2026-11-29 14:03:28.000");
  assert.equal(format.micros("2026-11-29T14:03:28.123456Z") - format.micros("2026-11-29T14:03:28Z"), 123_456);
  assert.ok(Number.isNaN(format.micros("yesterday")));
});

test("a value is one line, cut where it is long, and its masks are told from texts", () => {
  assert.equal(format.line({ a: [1, { b: "x" }], c: {} }), 'a: [1, { b: "x" }], c: {}');
  assert.equal(format.line("x".repeat(1_000)).length, 401);
  assert.equal(format.line(Array.from({ length: 100_000 }, (_, at) => at), 50).length, 51);
  let deep = 0;
  for (let at = 0; at < 50; at += 1) deep = { deep };
  assert.ok(format.line(deep).length < 401);
  assert.equal(format.dataLine({ data: { card: "[redacted]" }, masked: true }), "card: [redacted]");
  assert.equal(format.dataLine({ data: { card: "[redacted]" }, masked: false }), 'card: "[redacted]"');
  assert.match(format.dataLine({ data: null, hidden: "…" }), /^hidden/);
});

test("topics become a tree that adds up", () => {
  const topic = (topic, published, series, heard_by = [1]) => ({ topic, published, rate: series.at(-1) ?? null, series, heard_by, declared_by: [] });
  const topics = [topic("a.x", 3, [1, 2]), topic("a.x.y", 4, [4], []), topic("a.b", 5, [0, 5]), topic("b", 100, [])];
  const roots = tree.grow(topics, "topic");
  assert.deepEqual(roots.map(({ path, published, topics, unheard }) => [path, published, topics, unheard]), [["a", 12, 3, 1], ["b", 100, 1, 0]]);
  const [a] = roots;
  assert.deepEqual(a.series, [1, 11]);
  assert.equal(a.rate, 11);
  assert.deepEqual(a.children.map(({ name }) => name), ["b", "x"]);
  assert.equal(a.children[1].topic.topic, "a.x", "a topic that others lie below is both");
  assert.deepEqual(tree.grow(topics, "published").map(({ name }) => name), ["b", "a"]);
  assert.deepEqual(tree.grow(topics, "rate").map(({ name }) => name), ["a", "b"]);
  assert.equal(tree.visible(roots, () => false).length, 2);
  assert.equal(tree.visible(roots, () => true).length, 5);
  assert.equal(tree.depthFor(roots, 4), 2);
  assert.equal(tree.patternOf(a), "a.**");
  assert.equal(tree.patternOf(a.children[0]), "a.b");
});

test("a feed keeps the newest, counts what went, and takes nothing twice", () => {
  const kept = new feed.Feed(100);
  for (let sequence = 1; sequence <= 1_000; sequence += 1) kept.event(event(sequence));
  kept.event(event(1_000));
  assert.ok(kept.rows.length >= 100 && kept.rows.length <= 125, String(kept.rows.length));
  assert.equal(kept.dropped + kept.rows.length, 1_000);
  assert.equal(kept.rows.at(-1).event.sequence, 1_000);
  kept.sampled({ from: 1_001, to: 2_000, sent: 1, left_out: 999, matched: 51 });
  assert.deepEqual([kept.leftOut, kept.exact, kept.rows.at(-1).leftOut], [50, true, 50]);
  kept.sampled({ from: 2_001, to: 3_000, sent: 0, left_out: 1_000, matched: null });
  assert.deepEqual([kept.leftOut, kept.exact, kept.rows.at(-1).exact], [1_050, false, false]);
  kept.gap({ from: 1, to: 2, why: "gone" });
  kept.sampled({ from: 3_001, to: 3_001, sent: 0, left_out: 1, matched: 0 });
  assert.equal(kept.rows.at(-1).kind, "gap");
});

test("a story is a forest: what a handler published while it ran stands below it", () => {
  const handling = (begun, took_us, more = {}) => ({ subscription: 1, pattern: "**", place: "", delivery: "inline", outcome: "done", took_us, begun, attempt: 1, error: null, measured: true, ...more });
  const at = (micros) => `2026-11-29T14:03:28.${String(micros).padStart(6, "0")}Z`;
  const events = [event(1, { time: at(100) }), event(2, { time: at(150), causation: "e1" }), event(3, { time: at(900), causation: "e1" }), event(4, { time: at(950), causation: "gone" })];
  const told = story.layout({
    event: "e1", correlation: "e1", events, edges: [{ cause: "e1", effect: "e2" }, { cause: "e1", effect: "e3" }], ancestors: [], descendants: [], missing: ["gone"],
    handlings: { e1: [handling(at(120), 50), handling(at(800), 10, { outcome: "panicked" })] }, complete: true,
  });
  const seen = told.rows.map(({ kind, id, rails, failed }) => `${"  ".repeat(rails.length)}${kind} ${id}${failed ? " failed" : ""}`);
  assert.deepEqual(seen, ["event e1", "  handling e1", "    event e2", "  handling e1 failed", "  event e3", "missing gone", "  event e4"]);
  assert.deepEqual([told.failures, told.long, told.rows[0].begin], [1, 850, 0]);
  const [backdated] = story.layout({
    event: "e1", correlation: "e1", events: [event(1, { time: "2013-01-01T00:00:00Z" })], edges: [], ancestors: [], descendants: [], missing: [],
    handlings: { e1: [handling(at(120), 50)] }, complete: true,
  }).rows;
  assert.equal(backdated.begin, 0, "a time that the program gave is not compared with the clock");
});

test("a moment is a number or a time", () => {
  assert.equal(past.parse(" now "), "now");
  assert.deepEqual(past.parse("17"), { sequence: 17 });
  assert.deepEqual(past.parse("2026-11-29"), { time: "2026-11-29T00:00:00Z" });
  assert.deepEqual(past.parse("2026-11-29 14:03"), { time: "2026-11-29T14:03:00Z" });
  assert.deepEqual(past.parse("2026-11-29T14:03:28.5Z"), { time: "2026-11-29T14:03:28.5Z" });
  for (const text of ["-1", "2026-13-45", "soon", "12:00"]) assert.equal(past.parse(text), null, text);
  const series = [[1, "2026-11-29T14:00:00Z"], [101, "2026-11-29T14:00:10Z"], [201, "2026-11-29T14:00:10Z"]];
  assert.equal(past.written(past.about(series, 51)), "2026-11-29T14:00:05.000Z");
  assert.equal(past.about([], 1), null);
  assert.deepEqual(past.density(series), { points: [[101, 10]], unit: "second" });
  assert.equal(past.density([[1, "2026-11-29T14:00:00Z"], [2, "2026-11-29T14:00:30Z"]]).unit, "minute");
});

test("an address is read as it was written", () => {
  const there = { view: "events", params: { pattern: "a.{id}.**", search: "<b>&=" } };
  assert.deepEqual(route.read(route.write(there)), there);
  assert.deepEqual(route.read("#nowhere"), { view: "topics", params: {} });
  assert.equal(route.write({ view: "time", params: { at: "" } }), "#time");
});

test("an answer that the stream has overtaken changes nothing", () => {
  const known = new replays.Replays();
  const replay = (id, changes, state) => ({ id, changes, state });
  known.told(replay("replay-1", 3, "done"));
  known.answered(replay("replay-1", 0, "running"));
  assert.deepEqual(known.list, [replay("replay-1", 3, "done")]);
  known.answered(replay("replay-2", 0, "running"));
  known.answered(replay("replay-2", 2, "paused"));
  assert.deepEqual(known.list.map(({ state }) => state), ["done", "paused"]);
  // Another run of the program begins to count anew, and the stream is right.
  known.told(replay("replay-1", 1, "running"));
  known.keep(["replay-1"]);
  assert.deepEqual(known.list, [replay("replay-1", 1, "running")]);
  assert.ok(known.has("replay-1") && !known.has("replay-2"));
  known.forget("replay-1");
  assert.deepEqual(known.list, []);
});
