import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api.ts";
import { live } from "./live.ts";

/** Shows again when something came. */
export function useLive() {
  const [, again] = useState(0);
  useEffect(() => live.subscribe(() => again((times) => times + 1)), []);
  return live;
}

export interface Asked<T> {
  value: T | null;
  error: ApiError | null;
  /** Whether an answer is waited for. */
  asking: boolean;
  again: () => void;
}

/** What an API call gives, asked anew when `keys` change; the answer before is shown until the new one is there. */
export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[], fresh = false): Asked<T> {
  const [state, set] = useState<{ value: T | null; error: ApiError | null; asking: boolean }>({ value: null, error: null, asking: true });
  const [times, again] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    set((state) => ({ ...state, value: fresh ? null : state.value, asking: true }));
    ask(abort.signal).then(
      (value) => abort.signal.aborted || set({ value, error: null, asking: false }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const told = error instanceof ApiError ? error : new ApiError(0, { kind: "broken", message: String(error) });
        set({ value: null, error: told, asking: false });
      },
    );
    return () => abort.abort();
  }, [...keys, times]);
  return { ...state, again: useCallback(() => again((times) => times + 1), []) };
}

/** A value that has stood still for so long. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, set] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => set(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** Calls every so many milliseconds, as long as the page is seen. */
export function useEvery(ms: number, then: () => void) {
  const last = useRef(then);
  last.current = then;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || last.current(), ms);
    return () => clearInterval(timer);
  }, [ms]);
}
