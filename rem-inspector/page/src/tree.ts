import type { Topic } from "./model.ts";

/** Topics as the tree that their dots make. */
export interface Node {
  name: string;
  /** From the root to here. */
  path: string;
  depth: number;
  topic: Topic | null;
  published: number;
  rate: number | null;
  series: number[];
  topics: number;
  /** Topics here and below that nobody hears. */
  unheard: number;
  children: Node[];
}

const made = (name: string, path: string, depth: number): Node => ({
  name, path, depth, topic: null, published: 0, rate: null, series: [], topics: 0, unheard: 0, children: [],
});

export type Order = "topic" | "published" | "rate";

/** Adds the newest to the newest, whatever their lengths. */
export function addSeries(sum: number[], more: readonly number[]): number[] {
  const long = Math.max(sum.length, more.length);
  return Array.from({ length: long }, (_, at) => (sum[sum.length - long + at] ?? 0) + (more[more.length - long + at] ?? 0));
}

export function grow(topics: readonly Topic[], order: Order): Node[] {
  const root = made("", "", 0);
  const known = new Map<string, Node>([["", root]]);
  for (const topic of topics) {
    let node = root;
    let path = "";
    for (const name of topic.topic.split(".")) {
      path = path === "" ? name : `${path}.${name}`;
      let child = known.get(path);
      if (!child) {
        child = made(name, path, node.depth + 1);
        known.set(path, child);
        node.children.push(child);
      }
      node = child;
    }
    node.topic = topic;
  }
  sum(root);
  sort(root, order);
  return root.children;
}

function sum(node: Node) {
  const { topic } = node;
  if (topic) {
    node.published = topic.published;
    node.rate = topic.rate;
    node.series = topic.series;
    node.topics = 1;
    node.unheard = topic.heard_by.length === 0 ? 1 : 0;
  }
  for (const child of node.children) {
    sum(child);
    node.published += child.published;
    node.topics += child.topics;
    node.unheard += child.unheard;
    if (child.rate !== null) node.rate = (node.rate ?? 0) + child.rate;
    node.series = addSeries(node.series, child.series);
  }
}

function sort(node: Node, order: Order) {
  const by = (node: Node) => (order === "rate" ? (node.rate ?? 0) : node.published);
  node.children.sort((a, b) =>
    order === "topic" ? 0 : by(b) - by(a) || (a.name < b.name ? -1 : 1));
  if (order === "topic") node.children.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const child of node.children) sort(child, order);
}

/** What of the tree is to be seen, from top to bottom. */
export function visible(nodes: readonly Node[], isOpen: (node: Node) => boolean): Node[] {
  const seen: Node[] = [];
  const walk = (nodes: readonly Node[]) => {
    for (const node of nodes) {
      seen.push(node);
      if (node.children.length > 0 && isOpen(node)) walk(node.children);
    }
  };
  walk(nodes);
  return seen;
}

/** How deep a tree is opened at first: as deep as there is a screenful. */
export function depthFor(nodes: readonly Node[], rows: number): number {
  for (let depth = 8; depth > 1; depth -= 1) {
    if (visible(nodes, (node) => node.depth < depth).length <= rows) return depth;
  }
  return 1;
}

/** The pattern that selects a node and what is below it. */
export const patternOf = (node: Node): string => (node.children.length > 0 ? `${node.path}.**` : node.path);
