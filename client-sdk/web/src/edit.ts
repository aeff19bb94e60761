/**
 * Typed edits: collected and checked first, then written in one transaction, or not at all.
 *
 * In: calls like `tx.tasks.set("ca-1", {due: "2026-03-01"})`. Out: flat keys in the document (`owners/b-cfo: true`,
 * `target.date`), texts changed by their smallest difference. What is always true: a value that stands there already is
 * not written again, since it would win over a concurrent edit; nothing that the server stamps is written; an entity is
 * created together with its texts, and never deleted, only marked as removed.
 */

import * as Y from 'yjs';
import {
  collectionOf,
  fieldNamed,
  fieldOf,
  isFlatKey,
  isGroup,
  isRanked,
  isShadow,
  textsOf,
  unfit,
  unfitId,
} from './check.js';
import { PlanError, type Malformed } from './error.js';
import { compareText, isRank, rankBetween, ranksBetween } from './rank.js';
import { entityMap } from './read.js';
import {
  COLLECTIONS,
  LIMITS,
  type CollectionName,
  type CollectionSchema,
  type EntityEdits,
  type Field,
  type MetaEdit,
} from './schema.js';
import { replaceText } from './text.js';

/** Where an entity is to stand. One of `before`, `after`, `first` and `last`, or none for the end of the group. */
export interface Place {
  /** Just before this one, within the same milestone (or phase) as this one. */
  before?: string;
  /** Just after this one, within the same milestone (or phase) as this one. */
  after?: string;
  /** At the beginning of its collection, or of the milestone (or phase) given with it. */
  first?: true;
  /** At the end of its collection, or of the milestone (or phase) given with it. */
  last?: true;
  /** The milestone of a task; `null` for none. */
  milestone?: string | null;
  /** The phase of a milestone; `null` for none. */
  phase?: string | null;
  /** The task above a task; `null` for none. */
  parent?: string | null;
}

/** The entities of one collection, for writing. */
export interface EditCollection<E> {
  /** Sets fields of an entity that exists. `null` takes a field away; a set given as an array is replaced. */
  set(id: string, fields: E): void;
  /** Adds an entity at the end, with an id of its own unless one is given, and returns the id. */
  add(fields: E & { id?: string }): string;
  /** Marks an entity as removed; `restore` brings it back as it was. */
  remove(id: string): void;
  /** Brings a removed entity back. */
  restore(id: string): void;
  /** Moves an entity: of tasks, milestones and other collections with an order. */
  move(id: string, place: Place): void;
}

/** What an edit can do. Everything is checked as it is called; nothing is written before the function returns. */
export type Edit = { readonly [Name in keyof EntityEdits]: EditCollection<EntityEdits[Name]> } & {
  /** The fields of the plan itself. */
  readonly meta: {
    /** Sets fields of the plan. `null` takes a field away. */
    set(fields: MetaEdit): void;
  };
};

/** What goes along with an edit. */
export interface EditOptions {
  /** Why; it becomes the `reason` of items whose dates or status the edit changes. */
  reason?: string;
}

/** The edit as JSON, as the HTTP interface takes it: what is offered again after a fresh start. */
export interface EditJson {
  /** Fields by collection and id; `meta` has no level of ids. */
  set: Record<string, Record<string, unknown>>;
  /** Ids by collection. */
  remove: Record<string, string[]>;
  /** Ids by collection. */
  restore: Record<string, string[]>;
}

type Assign =
  | { do: 'put'; key: string; value: unknown }
  | { do: 'delete'; key: string }
  | { do: 'clear'; prefix: string }
  | { do: 'members'; name: string; members: string[] };

interface Draft {
  readonly collection: CollectionSchema;
  readonly id: string;
  created: boolean;
  readonly assigns: Assign[];
}

/** Runs the function and writes what it asked for. `shared` says which document it is; returns what `make` returns. */
export function makeEdit<R>(
  doc: Y.Doc,
  shared: boolean,
  origin: unknown,
  make: (edit: Edit) => R,
  options: EditOptions = {},
): R {
  const drafts = new Drafts(doc, shared);
  const result = make(drafts.surface());
  if (result instanceof Promise) {
    throw new PlanError('malformed', 'an edit is made at once: the function given to edit must not be async');
  }
  drafts.check(options.reason);
  doc.transact(() => drafts.write(options.reason), origin);
  return result;
}

class Drafts {
  readonly #drafts = new Map<string, Draft>();
  readonly #malformed: Malformed[] = [];

  constructor(
    private readonly doc: Y.Doc,
    private readonly shared: boolean,
  ) {}

