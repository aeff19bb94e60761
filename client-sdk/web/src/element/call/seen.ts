/**
 * What has changed since the reader's last visit, place by place: net, with who did it.
 *
 * In: changes in their order. Out: marks to show at a field (`due` of `milestones/ms-05` was Feb 20) or an item (new).
 * What is always true: what was changed and changed back is no mark; the old value is that of the last visit.
 */

import type { Change } from '../../machine.js';

/** What happened to one field. */
export interface Mark {
  readonly old: unknown;
  readonly new: unknown;
  /** Who did it, ids of people, the last one last. */
  readonly actors: readonly string[];
  /** When it was last changed. */
  readonly time: string;
  readonly reason?: string;
}

/** What the data of a change says. */
export type ChangeData = Change['data'];

const NONE: ReadonlyMap<string, Mark> = new Map();

/** The marks of a plan. */
export class Seen {
  readonly #fields = new Map<string, Map<string, Mark>>();
  readonly #added = new Map<string, Mark>();
  readonly #ids = new Set<string>();
  readonly #versions = new Map<string, number>();
  /** How many changes have been taken in. */
  taken = 0;

  /** Takes in a change; one that was there before is passed over. */
  take(change: Change): void {
    if (this.#ids.has(change.id)) return;
    this.#ids.add(change.id);
    const { data } = change;
    if (!data.entity || change.type.startsWith('plansync.derived')) return;
    const subject = data.entity === 'meta' ? 'meta' : `${data.entity}/${data.id}`;
    const mark: Mark = {
      old: data.old,
      new: data.new,
      actors: change.actor ? [change.actor] : [],
      time: change.time,
      ...(data.reason ? { reason: data.reason } : {}),
    };
    this.taken += 1;
    this.#versions.set(subject, this.version(subject) + 1);
    if (change.type.endsWith('.added')) this.#added.set(subject, mark);
    else if (change.type.endsWith('.removed')) this.#added.delete(subject);
    else if (data.field) this.#fold(subject, data.field, mark);
  }

  #fold(subject: string, field: string, mark: Mark): void {
    const fields = this.#fields.get(subject) ?? new Map<string, Mark>();
    this.#fields.set(subject, fields);
    const before = fields.get(field);
    const old = before ? before.old : mark.old;
    if (JSON.stringify(old ?? null) === JSON.stringify(mark.new ?? null)) {
      fields.delete(field);
      if (fields.size === 0) this.#fields.delete(subject);
      return;
    }
    const actors = [...new Set([...(before?.actors ?? []), ...mark.actors])];
    fields.set(field, { ...mark, old, actors });
  }

  /** The mark of a field. */
  field(subject: string, field: string): Mark | undefined {
    return this.#added.has(subject) ? undefined : this.#fields.get(subject)?.get(field);
  }

  /** The marks of an entity that was there before, by field. */
  fields(subject: string): ReadonlyMap<string, Mark> {
    return (this.#added.has(subject) ? undefined : this.#fields.get(subject)) ?? NONE;
  }

  /** Whether the entity came in since. */
  added(subject: string): Mark | undefined {
    return this.#added.get(subject);
  }

  /** Whether anything of the entity is different. */
  has(subject: string): boolean {
    return this.#added.has(subject) || this.#fields.has(subject);
  }

  /** Another number whenever a mark of the entity is another. */
  version(subject: string): number {
    return this.#versions.get(subject) ?? 0;
  }

  /** What is marked: `tasks/ca-1`. */
  get subjects(): string[] {
    return [...this.#added.keys(), ...this.#fields.keys()];
  }

  /** How many places are marked. */
  get size(): number {
    return this.#added.size + this.#fields.size;
  }
}
