import type { Route } from "../route.ts";
export function TimeView({ route }: { route: Route }) {
  return <div class="view">{route.view}</div>;
}
