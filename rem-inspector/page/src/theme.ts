import { useEffect, useState } from "preact/hooks";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "rem-inspector-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let chosen: Theme = THEMES.find((theme) => theme === kept()) ?? "system";

/** A page that may keep nothing is told nothing of it. */
function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function apply() {
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
  for (const listener of listeners) listener();
}

export function choose(theme: Theme) {
  chosen = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds until the page is closed.
  }
  apply();
}

dark.addEventListener("change", apply);
apply();

/** The choice, and what it comes to. */
export function useTheme(): string {
  const now = () => `${chosen}/${chosen === "system" ? (dark.matches ? "dark" : "light") : chosen}`;
  const [theme, set] = useState(now);
  useEffect(() => {
    const changed = () => set(now());
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
  return theme;
}

export const chosenNow = (): Theme => chosen;
