/**
 * The local copy of a plan: what the server has, and one's own edits that it is not known to have.
 *
 * A {@link Store} keeps bytes: in IndexedDB, in memory, in a file, or wherever a program wants. A {@link Ledger} is the
 * copy of one open plan: it holds everything in memory and writes it to the store in batches, one at a time.
 * What is always true: an edit is in the store until the server has acknowledged it, and what belongs together is written
 * in one transaction. A copy has a generation, drawn when it begins; whoever holds another generation writes nothing.
 * A store that fails is told once and tried again; the plan goes on in memory.
 */

import * as Y from 'yjs';
import { PlanError, words } from './error.js';

/** Records of the server's state, before they are made one. */
const RECORDS_MAX = 100;
/** The pause before a failed write is tried again, unless something else is to be written. */
const RETRY_MS = 15_000;
/** The version of the layout in IndexedDB. */
const LAYOUT = 1;

/** An own edit that the server is not known to have. */
export interface Unsent {
  /** Unique within the copy. */
  readonly id: string;
  /** The Yjs update (v1). */
  readonly update: Uint8Array;
}

/** What is known of a copy besides its content. */
export interface Facts {
  /** The epoch of the plan that the copy is of. */
  epoch?: number;
  /** The last change that was told: `"412.0"`. */
  cursor?: string;
}

/** Everything a copy holds. */
export interface CopyContent {
  /** Yjs updates (v1) that the server has. */
  readonly state: readonly Uint8Array[];
  /** Own edits that it is not known to have, in the order they were made. */
  readonly unsent: readonly Unsent[];
  /** What else is known. */
  readonly facts: Facts;
}

/** What is to be different in a copy, all of it at once. */
export interface Batch {
  /** Updates that the server has. */
  readonly state: readonly Uint8Array[];
  /** Own edits. */
  readonly unsent: readonly Unsent[];
  /** Ids of own edits that the server has now: they move to the state. */
  readonly settled: readonly string[];
  /** Facts that are different. */
  readonly facts: Facts;
}

/** The copy of one document in a store. */
export interface Copy {
  /** Everything in it. */
  read(): Promise<CopyContent>;
  /** Writes all of a batch, or nothing and rejects. */
  write(batch: Batch): Promise<void>;
  /** Makes one record of all those of the state. */
  compact(): Promise<void>;
  /** Empties it, and begins another generation. Does nothing where somebody else has done so already. */
  clear(): Promise<void>;
  /** Releases what it holds. */
  close(): void;
}

/** Where copies are kept. */
export interface Store {
  /** A word for people: `indexeddb`, `memory`, `file`. */
  readonly kind: string;
  /** Opens the copy of this name, or begins it. */
  open(name: string): Promise<Copy>;
}

/** Several updates as one. What waits for something missing is kept. */
export function merged(updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc();
  doc.transact(() => updates.forEach((update) => Y.applyUpdate(doc, update)));
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}

/** Keeps copies in memory: for as long as the store itself is kept. */
export function memoryStore(): Store {
  interface Kept {
    state: Uint8Array[];
    unsent: Map<string, Uint8Array>;
    facts: Facts;
  }
  const copies = new Map<string, Kept>();
  const begin = (name: string): Kept => {
    const kept: Kept = { state: [], unsent: new Map(), facts: {} };
    copies.set(name, kept);
    return kept;
  };
  return {
    kind: 'memory',
    open(name) {
      let kept = copies.get(name) ?? begin(name);
      const isStale = () => copies.get(name) !== kept;
      return Promise.resolve({
        read: () =>
          Promise.resolve({
            state: [...kept.state],
            unsent: [...kept.unsent].map(([id, update]) => ({ id, update })),
            facts: { ...kept.facts },
          }),
        write(batch) {
          if (isStale()) return Promise.reject(stale());
          kept.state.push(...batch.state);
          for (const { id, update } of batch.unsent) kept.unsent.set(id, update);
          for (const id of batch.settled) {
            const update = kept.unsent.get(id);
            if (update) kept.state.push(update);
            kept.unsent.delete(id);
          }
          Object.assign(kept.facts, batch.facts);
          return Promise.resolve();
        },
        compact() {
          if (!isStale()) kept.state = [merged(kept.state)];
          return Promise.resolve();
        },
        clear() {
          if (!isStale()) kept = begin(name);
          return Promise.resolve();
        },
        close() {},
      });
    },
  };
}