  surface(): Edit {
    const surface: Record<string, unknown> = {};
    for (const collection of COLLECTIONS) {
      if (collection.ids === 'none') {
        surface[collection.name] = { set: (fields: object) => this.set(collection, '', fields) };
      } else if (!collection.serverWritten) {
        surface[collection.name] = {
          set: (id: string, fields: object) => this.set(collection, id, fields),
          add: (fields: { id?: string }) => this.add(collection, fields),
          remove: (id: string) =>
            this.#assign(this.#existing(collection, id), { do: 'put', key: 'removed', value: true }),
          restore: (id: string) => this.#assign(this.#existing(collection, id), { do: 'delete', key: 'removed' }),
          move: (id: string, place: Place) => this.move(collection, id, place),
        };
      }
    }
    return surface as unknown as Edit;
  }

  set(collection: CollectionSchema, id: string, fields: object): void {
    this.#flatten(this.#existing(collection, id), fields);
  }

  add(collection: CollectionSchema, fields: { id?: string; from?: unknown; to?: unknown; rank?: unknown }): string {
    this.#belongs(collection);
    const isEdge = collection.ids === 'edge';
    const id = fields.id ?? (isEdge ? `${String(fields.from)}>${String(fields.to)}` : newId());
    const expected = unfitId(collection, id);
    if (expected)
      throw PlanError.malformed([{ path: `${collection.name}/${cut(id)}`, value: cut(json(id)), expected }]);
    if (this.#draft(collection, id) ?? entityMap(this.doc, collection, id)) {
      throw new PlanError('conflict', `${collection.name}/${id} exists already: set its fields, or give another id`, {
        path: `${collection.name}/${id}`,
      });
    }
    const { id: _, ...rest } = fields;
    const draft = this.#open(collection, id);
    draft.created = true;
    this.#flatten(draft, rest);
    if (isEdge) {
      const [from, to] = id.split('>', 2);
      draft.assigns.push({ do: 'put', key: 'from', value: from }, { do: 'put', key: 'to', value: to });
    }
    if (isRanked(collection) && fields.rank == null) {
      const rank = this.#lastRank(collection, id);
      if (rank) draft.assigns.push({ do: 'put', key: 'rank', value: rank });
    }
    return id;
  }

  move(collection: CollectionSchema, id: string, place: Place): void {
    const path = `${collection.name}/${id}`;
    if (!isRanked(collection))
      throw new PlanError('malformed', `${path}: ${collection.name} have no order to move in`, { path });
    const moved = this.#existing(collection, id);
    const group = ['milestone', 'phase', 'parent'].filter((name) => fieldNamed(collection, name));
    const beside = place.before ?? place.after;
    const wanted: Record<string, string | null> = {};
    for (const name of group) {
      const given = place[name as 'milestone' | 'phase' | 'parent'];
      if (given !== undefined) wanted[name] = given;
      else if (beside !== undefined)
        wanted[name] = (this.#value(collection, beside, name) as string | undefined) ?? null;
    }
    if (beside !== undefined) this.#existing(collection, beside);
    this.#flatten(moved, wanted);
    const order = this.#order(collection).filter((each) => each.id !== id);
    const isInGroup = (each: { id: string }) =>
      Object.entries(wanted).every(([name, value]) => (this.#value(collection, each.id, name) ?? null) === value);
    const inGroup = Object.keys(wanted).length > 0 ? order.filter(isInGroup) : order;
    let at = order.length;
    if (beside !== undefined) at = order.findIndex((each) => each.id === beside) + (place.before === undefined ? 1 : 0);
    else if (place.first) at = inGroup[0] ? order.indexOf(inGroup[0]) : order.length;
    else if (inGroup.length > 0) at = order.indexOf(inGroup.at(-1) as { id: string; rank: string | null }) + 1;
    this.#rankAt(collection, moved, order, at);
  }

  /** Gives `moved` a rank at this place; where its neighbours share one, those behind it get new ones too. */
  #rankAt(collection: CollectionSchema, moved: Draft, order: { id: string; rank: string | null }[], at: number): void {
    const below = order[at - 1]?.rank ?? null;
    let end = at;
    // One without rank stands last, so everything from here on needs one before the moved one can stand between.
    const needsRank = order.slice(0, at).some((each) => each.rank === null);
    if (needsRank) return this.#rankAll(collection, moved, order, at);
    while (end < order.length && below !== null && order[end]?.rank === below) end += 1;
    const above = order[end]?.rank ?? null;
    const places = [moved, ...order.slice(at, end).map((each) => this.#open(collection, each.id))];
    try {
      ranksBetween(below, above, places.length).forEach((rank, n) =>
        this.#assign(places[n] as Draft, { do: 'put', key: 'rank', value: rank }),
      );
    } catch {
      this.#rankAll(collection, moved, order, at);
    }
  }

  #rankAll(collection: CollectionSchema, moved: Draft, order: { id: string }[], at: number): void {
    const ids = order.map((each) => each.id);
    ids.splice(at, 0, moved.id);
    ranksBetween(null, null, ids.length).forEach((rank, n) =>
      this.#assign(this.#open(collection, ids[n] as string), { do: 'put', key: 'rank', value: rank }),
    );
  }

  /** Every entity, removed ones too, as it will stand. */
  #order(collection: CollectionSchema): { id: string; rank: string | null }[] {
    const ids = new Set<string>(this.doc.getMap(collection.name).keys());
    for (const draft of this.#drafts.values()) if (draft.collection === collection) ids.add(draft.id);
    return [...ids]
      .filter((id) => unfitId(collection, id) === undefined)
      .map((id) => {
        const rank = this.#value(collection, id, 'rank');
        return { id, rank: typeof rank === 'string' && isRank(rank) ? rank : null };
      })
      .sort((a, b) => {
        if (a.rank !== b.rank) return a.rank === null ? 1 : b.rank === null ? -1 : compareText(a.rank, b.rank);
        return compareText(a.id, b.id);
      });
  }

  #lastRank(collection: CollectionSchema, but: string): string | undefined {
    const ranks = this.#order(collection).filter((each) => each.id !== but && each.rank !== null);
    try {
      return rankBetween(ranks.at(-1)?.rank ?? null, null);
    } catch {
      return undefined;
    }
  }

  /** A flat field as it will be. */
  #value(collection: CollectionSchema, id: string, key: string): unknown {
    const assigns = this.#draft(collection, id)?.assigns ?? [];
    const last = assigns.filter((each) => (each.do === 'put' || each.do === 'delete') && each.key === key).at(-1);
    if (last) return last.do === 'put' ? last.value : undefined;
    return entityMap(this.doc, collection, id)?.get(key);
  }

  #draft(collection: CollectionSchema, id: string): Draft | undefined {
    return this.#drafts.get(`${collection.name}/${id}`);
  }

