import { useEffect, useRef, useState } from "preact/hooks";
import { count, rate } from "./format.ts";
import { useLive } from "./hooks.ts";
import { go, useRoute, VIEWS, type View } from "./route.ts";
import { choose, chosenNow, THEMES, useTheme, type Theme } from "./theme.ts";
import { EventsView } from "./views/events.tsx";
import { StoryView } from "./views/story.tsx";
import { SubscriptionsView } from "./views/subscriptions.tsx";
import { TimeView } from "./views/time.tsx";
import { TopicsView } from "./views/topics.tsx";

const NAMES: Record<View, string> = { topics: "Topics", events: "Events", story: "Story", subscriptions: "Subscriptions", time: "Time" };

export function App() {
  const live = useLive();
  const route = useRoute();
  const help = useRef<HTMLDialogElement>(null);
  const kept = useRef<Partial<Record<View, Record<string, string>>>>({});
  kept.current[route.view] = route.params;
  const to = (view: View) => view !== route.view && go(view, kept.current[view] ?? {});

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const { target } = event;
      if (target instanceof HTMLInputElement && target.type !== "range" || target instanceof HTMLSelectElement) return;
      const view = VIEWS[Number(event.key) - 1];
      if (view) to(view);
      else if (event.key === "/") {
        const filter = document.querySelector<HTMLInputElement>("[data-focus=filter]");
        filter?.focus();
        filter?.select();
        event.preventDefault();
      } else if (event.key === "?") help.current?.showModal();
      else if (event.key === "l") document.querySelector<HTMLElement>("main [role=grid], main [role=treegrid]")?.focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });

  return (
    <>
      <header>
        <h1>{live.about?.title ?? "REM"}</h1>
        <nav aria-label="Views">
          {VIEWS.map((view, at) => (
            <button key={view} type="button" aria-current={view === route.view ? "page" : undefined} onClick={() => to(view)}>
              {NAMES[view]} <kbd aria-hidden="true">{at + 1}</kbd>
            </button>
          ))}
        </nav>
        <span class="push" />
        <SourceSelect />
        <span class="figures"><b>{rate(live.rate)}</b>/s <b>{count(live.published)}</b> published</span>
        <Connection />
        <ThemeSelect />
        <button type="button" aria-label="Keys" title="Keys (?)" onClick={() => help.current?.showModal()}>?</button>
      </header>
      <Notice />
      <main key={live.sourceNow()}>
        {route.view === "topics" ? <TopicsView route={route} />
          : route.view === "events" ? <EventsView route={route} />
          : route.view === "story" ? <StoryView route={route} />
          : route.view === "subscriptions" ? <SubscriptionsView route={route} />
          : <TimeView route={route} />}
      </main>
      <dialog ref={help} aria-label="Keys" onClick={(event) => event.target === help.current && help.current?.close()}>
        <h2>Keys</h2>
        <dl>
          {KEYS.map(([keys, what]) => <div key={keys}><dt><kbd>{keys}</kbd></dt><dd>{what}</dd></div>)}
        </dl>
        <p class="dim">REM {live.about?.version ?? ""}; {live.clients ? `${live.clients.attached} of ${live.clients.limit} clients` : ""}</p>
        <form method="dialog"><button>Close</button></form>
      </dialog>
    </>
  );
}

const KEYS: [string, string][] = [
  ["1 – 5", "the views"],
  ["/", "to the pattern; Escape leaves it"],
  ["l", "to the list"],
  ["↑ ↓ j k, PgUp PgDn, Home End", "from row to row"],
  ["← →", "close and open a topic"],
  ["Enter", "open the row: the events of a topic, the story of an event"],
  ["p", "pause the events, and go on"],
  ["Escape", "close what is open beside the list"],
  ["?", "this"],
];

/** What is looked at: the bus, or the sandbox of a replay. */
function SourceSelect() {
  const live = useLive();
  const source = live.sourceNow();
  const replays = live.replays.list;
  if (source === "bus" && replays.length === 0) return null;
  return (
    <label class={source === "bus" ? "" : "elsewhere"}>
      <span>Look at</span>
      <select value={source} onChange={(event) => live.look(event.currentTarget.value)}>
        <option value="bus">{live.about?.source.kind === "journal" ? "the journal" : "the bus"}</option>
        {replays.map(({ id, pattern }) => <option key={id} value={id}>{id}: {pattern}</option>)}
        {source !== "bus" && !live.replays.has(source) ? <option value={source}>{source}</option> : null}
      </select>
    </label>
  );
}

const SAID = { connecting: "connecting", live: "live", cut: "cut off", refused: "refused", ended: "ended" };

function Connection() {
  const live = useLive();
  return <span class={`state ${live.state}`} role="status"><i aria-hidden="true" />{SAID[live.state]}</span>;
}

/** What is to be known of the connection, and only then. */
function Notice() {
  const live = useLive();
  const [closed, close] = useState<string | null>(null);
  if (live.state === "cut" || live.state === "refused" || live.state === "ended") {
    const said = live.state === "ended" ? `The program has ended the stream: ${live.note}. It is asked again every few seconds.` : live.note;
    return <div class={`notice ${live.state}`} role="alert"><span>{said}</span><button type="button" onClick={() => live.again()}>Try now</button></div>;
  }
  if (live.lagged !== null && live.lagged !== closed) {
    return <div class="notice" role="alert"><span>{live.lagged}</span><button type="button" onClick={() => close(live.lagged)}>Close</button></div>;
  }
  return null;
}

function ThemeSelect() {
  useTheme();
  return (
    <label>
      <span class="hidden">Colours</span>
      <select value={chosenNow()} title="Colours" onChange={(event) => choose(event.currentTarget.value as Theme)}>
        {THEMES.map((theme) => <option key={theme} value={theme}>{theme}</option>)}
      </select>
    </label>
  );
}