/** Keeps copies in the browser's IndexedDB, one database for each document: they survive reloads and restarts. */
export function indexedDbStore(factory: IDBFactory | undefined = globalThis.indexedDB): Store {
  return {
    kind: 'indexeddb',
    async open(name) {
      if (!factory) throw new Error('there is no IndexedDB here');
      const request = factory.open(`plansync:${name}`, LAYOUT);
      request.onupgradeneeded = () => {
        request.result.createObjectStore('state', { autoIncrement: true });
        request.result.createObjectStore('unsent');
        request.result.createObjectStore('facts');
      };
      const db = await opened(request);
      // Somebody deletes the database, or a later version opens it: nothing here may stand in the way.
      db.onversionchange = () => db.close();
      const copy = new IndexedDbCopy(db);
      await copy.begin();
      return copy;
    },
  };
}

class IndexedDbCopy implements Copy {
  #generation = '';

  constructor(private readonly db: IDBDatabase) {}

  async begin(): Promise<void> {
    const [facts, done] = this.#transaction(['facts'], 'readwrite');
    const generation = await answer<string | undefined>(facts.objectStore('facts').get('generation'));
    this.#generation = generation ?? crypto.randomUUID();
    if (generation === undefined) facts.objectStore('facts').put(this.#generation, 'generation');
    await done;
  }

  async read(): Promise<CopyContent> {
    const [transaction, done] = this.#transaction(['state', 'unsent', 'facts'], 'readonly');
    const [state, ids, updates, epoch, cursor] = await Promise.all([
      answer<Uint8Array[]>(transaction.objectStore('state').getAll()),
      answer<IDBValidKey[]>(transaction.objectStore('unsent').getAllKeys()),
      answer<Uint8Array[]>(transaction.objectStore('unsent').getAll()),
      answer<unknown>(transaction.objectStore('facts').get('epoch')),
      answer<unknown>(transaction.objectStore('facts').get('cursor')),
    ]);
    await done;
    const facts: Facts = {};
    if (typeof epoch === 'number') facts.epoch = epoch;
    if (typeof cursor === 'string') facts.cursor = cursor;
    return { state, unsent: ids.map((id, n) => ({ id: String(id), update: updates[n] as Uint8Array })), facts };
  }

  async write(batch: Batch): Promise<void> {
    const [transaction, done] = await this.#writing();
    const state = transaction.objectStore('state');
    const unsent = transaction.objectStore('unsent');
    for (const update of batch.state) state.add(update);
    for (const { id, update } of batch.unsent) unsent.put(update, id);
    for (const id of batch.settled) {
      const kept = unsent.get(id);
      kept.onsuccess = () => {
        if (kept.result !== undefined) state.add(kept.result);
        unsent.delete(id);
      };
    }
    for (const [name, value] of Object.entries(batch.facts)) transaction.objectStore('facts').put(value, name);
    await done;
  }

  async compact(): Promise<void> {
    const [transaction, done] = await this.#writing();
    const state = transaction.objectStore('state');
    const all = state.getAll() as IDBRequest<Uint8Array[]>;
    all.onsuccess = () => {
      state.clear();
      state.add(merged(all.result));
    };
    await done;
  }

  async clear(): Promise<void> {
    let transaction: IDBTransaction;
    let done: Promise<void>;
    try {
      [transaction, done] = await this.#writing();
    } catch {
      return this.begin();
    }
    this.#generation = crypto.randomUUID();
    for (const name of ['state', 'unsent', 'facts']) transaction.objectStore(name).clear();
    transaction.objectStore('facts').put(this.#generation, 'generation');
    await done;
  }

  close(): void {
    this.db.close();
  }

  /** A transaction over everything, if the copy is still of our generation. */
  async #writing(): Promise<[IDBTransaction, Promise<void>]> {
    const [transaction, done] = this.#transaction(['state', 'unsent', 'facts'], 'readwrite');
    const generation = await answer<unknown>(transaction.objectStore('facts').get('generation'));
    if (generation !== this.#generation) {
      transaction.abort();
      throw stale();
    }
    return [transaction, done];
  }

  #transaction(names: string[], mode: IDBTransactionMode): [IDBTransaction, Promise<void>] {
    const transaction = this.db.transaction(names, mode);
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was ended'));
    });
    // Whoever fails before waiting for the end has said why already.
    done.catch(() => {});
    return [transaction, done];
  }
}