  #open(collection: CollectionSchema, id: string): Draft {
    let draft = this.#draft(collection, id);
    if (!draft) {
      draft = { collection, id, created: false, assigns: [] };
      this.#drafts.set(`${collection.name}/${id}`, draft);
    }
    return draft;
  }

  #existing(collection: CollectionSchema, id: string): Draft {
    this.#belongs(collection);
    const draft = this.#draft(collection, id);
    if (draft) return draft;
    if (!entityMap(this.doc, collection, id)) {
      const path = `${collection.name}/${cut(String(id))}`;
      throw new PlanError(
        'not_found',
        `there is no ${path}: add it first, or wait until the plan is there (\`await plan.ready\`)`,
        { path },
      );
    }
    return this.#open(collection, id);
  }

  #belongs(collection: CollectionSchema): void {
    if (collection.documents !== 'both' && collection.documents !== (this.shared ? 'shared' : 'private')) {
      const where = collection.documents === 'shared' ? 'the shared document' : 'a private document (scope: "private")';
      throw new PlanError('malformed', `${collection.name} stand in ${where}`, { path: collection.name });
    }
  }

  #assign(draft: Draft, assign: Assign): void {
    draft.assigns.push(assign);
  }

  #flatten(draft: Draft, fields: object): void {
    const before = draft.assigns.length;
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) this.#member(draft, name, value, 0);
    const malformed = this.#malformed.splice(0);
    if (malformed.length === 0) return;
    // Whoever catches this goes on with the rest of the edit, as if this call had not been made.
    draft.assigns.length = before;
    if (draft.created && before === 0) this.#drafts.delete(`${draft.collection.name}/${draft.id}`);
    throw PlanError.malformed(malformed);
  }

  #member(draft: Draft, key: string, value: unknown, depth: number): void {
    const { collection } = draft;
    if (!isFlatKey(key) || depth > LIMITS.valueDepth)
      return this.#refuse(draft, key, value, 'a field with a short name and few levels');
    const field = fieldNamed(collection, key);
    if (field?.stamped) return this.#refuse(draft, key, value, 'a field to set: the server stamps it');
    if (key === 'removed' && collection.ids !== 'none')
      return this.#refuse(draft, key, value, 'a field to set: use remove and restore');
    if (field?.kind.type === 'set') return this.#members(draft, field, value);
    if (field?.kind.type === 'map') return this.#entries(draft, field, value);
    if (field || fieldOf(collection, key)) return this.#scalar(draft, key, value);
    if (isShadow(collection, key)) return this.#refuse(draft, key, value, 'a field that does not hide a known one');
    const group = isGroup(collection, key);
    if (value === null) {
      if (!group) draft.assigns.push({ do: 'delete', key });
      draft.assigns.push({ do: 'clear', prefix: `${key}.` });
    } else if (isObject(value) && (group || (Object.keys(value).length > 0 && !key.includes('/')))) {
      for (const [name, member] of Object.entries(value))
        if (member !== undefined) this.#member(draft, `${key}.${name}`, member, depth + 1);
    } else if (group) this.#refuse(draft, key, value, 'an object');
    else this.#scalar(draft, key, value);
  }

  #scalar(draft: Draft, key: string, value: unknown): void {
    const { collection, id } = draft;
    if (collection.ids === 'edge' && (key === 'from' || key === 'to')) {
      const end = id.split('>', 2)[key === 'from' ? 0 : 1];
      if (value !== end) return this.#refuse(draft, key, value, `${json(end)}, as the id says`);
    }
    if (value === null) {
      draft.assigns.push({ do: 'delete', key });
      return;
    }
    const field = fieldOf(collection, key);
    const expected = field ? unfit(field, key, value) : isPlain(value, 0) ? undefined : 'a JSON value of few levels';
    if (expected) this.#refuse(draft, key, value, expected);
    else draft.assigns.push({ do: 'put', key, value });
  }

  #members(draft: Draft, field: Field, value: unknown): void {
    if (value === null) draft.assigns.push({ do: 'clear', prefix: `${field.name}/` });
    else if (Array.isArray(value)) {
      const wrong = value.find(
        (member) => unfit(field, `${field.name}/${String(member)}`, true) !== undefined || typeof member !== 'string',
      );
      if (wrong === undefined) draft.assigns.push({ do: 'members', name: field.name, members: value as string[] });
      else this.#refuse(draft, field.name, wrong, unfit(field, `${field.name}/${String(wrong)}`, true) ?? 'a string');
    } else if (isObject(value)) this.#entries(draft, field, value);
    else this.#refuse(draft, field.name, value, 'an array');
  }

  #entries(draft: Draft, field: Field, value: unknown): void {
    if (value === null) draft.assigns.push({ do: 'clear', prefix: `${field.name}/` });
    else if (isObject(value)) {
      for (const [name, entry] of Object.entries(value))
        if (entry !== undefined) this.#scalar(draft, `${field.name}/${name}`, entry);
    } else this.#refuse(draft, field.name, value, 'an object');
  }

  #refuse(draft: Draft, key: string, value: unknown, expected: string): void {
    const at = draft.id === '' ? draft.collection.name : `${draft.collection.name}/${draft.id}`;
    this.#malformed.push({ path: `${at}/${cut(key)}`, value: cut(json(value)), expected });
  }

  /** What cannot be seen call by call. */
  check(reason: string | undefined): void {
    if (reason !== undefined && (typeof reason !== 'string' || [...reason].length > LIMITS.shortTextChars)) {
      throw PlanError.malformed([
        {
          path: 'reason',
          value: cut(json(reason)),
          expected: `a string of at most ${LIMITS.shortTextChars} characters`,
        },
      ]);
    }
    const created = new Map<CollectionSchema, number>();
    for (const draft of this.#drafts.values()) {
      if (draft.created) created.set(draft.collection, (created.get(draft.collection) ?? 0) + 1);
    }
    for (const [collection, count] of created) {
      if (this.doc.getMap(collection.name).size + count > collection.entitiesMax) {
        const words = `a plan has at most ${collection.entitiesMax} ${collection.name}, removed ones too. Nothing was written.`;
        throw new PlanError('too_large', words, { path: collection.name });
      }
    }
  }

  write(reason: string | undefined): void {
    for (const draft of this.#drafts.values()) {
      const map = draft.created
        ? create(this.doc, draft.collection, draft.id)
        : entityMap(this.doc, draft.collection, draft.id);
      if (!map) continue;
      if (draft.collection.ids === 'none') ensureTexts(draft.collection, map);
      for (const assign of draft.assigns) apply(draft.collection, map, assign);
      if (reason && asksForReason(draft)) put(draft.collection, map, 'reason', reason);
    }
  }
}

