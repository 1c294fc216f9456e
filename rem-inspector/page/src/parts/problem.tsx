import type { ApiError } from "../api.ts";

/** What went wrong, where, and how to mend it: the program's own words. */
export function Problem({ error, again }: { error: ApiError; again?: () => void }) {
  return (
    <div class="problem" role="alert">
      <p>{error.message}</p>
      {error.caret ? <pre>{error.caret}</pre> : null}
      {again && error.kind !== "token" ? <button type="button" onClick={again}>Try again</button> : null}
    </div>
  );
}
