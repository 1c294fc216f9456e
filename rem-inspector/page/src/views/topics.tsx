import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api.ts";
import { count, rate } from "../format.ts";
import { useAsked, useEvery, useLive } from "../hooks.ts";
import type { Topic, Topics } from "../model.ts";
import { Chart } from "../parts/chart.tsx";
import { Grid, type Column } from "../parts/grid.tsx";
import { PatternInput } from "../parts/pattern.tsx";
import { Problem } from "../parts/problem.tsx";
import { Spark } from "../parts/spark.tsx";
import { go, refine, type Route } from "../route.ts";
import { addSeries, depthFor, grow, patternOf, visible, type Node, type Order } from "../tree.ts";

const MOST = 10_000;
/** How soon a journal that is being counted is asked again. */
const COUNTING_MS = 500;

/** The tree of topics: what is published, how fast, and whether anybody hears it. */
export function TopicsView({ route }: { route: Route }) {
  const live = useLive();
  const pattern = route.params["pattern"] ?? "**";
  const order = (route.params["order"] ?? "topic") as Order;
  const asked = useAsked((signal) => get<Topics>("topics", { pattern, limit: MOST }, signal), [pattern, live.shape]);
  // Nothing more comes to a journal: what it has is counted, and the lines are of all its time.
  const isPast = live.about?.source.kind === "journal" && live.sourceNow() === "bus";
  const counting = asked.value?.counting ?? null;
  useEffect(() => {
    if (!counting) return;
    const timer = setTimeout(asked.again, COUNTING_MS);
    return () => clearTimeout(timer);
  }, [asked.value]);
  // Series are the server's: what the stream says between two of its answers is put upon them.
  useEvery(30_000, () => isPast || asked.again());
  const topics = useFresh(asked.value, isPast);
  const tree = useMemo(() => grow(topics, order), [topics, order]);

  const [turned, setTurned] = useState<ReadonlyMap<string, boolean>>(new Map());
  const depth = useMemo(() => depthFor(tree, 40), [tree.length, asked.value?.total]);
  const isOpen = (node: Node) => turned.get(node.path) ?? node.depth < depth;
  const nodes = visible(tree, isOpen);
  const [active, setActive] = useState(-1);
  const turn = (node: Node, open: boolean) => setTurned(new Map(turned).set(node.path, open));
  const events = (node: Node) => go("events", { pattern: patternOf(node) });

  const by = (next: Order): Column["sort"] => ({
    order: order !== next ? "none" : next === "topic" ? "ascending" : "descending",
    by: () => refine({ order: next }),
  });
  const columns: Column[] = [
    { name: "Topic", sort: by("topic") as NonNullable<Column["sort"]> },
    { name: "Per second", right: true, sort: by("rate") as NonNullable<Column["sort"]> },
    { name: isPast ? "All its time" : "Last minute" },
    { name: "Published", right: true, sort: by("published") as NonNullable<Column["sort"]> },
    { name: "Heard by", right: true, hint: isPast ? "To a journal nobody listens" : "Subscriptions that would have such an event now" },
    { name: "Declared by" },
  ];
  const all = (open: boolean) => setTurned(new Map(every(tree).map((node) => [node.path, open])));
  const unpublished = asked.value?.unpublished ?? [];
  return (
    <div class="view topics-view">
      <div class="bar">
        <PatternInput label="Pattern" value={pattern} onChange={(pattern) => refine({ pattern })} />
        <span class="push" />
        <button type="button" onClick={() => all(true)}>Open all</button>
        <button type="button" onClick={() => all(false)}>Close all</button>
      </div>
      {isPast
        ? <Chart label={`All events: ${count(asked.value?.series.reduce((sum, more) => sum + more, 0))}, by their times`} points={over(asked.value)} times height={88} />
        : <Chart label={`All events: ${rate(live.rate)} a second`} points={live.points} times height={88} />}
      {asked.error ? <Problem error={asked.error} again={asked.again} /> : null}
      <Grid
        id="topics"
        kind="treegrid"
        label="Topics"
        columns={columns}
        count={nodes.length}
        active={active}
        onActive={setActive}
        onOpen={(row) => nodes[row] && events(nodes[row])}
        onSide={(row, right) => {
          const node = nodes[row];
          if (!node) return;
          if (node.children.length > 0 && isOpen(node) !== right) turn(node, right);
          else if (right && node.children.length > 0) setActive(row + 1);
          else if (!right) setActive(Math.max(0, nodes.findLastIndex((above, at) => at < row && above.depth < node.depth)));
        }}
        level={(row) => {
          const node = nodes[row];
          if (!node) return { level: 1 };
          return node.children.length > 0 ? { level: node.depth, expanded: isOpen(node) } : { level: node.depth };
        }}
        tone={(row) => (nodes[row]?.topic === null ? "inner" : "")}
        empty={asked.asking ? "Asking…" : asked.error ? "" : pattern === "**" ? "Nothing was published yet." : `No topic is selected by ${pattern}.`}
      >
        {(row) => {
          const node = nodes[row];
          if (!node) return [];
          return [
            <Name key="name" node={node} open={isOpen(node)} turn={() => turn(node, !isOpen(node))} />,
            rate(node.rate),
            <Spark key="spark" series={node.series} />,
            count(node.published),
            isPast ? "" : heard(node),
            node.topic?.declared_by.map(({ type, variant }) => `${type}::${variant}`).join(", ") ?? "",
          ];
        }}
      </Grid>
      <div class="foot dim">
        <span>{count(asked.value?.total)} topics</span>
        <span>{count(live.published)} events published</span>
        {counting ? <span class="warn" role="status">counting: {count(counting.counted)} of {count(counting.of)} events</span> : null}
        {(asked.value?.others ?? 0) > 0 ? <span class="warn">{count(asked.value?.others)} events are of topics that are not shown: there are too many</span> : null}
        {(asked.value?.total ?? 0) > MOST ? <span class="warn">the first {count(MOST)} are shown: narrow the pattern</span> : null}
        <span class="push" />
        <span>Enter or click: its events. ← →: close and open</span>
      </div>
      {unpublished.length > 0 ? (
        <details class="unpublished" open={unpublished.length <= 6}>
          <summary>Declared, and never published ({unpublished.length})</summary>
          <ul>
            {unpublished.map(({ topic, type, variant, doc, heard_by }) => (
              <li key={`${type}::${variant}`}>
                <span class="mono">{topic}</span> <span class="dim mono">{type}::{variant}</span>{" "}
                <span class="dim">{doc} {heard_by.length === 0 ? "Nobody would hear it." : `Heard by ${heard_by.length}.`}</span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}

function Name({ node, open, turn }: { node: Node; open: boolean; turn: () => void }) {
  const isTree = node.children.length > 0;
  return (
    <span class="tree" style={{ paddingLeft: `${(node.depth - 1) * 14}px` }}>
      {isTree ? (
        <span class="turn" aria-hidden="true" onClick={(event) => { event.stopPropagation(); turn(); }}>{open ? "▾" : "▸"}</span>
      ) : <span class="turn" aria-hidden="true" />}
      <span title={node.path}>{node.name}</span>
      {isTree && !open ? <span class="dim"> {node.topics}</span> : null}
    </span>
  );
}

function heard(node: Node) {
  const { topic } = node;
  if (topic) return topic.heard_by.length === 0 ? <span class="warn">nobody</span> : count(topic.heard_by.length);
  return node.unheard > 0 ? <span class="warn">{node.unheard} unheard</span> : "";
}

const every = (nodes: readonly Node[]): Node[] => nodes.flatMap((node) => [node, ...every(node.children)]);

/** How many a second there were in each part of a journal's time. */
function over(answer: Topics | null): [number, number][] {
  if (!answer) return [];
  const [end, step] = [Date.parse(answer.at) / 1_000, answer.step_us / 1e6];
  return answer.series.map((events, at) => [end - (answer.series.length - at) * step, events / step]);
}

/** The answer, with what the stream told since. */
function useFresh(answer: Topics | null, isPast: boolean): Topic[] {
  const live = useLive();
  const [topics, set] = useState<Topic[]>([]);
  useEffect(() => set(answer?.topics ?? []), [answer]);
  useEffect(() => {
    if (live.beats === 0 || isPast) return;
    set((topics) => topics.map((topic) => {
      const newly = live.newly.get(topic.topic) ?? 0;
      const published = live.topics.get(topic.topic)?.[0] ?? topic.published;
      return { ...topic, published: Math.max(published, topic.published), rate: newly, series: addSeries([...topic.series, newly], []).slice(-60) };
    }));
  }, [live.beats]);
  return topics;
}
