/**
 * A document as typed, frozen values: the entities of each collection, in their order, and the canonical JSON.
 *
 * In: a Yjs document. Out: plain values, and a call after each transaction that says which entities it touched.
 * What is always true: a value is the same object until something of it changes, so comparing with `===` is enough;
 * nothing that a document holds makes this throw, what does not fit its field is left out.
 */

import * as Y from 'yjs';
import {
  allFields,
  fieldNamed,
  fieldOf,
  hasMembers,
  isFlatKey,
  isGroup,
  isRanked,
  isShadow,
  unfit,
  unfitId,
} from './check.js';
import { compareText } from './rank.js';
import {
  COLLECTIONS,
  SCHEMA,
  type CollectionName,
  type CollectionSchema,
  type Entities,
  type Meta,
  type PlanJson,
} from './schema.js';

/** The flat fields of one entity: `due`, `target.date`, `owners/b-cfo`. */
export type Row = ReadonlyMap<string, unknown>;

/** Which entities are asked for. */
export interface Which {
  /** Removed ones too. */
  readonly removed?: boolean;
}

/** The entities of one collection, for reading. */
export interface Collection<T> extends Iterable<T> {
  /** The entity of this id; `undefined` if there is none, or if it is removed and was not asked for. */
  get(id: string, which?: Which): T | undefined;
  /** Whether there is one of this id. */
  has(id: string, which?: Which): boolean;
  /** All of them, by rank and id: the same array until one changes. */
  all(which?: Which): readonly T[];
  /** How many there are, without removed ones. */
  readonly size: number;
}

/** Every collection of a plan, for reading. */
export type Collections = { readonly [Name in CollectionName]: Collection<Entities[Name]> };

/** Reads the flat fields of an entity's map. What does not fit is left out; an empty text counts as absent. */
export function readRow(collection: CollectionSchema, map: Y.Map<unknown>): Row {
  const row = new Map<string, unknown>();
  for (const [key, stored] of map.entries()) {
    const value = readField(collection, key, stored);
    if (value !== undefined) row.set(key, value);
  }
  return row;
}

function readField(collection: CollectionSchema, key: string, stored: unknown): unknown {
  const field = fieldOf(collection, key);
  const isText = field?.kind.type === 'text';
  const value = stored instanceof Y.Text ? (isText || !field ? stored.toString() : undefined) : stored;
  if (value === null || value === undefined || value instanceof Y.AbstractType || value instanceof Uint8Array) return;
  if (typeof value === 'number' && !Number.isFinite(value)) return;
  if (!field) return isFlatKey(key) && !isShadow(collection, key) && !isGroup(collection, key) ? value : undefined;
  if (value === '' && isText) return;
  const isLong = typeof value === 'string' && (isText || field.kind.type === 'string');
  // A text that grew too long is shown all the same: leaving it out would look like somebody's deletion.
  return isLong || unfit(field, key, value) === undefined ? value : undefined;
}

/** The canonical JSON of a row: sets as sorted arrays, dotted keys nested, unknown fields last. */
export function rowToJson(collection: CollectionSchema, id: string, row: Row): Record<string, unknown> {
  const json: Record<string, unknown> = collection.ids === 'none' ? {} : { id };
  const keys = [...row.keys()].sort(compareText);
  for (const field of allFields(collection)) {
    if (!hasMembers(field)) {
      if (row.has(field.name)) nest(json, field.name, row.get(field.name));
      continue;
    }
    const prefix = `${field.name}/`;
    const members = keys.filter((key) => key.startsWith(prefix));
    if (members.length === 0) continue;
    const names = members.map((key) => key.slice(prefix.length));
    json[field.name] =
      field.kind.type === 'set' ? names : Object.fromEntries(names.map((name) => [name, row.get(prefix + name)]));
  }
  for (const key of keys) if (!fieldOf(collection, key)) nest(json, key, row.get(key));
  return freeze(json);
}

