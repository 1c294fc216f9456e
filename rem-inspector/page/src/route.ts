import { useEffect, useState } from "preact/hooks";

export const VIEWS = ["topics", "events", "story", "subscriptions", "time"] as const;
export type View = (typeof VIEWS)[number];

/** Where the page is: in its address, so that it can be kept, sent and gone back to. */
export interface Route {
  view: View;
  params: Record<string, string>;
}

export function read(hash: string): Route {
  const [name = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const view = VIEWS.find((view) => view === name) ?? "topics";
  return { view, params: Object.fromEntries(new URLSearchParams(query)) };
}

export function write({ view, params }: Route): string {
  const given = Object.entries(params).filter(([, value]) => value !== "");
  const query = new URLSearchParams(given).toString();
  return `#${view}${query === "" ? "" : `?${query}`}`;
}

/** Goes there, by a step that the browser's button takes back. */
export function go(view: View, params: Record<string, string> = {}) {
  location.hash = write({ view, params });
}

/** Changes what the view is told, without a step. */
export function refine(params: Record<string, string>) {
  const route = read(location.hash);
  history.replaceState(null, "", write({ ...route, params: { ...route.params, ...params } }));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute(): Route {
  const [route, set] = useState(() => read(location.hash));
  useEffect(() => {
    const changed = () => set(read(location.hash));
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return route;
}