function opened(request: IDBOpenDBRequest): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database does not open'));
    request.onblocked = () => reject(new Error('another page holds an older version of the database: close it'));
  });
}

function answer<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error ?? new Error('the request failed'));
  });
}

function stale(): Error {
  return new Error('another page has begun this copy afresh');
}

/** What a ledger tells. */
export interface LedgerEvents {
  /** More edits are in the store, or fewer are waiting. */
  stored(): void;
  /** The store fails, or works again (`undefined`). */
  storage(error: PlanError | undefined): void;
}

/** What is to be written next. */
interface Waiting {
  state: Uint8Array[];
  unsent: string[];
  settled: string[];
  facts: Facts;
}

/** The copy of one open plan. */
export class Ledger {
  /** What the store keeps of the plan that is not its content. */
  facts: Facts = {};
  /** Why the store does not keep anything now. */
  error: PlanError | undefined;

  #copy: Copy | undefined;
  #state: Uint8Array[] = [];
  readonly #unsent = new Map<string, { update: Uint8Array; edit: number; stored: boolean }>();
  #next: Waiting = { state: [], unsent: [], settled: [], facts: {} };
  #dirty = false;
  #writing: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #records = 0;
  #closed = false;

  /** A ledger of a session, whose name makes the ids of its edits unique. */
  constructor(
    private readonly session: string,
    private readonly events: LedgerEvents,
  ) {}

