import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api.ts";
import { useAsked, useSettled } from "../hooks.ts";
import { count } from "../format.ts";
import type { Meaning } from "../model.ts";

interface Props {
  label: string;
  value: string;
  onChange: (pattern: string) => void;
}

/** A pattern as it is typed: the program's parser says what it means, and it holds when it is one. */
export function PatternInput({ label, value, onChange }: Props) {
  const [text, setText] = useState(value);
  const at = useRef<HTMLInputElement>(null);
  // From elsewhere: a click on a topic, a step back.
  const told = useRef(value);
  useEffect(() => {
    if (value !== told.current) setText(value);
    told.current = value;
  }, [value]);
  const settled = useSettled(text.trim() === "" ? "**" : text.trim(), 200);
  const { value: meaning, error } = useAsked((signal) => get<Meaning>("pattern", { pattern: settled }, signal), [settled]);
  const accept = (pattern: string) => {
    told.current = pattern;
    onChange(pattern);
  };
  useEffect(() => {
    if (meaning?.valid && settled !== (value || "**")) accept(settled);
  }, [meaning]);

  const wrong = meaning?.error ?? null;
  const says = error ? error.message
    : wrong ? wrong.message
    : meaning === null ? ""
    : settled === "**" ? "every topic"
    : meaning.selects > 0 ? `${count(meaning.selects)} ${meaning.selects === 1 ? "topic" : "topics"}`
    : meaning.declares.length > 0 ? `no topic yet; declared: ${meaning.declares.slice(0, 3).join(", ")}`
    : meaning.nearest.length > 0 ? `no topic; the nearest: ${meaning.nearest.join(", ")}`
    : "no topic";
  return (
    <div class="pattern">
      <label>
        <span>{label}</span>
        <input
          ref={at}
          class="mono"
          data-focus="filter"
          value={text}
          placeholder="**"
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          aria-invalid={wrong !== null}
          aria-describedby="pattern-says"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && at.current?.blur()}
        />
      </label>
      {text !== "" && text !== "**" ? (
        <button type="button" class="quiet" aria-label="Clear the pattern" onClick={() => { setText(""); accept("**"); at.current?.focus(); }}>✕</button>
      ) : null}
      <span id="pattern-says" role="status" class={wrong || error ? "bad" : "dim"}>{says}</span>
      {wrong?.caret ? <pre class="caret bad">{wrong.caret}</pre> : null}
    </div>
  );
}
