import type { Replay } from "./model.ts";

/** The replays that there are, as far as the page knows: the stream tells them in order, and answers may come late. */
export class Replays {
  private all = new Map<string, Replay>();

  get list(): Replay[] {
    return [...this.all.values()];
  }

  has(id: string): boolean {
    return this.all.has(id);
  }

  /** The stream's word: it tells again what has changed since. */
  told(replay: Replay) {
    this.all.set(replay.id, replay);
  }

  /** An answer, which the stream may have overtaken: one that is played at once is over before its begin is answered. */
  answered(replay: Replay) {
    const known = this.all.get(replay.id);
    if (known === undefined || known.changes < replay.changes) this.all.set(replay.id, replay);
  }

  /** All that there are. */
  keep(ids: readonly string[]) {
    for (const id of this.all.keys()) {
      if (!ids.includes(id)) this.all.delete(id);
    }
  }

  forget(id: string) {
    this.all.delete(id);
  }
}