  /** Opens the copy and gives back what it holds. What cannot be read is left behind; this never rejects. */
  async open(store: Store, name: string): Promise<{ state: Uint8Array[]; unsent: Unsent[] }> {
    try {
      const copy = await store.open(name);
      const content = await copy.read();
      if (this.#closed) {
        copy.close();
        return { state: [], unsent: [] };
      }
      this.#copy = copy;
      this.facts = { ...content.facts, ...this.facts };
      const state = isReadable(content.state) ? [...content.state] : [];
      const unsent = content.unsent.filter(({ update }) => isReadable([update]));
      const isDamaged = state.length < content.state.length || unsent.length < content.unsent.length;
      if (isDamaged) {
        await copy.clear();
        this.#next.state.push(...state);
        this.#next.unsent.push(...unsent.map(({ id }) => id));
        this.note(content.facts);
        const message = 'the local copy is damaged: what could be read is kept, the rest comes from the server';
        this.events.storage(new PlanError('storage', message));
      }
      this.#records = content.state.length;
      this.#state.push(...state);
      for (const { id, update } of unsent) this.#unsent.set(id, { update, edit: 0, stored: !isDamaged });
      if (this.#records > RECORDS_MAX / 4) void copy.compact().catch(() => {});
      this.#kick();
      return { state, unsent };
    } catch (cause) {
      this.#fail('edits cannot be kept on this device: leave the page only when `pending` is 0', cause);
      return { state: [], unsent: [] };
    }
  }

  /** Edits found in the copy count as the first so many of this session. */
  adopt(edits: number): void {
    for (const entry of this.#unsent.values()) if (entry.edit === 0) entry.edit = edits;
  }

  /** Takes in what the server, or another tab, has. */
  received(update: Uint8Array): void {
    this.#state.push(update);
    if (this.#state.length > RECORDS_MAX) this.#state = [merged(this.#state)];
    this.#next.state.push(update);
    this.#changed();
  }

  /** Takes in an own edit, the n-th. */
  edited(update: Uint8Array, edit: number): void {
    const id = `${String(edit).padStart(9, '0')}:${this.session}`;
    this.#unsent.set(id, { update, edit, stored: false });
    this.#next.unsent.push(id);
    this.#changed();
  }

  /** The first so many edits are on the server's disk. */
  durable(edits: number): void {
    for (const [id, entry] of this.#unsent) {
      if (entry.edit === 0 || entry.edit > edits) continue;
      this.#state.push(entry.update);
      this.#unsent.delete(id);
      this.#next.settled.push(id);
      if (!entry.stored) {
        // Written as state at once, in case it has not been written at all.
        this.#next.state.push(entry.update);
        this.#next.unsent = this.#next.unsent.filter((each) => each !== id);
      }
    }
    if (this.#state.length > RECORDS_MAX) this.#state = [merged(this.#state)];
    this.#changed();
  }

  /** Notes facts. */
  note(facts: Facts): void {
    Object.assign(this.facts, facts);
    Object.assign(this.#next.facts, facts);
    this.#changed();
  }

  /** How many of the edits without an Ack the store keeps. */
  get stored(): number {
    let stored = 0;
    for (const entry of this.#unsent.values()) if (entry.stored) stored += 1;
    return stored;
  }

  /** What the server has, and the own edits that it is not known to have. */
  get content(): { state: readonly Uint8Array[]; unsent: readonly Uint8Array[] } {
    return { state: this.#state, unsent: [...this.#unsent.values()].map((entry) => entry.update) };
  }

  /** Own edits in the store that other sessions have left there, with their ids. */
  async others(): Promise<readonly Unsent[]> {
    try {
      const content = await this.#copy?.read();
      return (content?.unsent ?? []).filter(({ id, update }) => !this.#unsent.has(id) && isReadable([update]));
    } catch {
      return [];
    }
  }

  /** Takes on an edit of another session, as the n-th of this one. */
  takeOn({ id, update }: Unsent, edit: number): void {
    this.#unsent.set(id, { update, edit, stored: true });
  }

  /** Waits until everything so far has been written, or cannot be. */
  async settled(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Empties the copy, for a fresh start. */
  async clear(): Promise<void> {
    this.#closed = true;
    await this.settled();
    await this.#copy?.clear().catch(() => {});
    this.#release();
  }

  /** Writes what is left and lets the copy go. */
  async close(): Promise<void> {
    await this.settled();
    this.#closed = true;
    this.#release();
  }

  #release(): void {
    clearTimeout(this.#retry);
    this.#copy?.close();
    this.#copy = undefined;
  }

  #changed(): void {
    this.#dirty = true;
    this.#kick();
  }

  #kick(): void {
    if (!this.#copy || !this.#dirty || this.#writing || this.#closed) return;
    // A moment later, so that what comes together is written together.
    this.#writing = Promise.resolve()
      .then(() => this.#write())
      .finally(() => {
        this.#writing = undefined;
        if (!this.error) this.#kick();
      });
  }

  async #write(): Promise<void> {
    const copy = this.#copy;
    const next = this.#next;
    if (!copy) return;
    this.#dirty = false;
    this.#next = { state: [], unsent: [], settled: [], facts: {} };
    const unsent = next.unsent.flatMap((id) => {
      const entry = this.#unsent.get(id);
      return entry ? [{ id, update: entry.update }] : [];
    });
    try {
      await copy.write({ ...next, unsent });
    } catch (cause) {
      this.#restore(next);
      this.#fail(
        'edits cannot be kept on this device for now (is its storage full?): leave the page only when `pending` is 0',
        cause,
      );
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => {
        this.#dirty = true;
        this.#kick();
      }, RETRY_MS);
      return;
    }
    for (const { id } of unsent) {
      const entry = this.#unsent.get(id);
      if (entry) entry.stored = true;
    }
    if (this.error) {
      this.error = undefined;
      this.events.storage(undefined);
    }
    this.events.stored();
    this.#records += next.state.length + next.settled.length;
    if (this.#records > RECORDS_MAX) {
      this.#records = 1;
      await copy.compact().catch(() => {});
    }
  }

  /** What could not be written stands before what has come since. */
  #restore(failed: Waiting): void {
    this.#dirty = true;
    this.#next = {
      state: [...failed.state, ...this.#next.state],
      unsent: [...failed.unsent, ...this.#next.unsent],
      settled: [...failed.settled, ...this.#next.settled],
      facts: { ...failed.facts, ...this.#next.facts },
    };
  }

  #fail(message: string, cause: unknown): void {
    const isNews = !this.error;
    this.error = new PlanError('storage', `${message} (${words(cause)})`, { cause });
    if (isNews) this.events.storage(this.error);
  }
}

/** Whether these are updates that a document takes. */
function isReadable(updates: readonly Uint8Array[]): boolean {
  try {
    for (const update of updates) {
      if (!(update instanceof Uint8Array)) return false;
      Y.decodeUpdate(update);
    }
    merged(updates);
    return true;
  } catch {
    return false;
  }
}
