import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { MASK } from "../format.ts";

/** Children of one value that are shown at once. */
const PAGE = 100;

interface Props {
  name?: string | undefined;
  value: unknown;
  depth?: number;
  /** The fields at the top that the type marks: what is shown of them is not what they hold. */
  masked?: ReadonlySet<string> | undefined;
  anyMasked?: boolean | undefined;
}

/** JSON as a tree. Every text of it becomes a text node. */
export function Value({ name, value, depth = 0, masked, anyMasked }: Props) {
  const isTree = value !== null && typeof value === "object" && Object.keys(value).length > 0;
  if (!isTree) return <div class="leaf">{label(name)}<Leaf value={value} masked={anyMasked ?? false} /></div>;
  return <Branch name={name} value={value} depth={depth} masked={masked} anyMasked={anyMasked} />;
}

function Branch({ name, value, depth = 0, masked, anyMasked }: Props & { value: object }) {
  const [most, setMost] = useState(PAGE);
  const [isOpen, setOpen] = useState(depth < 2);
  const isArray = Array.isArray(value);
  const entries = Object.entries(value);
  const left = entries.length - most;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{label(name)}<span class="dim">{isArray ? `[${entries.length}]` : `{${entries.length}}`}</span></summary>
      {isOpen ? (
        <div class="branch">
          {entries.slice(0, most).map(([key, item]) =>
            masked?.has(key)
              ? <div class="leaf" key={key}>{label(key)}<Masked /></div>
              : <Value key={key} name={key} value={item} depth={depth + 1} anyMasked={anyMasked} />)}
          {left > 0 ? <button type="button" class="quiet" onClick={() => setMost(most + PAGE)}>{left} more</button> : null}
        </div>
      ) : null}
    </details>
  );
}

const label = (name: string | undefined): ComponentChildren => (name === undefined ? null : <><span class="name">{name}</span>: </>);

export function Masked() {
  return <span class="masked" title="The type marks this field as not for every eye">redacted</span>;
}

function Leaf({ value, masked }: { value: unknown; masked: boolean }) {
  if (masked && value === MASK) return <Masked />;
  if (typeof value === "string") return <span class="text">{JSON.stringify(value)}</span>;
  if (typeof value === "number") return <span class="number">{String(value)}</span>;
  return <span class="word">{JSON.stringify(value) ?? "–"}</span>;
}