/** Creates an entity with its texts: two people who begin a note at once would each create it otherwise. */
function create(doc: Y.Doc, collection: CollectionSchema, id: string): Y.Map<unknown> {
  const map = new Y.Map<unknown>();
  doc.getMap(collection.name).set(id, map);
  ensureTexts(collection, map);
  return map;
}

function ensureTexts(collection: CollectionSchema, map: Y.Map<unknown>): void {
  for (const name of textsOf(collection))
    if (!(map.get(name) instanceof Y.Text)) {
      const before = map.get(name);
      map.set(name, new Y.Text(typeof before === 'string' ? before : ''));
    }
}

function apply(collection: CollectionSchema, map: Y.Map<unknown>, assign: Assign): void {
  switch (assign.do) {
    case 'put':
      return put(collection, map, assign.key, assign.value);
    case 'delete':
      return remove(map, assign.key);
    case 'clear':
      return keepOnly(map, assign.prefix, []);
    case 'members':
      keepOnly(map, `${assign.name}/`, assign.members);
      assign.members.forEach((member) => put(collection, map, `${assign.name}/${member}`, true));
  }
}

function put(collection: CollectionSchema, map: Y.Map<unknown>, key: string, value: unknown): void {
  const stored = map.get(key);
  const isText = fieldOf(collection, key)?.kind.type === 'text' || stored instanceof Y.Text;
  if (isText && typeof value === 'string') {
    if (stored instanceof Y.Text) replaceText(stored, value);
    else map.set(key, new Y.Text(value));
  } else if (!equal(stored, value)) map.set(key, value);
}