/** Puts a value where its dotted key says, or under the flat key where something else stands in the way. */
function nest(json: Record<string, unknown>, key: string, value: unknown): void {
  const parts = key.split('.');
  let here: Record<string, unknown> = json;
  if (parts.length === 1 || key.includes('/') || parts.includes('') || parts.includes('__proto__')) {
    json[key] = value;
    return;
  }
  for (const part of parts.slice(0, -1)) {
    const below = Object.hasOwn(here, part) ? here[part] : (here[part] = {});
    if (typeof below !== 'object' || below === null || Array.isArray(below)) {
      json[key] = value;
      return;
    }
    here = below as Record<string, unknown>;
  }
  const last = parts.at(-1) as string;
  if (Object.hasOwn(here, last)) json[key] = value;
  else here[last] = value;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}

/** One collection of a document, read once and kept until it changes. */
class Shelf<
  T extends { readonly id: string; readonly removed?: boolean; readonly rank?: string },
> implements Collection<T> {
  readonly #entities = new Map<string, T | undefined>();
  #all: readonly T[] | undefined;
  #live: readonly T[] | undefined;

  constructor(
    private readonly schema: CollectionSchema,
    private readonly root: Y.Map<unknown>,
  ) {}

  get(id: string, which: Which = {}): T | undefined {
    const entity = this.#read(id);
    return entity?.removed && !which.removed ? undefined : entity;
  }

  has(id: string, which?: Which): boolean {
    return this.get(id, which) !== undefined;
  }

  all(which: Which = {}): readonly T[] {
    this.#all ??= Object.freeze(this.#list());
    return which.removed ? this.#all : (this.#live ??= Object.freeze(this.#all.filter((entity) => !entity.removed)));
  }

  get size(): number {
    return this.all().length;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.all()[Symbol.iterator]();
  }

  forget(id: string): void {
    this.#entities.delete(id);
    this.#all = this.#live = undefined;
  }

  #read(id: string): T | undefined {
    if (this.#entities.has(id)) return this.#entities.get(id);
    const map = this.root.get(id);
    const isEntity = map instanceof Y.Map && unfitId(this.schema, id) === undefined;
    const entity = isEntity ? (rowToJson(this.schema, id, readRow(this.schema, map)) as unknown as T) : undefined;
    // What is not there is not remembered: anything may be asked for.
    if (map !== undefined) this.#entities.set(id, entity);
    return entity;
  }

  #list(): T[] {
    const entities = [...this.root.keys()].map((id) => this.#read(id)).filter((entity) => entity !== undefined);
    return isRanked(this.schema) ? entities.sort(byRank) : entities.sort((a, b) => compareText(a.id, b.id));
  }
}

/** By rank and id; one without rank stands last. */
function byRank(a: { id: string; rank?: string }, b: { id: string; rank?: string }): number {
  if (a.rank !== b.rank) {
    if (a.rank === undefined) return 1;
    if (b.rank === undefined) return -1;
    return compareText(a.rank, b.rank);
  }
  return compareText(a.id, b.id);
}

/** What one transaction touched. */
export interface Touched {
  /** The entities, as `tasks/ca-1` and `meta`. */
  readonly entities: ReadonlySet<string>;
  /** Whether something from elsewhere came in, rather than an edit made here. */
  readonly remote: boolean;
}

/** A document, read as a plan. */
export class View {
  /** Every collection. */
  readonly collections: Collections;
  readonly #shelves = new Map<string, Shelf<never>>();
  readonly #metaRoot: Y.Map<unknown>;
  #metaRead: Meta | undefined;
  #json: PlanJson | undefined;
  #touched = new Set<string>();
  #remote = false;
  readonly #stop: () => void;