/** Takes a key away. A text is emptied and stays: what somebody types into it at the same moment survives. */
function remove(map: Y.Map<unknown>, key: string): void {
  const stored = map.get(key);
  if (stored instanceof Y.Text) replaceText(stored, '');
  else if (map.has(key)) map.delete(key);
}

function keepOnly(map: Y.Map<unknown>, prefix: string, members: readonly string[]): void {
  for (const key of [...map.keys()].sort(compareText)) {
    if (key.startsWith(prefix) && !members.includes(key.slice(prefix.length))) remove(map, key);
  }
}

/** Whether the edit changes a date or the status of an item that has a `reason`, without stating it there. */
function asksForReason(draft: Draft): boolean {
  const { collection } = draft;
  const keys = draft.assigns.flatMap((assign) => (assign.do === 'put' || assign.do === 'delete' ? [assign.key] : []));
  const isDated = (key: string) =>
    fieldOf(collection, key)?.class === 'date' || (key === 'status' && fieldOf(collection, key)?.class === 'status');
  return fieldNamed(collection, 'reason')?.class === 'detail' && keys.some(isDated) && !keys.includes('reason');
}

/** An id that nobody else makes, and that sorts by the time it was made. */
export function newId(): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  const time = Date.now().toString(36).padStart(9, '0');
  return `${time}${Array.from(random, (byte) => (byte % 36).toString(36)).join('')}`;
}

/** Makes an edit given as JSON; entities that do not exist are added. What does not fit is left out and returned. */
export function makeEditJson(
  edit: Edit,
  exists: (collection: CollectionName, id: string) => boolean,
  given: EditJson,
): string[] {
  const left: string[] = [];
  const attempt = (path: string, make: () => void) => {
    try {
      make();
    } catch {
      left.push(path);
    }
  };
  const surface = edit as unknown as Record<string, EditCollection<Record<string, unknown>>>;
  for (const [name, entities] of Object.entries(given.set)) {
    const collection = surface[name];
    if (!collection || !collectionOf(name)) left.push(name);
    else if (name === 'meta') attempt(name, () => edit.meta.set(entities as MetaEdit));
    else {
      for (const [id, fields] of Object.entries(entities)) {
        const isThere = exists(name as CollectionName, id);
        attempt(`${name}/${id}`, () =>
          isThere
            ? collection.set(id, fields as Record<string, unknown>)
            : void collection.add({ ...(fields as object), id }),
        );
      }
    }
  }
  for (const list of ['remove', 'restore'] as const) {
    for (const [name, ids] of Object.entries(given[list])) {
      for (const id of ids) attempt(`${name}/${id}`, () => surface[name]?.[list](id));
    }
  }
  return left;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value can be stored as JSON. */
function isPlain(value: unknown, depth: number): boolean {
  if (depth > LIMITS.valueDepth) return false;
  if (Array.isArray(value)) return value.every((each) => isPlain(each, depth + 1));
  if (isObject(value)) return Object.values(value).every((each) => isPlain(each, depth + 1));
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** Whether two JSON values are the same; the order of members does not count. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, n) => equal(each, b[n]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key], b[key]));
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function cut(text: string): string {
  const chars = [...text];
  return chars.length > 80 ? `${chars.slice(0, 80).join('')}…` : text;
}