  /** A view of a document that calls `tell` after each transaction that changed something of the plan. */
  constructor(
    doc: Y.Doc,
    private readonly shared: boolean,
    tell: (touched: Touched) => void,
  ) {
    const undo: (() => void)[] = [];
    for (const schema of COLLECTIONS) {
      const root = doc.getMap<unknown>(schema.name);
      if (schema.ids !== 'none') this.#shelves.set(schema.name, new Shelf(schema, root));
      const observe = (events: readonly Y.YEvent<Y.AbstractType<unknown>>[], transaction: Y.Transaction) => {
        this.#remote ||= !transaction.local;
        for (const event of events) this.#note(schema, event);
      };
      root.observeDeep(observe);
      undo.push(() => root.unobserveDeep(observe));
    }
    this.#metaRoot = doc.getMap('meta');
    this.collections = Object.fromEntries(this.#shelves) as unknown as Collections;
    const done = () => {
      if (this.#touched.size === 0) return;
      const touched = { entities: this.#touched, remote: this.#remote };
      this.#touched = new Set();
      this.#remote = false;
      tell(touched);
    };
    doc.on('afterAllTransactions', done);
    undo.push(() => doc.off('afterAllTransactions', done));
    this.#stop = () => undo.forEach((each) => each());
  }

  /** The fields of the plan itself. */
  get meta(): Meta {
    const schema = COLLECTIONS[0] as CollectionSchema;
    return (this.#metaRead ??= rowToJson(schema, '', readRow(schema, this.#metaRoot)) as unknown as Meta);
  }

  /** The canonical JSON: the same object until something changes. */
  toJSON(): PlanJson {
    return (this.#json ??= this.print({}));
  }

  /** The canonical JSON with removed entities, if asked for. */
  print(which: Which): PlanJson {
    const json: Record<string, unknown> = { schema: SCHEMA };
    for (const schema of COLLECTIONS) {
      if (schema.ids === 'none') {
        if (this.shared || Object.keys(this.meta).length > 0) json[schema.name] = this.meta;
        continue;
      }
      const all = this.collections[schema.name as CollectionName].all(which);
      if (all.length > 0 || (this.shared && schema.alwaysWritten)) json[schema.name] = all;
    }
    return Object.freeze(json) as unknown as PlanJson;
  }

  /** Ends watching the document. */
  destroy(): void {
    this.#stop();
  }

  #note(schema: CollectionSchema, event: Y.YEvent<Y.AbstractType<unknown>>): void {
    this.#json = undefined;
    if (schema.ids === 'none') {
      this.#metaRead = undefined;
      this.#touched.add(schema.name);
      return;
    }
    const ids = event.path.length > 0 ? [String(event.path[0])] : [...event.changes.keys.keys()];
    for (const id of ids) {
      (this.#shelves.get(schema.name) as Shelf<never>).forget(id);
      this.#touched.add(`${schema.name}/${id}`);
    }
  }
}

/** The root map of a collection or `meta`, the map of one entity, or nothing. */
export function entityMap(doc: Y.Doc, collection: CollectionSchema, id: string): Y.Map<unknown> | undefined {
  const root = doc.getMap<unknown>(collection.name);
  if (collection.ids === 'none') return root;
  const map = root.get(id);
  return map instanceof Y.Map ? (map as Y.Map<unknown>) : undefined;
}

/** The text at `tasks/ca-1/notes` or `meta/valueProposition`, if there is one. */
export function textAt(doc: Y.Doc, path: string): Y.Text | undefined {
  const { collection, id, field } = splitPath(path);
  if (!collection || fieldNamed(collection, field)?.kind.type !== 'text') return;
  const text = entityMap(doc, collection, id)?.get(field);
  return text instanceof Y.Text ? text : undefined;
}

/** `tasks/ca-1/notes` in its parts. */
export function splitPath(path: string): { collection: CollectionSchema | undefined; id: string; field: string } {
  const [name, ...rest] = path.split('/');
  const collection = COLLECTIONS.find((each) => each.name === name);
  const id = collection?.ids === 'none' ? '' : (rest.shift() ?? '');
  return { collection, id, field: rest.join('/') };
}
