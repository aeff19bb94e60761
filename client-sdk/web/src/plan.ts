/**
 * The handle of one plan: the document, its local copy, its connection, and everything a program asks of them.
 *
 * In: edits, presence, what other tabs and the server tell. Out: typed values, events, promises.
 * What is always true: reading and editing never wait for the network. `pending` counts the edits that the server has not
 * acknowledged; `flush` resolves when there are none of those made before. When the local copy cannot be merged any more,
 * a fresh document takes its place (`reset`) and the edits the server did not have are made again in it.
 */

import * as Y from 'yjs';
import { mergeText, offerOf, type Offer } from './afresh.js';
import { splitPath, View, entityMap, textAt, type Collection, type Collections, type Which } from './read.js';
import { makeEdit, makeEditJson, type Edit, type EditOptions } from './edit.js';
import { PlanError, words } from './error.js';
import {
  PlanHttp,
  type ChangesPage,
  type ChangesQuery,
  type PlanAnswer,
  type SummaryJson,
  type SummaryQuery,
  type Touchpoints,
} from './http.js';
import { Machine, errorOf, type Change, type Command, type Refused, type RetryBounds, type Status } from './machine.js';
import type { Present, PresenceState } from './presence.js';
import {
  COLLECTIONS,
  type CollectionName,
  type Entities,
  type Meta,
  type PlanJson,
  type Touchpoint,
} from './schema.js';
import { Driver, Tokens, claimsOf, type GetToken, type SocketConstructor } from './socket.js';
import { Ledger, indexedDbStore, memoryStore, type Store } from './store.js';
import { Tabs } from './tabs.js';
import { PlanUndoManager } from './undo.js';
import { VERSION } from './version.js';
import type { Notice, Welcome } from './wire.js';

/** How long a source of tokens may take before the copy of the last person is opened meanwhile. */
const PERSON_MAX_MS = 2_000;
/** How long an edit of another tab may stay in the store before this one takes it on. */
const TAKE_ON_MS = 10_000;

/** Where edits that were made here come from, as a Yjs origin. */
const EDIT = { plansync: 'edit' };
/** What came from the server. */
const SERVER = { plansync: 'server' };
/** What came from the local copy. */
const STORE = { plansync: 'store' };
/** What came from another tab. */
const TAB = { plansync: 'tab' };
/** Every origin whose updates are not one's own edits. */
const FOREIGN: ReadonlySet<unknown> = new Set<unknown>([SERVER, STORE, TAB]);

/** How to connect to a plan. */
export interface ConnectOptions {
  /** The server: `https://plans.example.com`. */
  url: string;
  /** The id of the plan. */
  plan: string;
  /** The person's token. Give this, or `getToken`. */
  token?: string;
  /** Gets the person's token, now and whenever it has expired. `null` means: not signed in. */
  getToken?: GetToken;
  /** The program, for the server's log: `my-crm/1.2`. */
  name?: string;
  /** Which document: the one of all parties, or that of the person's own party. */
  scope?: 'shared' | 'private';
  /**
   * Where the local copy is kept: in IndexedDB, so that edits survive a reload (the default where there is one), in
   * memory, or in a {@link Store} of your own.
   */
  store?: 'indexeddb' | 'memory' | Store;
  /** Tell every change after this entry (`412`) or this change (`"412.0"`), not only those from now on. */
  sinceSeq?: number | string;
  /** The websocket to use where there is none, as in Node 20: that of npm `ws`. */
  WebSocket?: unknown;
  /** The `fetch` to use. */
  fetch?: typeof fetch;
  /** The pauses between attempts to connect, in milliseconds. */
  retry?: RetryBounds;
}

/** What {@link Plan.on} tells, each with what its listener is given. */
export interface PlanEvents {
  /** A change of the plan, settled: who, what, from what to what. */
  change: Change;
  /** The connection stands elsewhere. */
  status: Status;
  /** The server has refused or put back an edit of ours. */
  refused: Refused;
  /** Others came, went or moved. */
  presence: readonly Present[];
  /** More or fewer edits wait for the server's acknowledgement. */
  pending: Pending;
  /** The document is different: which entities, and whether it came from elsewhere. */
  update: PlanUpdate;
  /** Another document has taken the place of the former one: bind editors anew. */
  reset: Reset;
  /** The local copy cannot be kept, or can be again (`undefined`). */
  storage: PlanError | undefined;
  /** What the server says about the connection. */
  notice: Notice;
}

/** Edits on their way. */
export interface Pending {
  /** Edits that are not known to be on the server's disk. */
  readonly pending: number;
  /** How many of them the local copy keeps. All of them: the page may be left. */
  readonly stored: number;
}

/** What is different. */
export interface PlanUpdate {
  /** The entities: `tasks/ca-1`, `meta`. */
  readonly entities: ReadonlySet<string>;
  /** Whether something from elsewhere is among it. */
  readonly remote: boolean;
}

/** Why a fresh document was begun, and what became of the edits that the server did not have. */
export interface Reset {
  /** `conflict`: the copy built on what the server does not have. `restored`: the plan was restored. `person`: somebody else. */
  readonly why: 'conflict' | 'restored' | 'person';
  /** Whether edits are made again once the plan is live. */
  readonly offered: boolean;
  /** Resolves with the places that could not be made again: `tasks/ca-9`. */
  readonly lost: Promise<readonly string[]>;
}

/** Who we are to the server, and what we may do. */
export interface Me {
  /** The person of the token. */
  readonly person: string;
  /** Their party. */
  readonly party: string;
  /** What they may do: `owner`, `editor`, `contributor`, `commenter`, `viewer`. */
  readonly access: Welcome['access'];
  /** `shared`, or `party:<id>`. */
  readonly scope: string;
}

/** Who is there. */
export interface Presence {
  /** Shows others where one is; replaces what was shown before. `null` hides. */
  set(state: PresenceState | null): void;
  /** Everybody who is there, this client too: the same array until that changes. */
  readonly people: readonly Present[];
  /** Everybody but this client. */
  readonly others: readonly Present[];
}

/** Calls and meetings: to read, and to open, close and list at the server. */
export interface TouchpointCollection extends Collection<Touchpoint>, Touchpoints {}

/** Takes a listener away. */
export type Unsubscribe = () => void;

interface Session {
  readonly doc: Y.Doc;
  readonly view: View;
  readonly undo: PlanUndoManager;
  readonly ledger: Ledger;
  person: string;
  tabs: Tabs | undefined;
}

/** Opens a plan. Returns at once: read what is there, edit, and listen for what comes. */
export function connect(options: ConnectOptions): Plan {
  return new Plan(options);
}

/** A plan, kept in step with the server. Made by {@link connect}. */
export class Plan {
  /** The id of the plan. */
  readonly id: string;
  /** Which document this is. */
  readonly scope: 'shared' | 'private';
  /** Resolves when the local copy has been read; it never rejects. */
  readonly ready: Promise<void>;
  /** Who is there. */
  readonly presence: Presence;
  /** Calls and meetings, from which summaries count: to read as of the document, to open and close at the server. */
  readonly touchpoints: TouchpointCollection;
  /** The HTTP side of this plan, for what has no method here. */
  readonly http: PlanHttp;

  readonly #listeners = new Map<keyof PlanEvents, Set<(value: never) => void>>();
  readonly #subscribers = new Map<string, Set<() => void>>();
  readonly #machine: Machine;
  readonly #driver: Driver;
  readonly #tokens: Tokens;
  readonly #store: Store;
  readonly #base: string;
  #session: Session;
  #offers: { offer: Offer; done: (lost: readonly string[]) => void }[] = [];
  #takingOn: ReturnType<typeof setTimeout> | undefined;
  readonly #seenOfOthers = new Set<string>();
  #serverAhead = 0;
  #shownStatus: Status = { state: 'connecting' };
  #closing: Promise<void> | undefined;
  /** The edit with which the last offer was made. */
  #offered = 0;

  /** Use {@link connect}. */
  constructor(options: ConnectOptions) {
    const { url, plan, scope = 'shared' } = options;
    const base = checkedUrl(url);
    if (!plan) throw new PlanError('malformed', 'which plan? Give its id as `plan`');
    if (options.token === undefined && !options.getToken) {
      throw new PlanError('unauthorized', 'who are you? Give `token`, or `getToken` to fetch one from your own server');
    }
    this.id = plan;
    this.scope = scope;
    this.#base = `${base.href}|${plan}|${scope}`;
    this.#store = storeOf(options.store);
    this.#tokens = new Tokens(options.token, options.getToken);
    const fetching = options.fetch ?? globalThis.fetch?.bind(globalThis);
    this.http = new PlanHttp({ url: base.href, plan, fetch: fetching, token: (refused) => this.#tokens.get(refused) });
    this.touchpoints = this.#touchpointsOf(this.http.touchpoints);
    const doc = new Y.Doc();
    this.#machine = new Machine({
      ownId: doc.clientID,
      client: `${options.name ? `${options.name} ` : ''}@plansync/client/${VERSION}`,
      cursor: options.sinceSeq,
      ...(options.retry ? { retry: options.retry } : {}),
    });
    this.#session = this.#begin(doc, '');
    const socketUrl = new URL(`v1/sync/${encodeURIComponent(plan)}${scope === 'private' ? '/private' : ''}`, base);
    socketUrl.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
    const host = {
      stateVector: () => Y.encodeStateVector(this.doc),
      difference: (since: Uint8Array) => Y.encodeStateAsUpdate(this.doc, since),
      run: (command: Command) => this.#run(command),
    };
    this.#driver = new Driver(this.#machine, host, {
      url: socketUrl.href,
      WebSocket: socketOf(options.WebSocket),
      tokens: this.#tokens,
    });
    this.presence = {
      set: (state) => {
        this.#machine.presence.set(state);
        this.#driver.pump();
      },
      get people() {
        return people();
      },
      get others() {
        return others();
      },
    };
    const people = () => this.#machine.presence.people;
    let lastOthers: readonly Present[] = [];
    let lastPeople: readonly Present[] | undefined;
    const others = () => {
      if (lastPeople !== people()) {
        lastPeople = people();
        lastOthers = Object.freeze(lastPeople.filter((each) => each.clientId !== this.doc.clientID));
      }
      return lastOthers;
    };
    this.ready = this.#start(options.token);
  }

  // --- Reading ---------------------------------------------------------------------------------------------------

  /** The fields of the plan itself: the same object until one changes. */
  get meta(): Meta {
    return this.#session.view.meta;
  }

  /** The entities of a collection by its name. */
  collection<Name extends CollectionName>(name: Name): Collection<Entities[Name]> {
    const found = this.#session.view.collections[name];
    if (!found)
      throw new PlanError(
        'not_found',
        `a plan has no ${String(name)}: it has ${COLLECTIONS.map((each) => each.name).join(', ')}`,
      );
    return found;
  }

  /** The canonical JSON, `plansync.plan/1`: the same object until something changes. Removed entities if asked for. */
  toJSON(which?: Which): PlanJson {
    return which?.removed ? this.#session.view.print(which) : this.#session.view.toJSON();
  }

  /** The Yjs document, for editors and everything else that speaks Yjs. {@link PlanEvents.reset} tells of another one. */
  get doc(): Y.Doc {
    return this.#session.doc;
  }

  /** The text at `tasks/ca-1/notes` or `meta/valueProposition`, to bind an editor to. */
  text(path: string): Y.Text {
    const found = textAt(this.doc, path) ?? this.#createText(path);
    if (!found)
      throw new PlanError(
        'not_found',
        `there is no text at ${path}: a path is like tasks/ca-1/notes, of an entity that exists`,
        { path },
      );
    return found;
  }

  // --- Editing ---------------------------------------------------------------------------------------------------

  /**
   * Makes one edit: all of it in one transaction, or nothing. Returns what the function returns.
   *
   * Throws a {@link PlanError} of kind `malformed` (a value does not fit), `not_found` (no such entity), `conflict` (it
   * exists already) or `too_large`. What the person may not do is refused by the server: listen for `refused`.
   */
  edit<R>(make: (edit: Edit) => R, options?: EditOptions): R {
    if (this.#closing) throw new PlanError('closed', 'the plan was closed here: connect again to edit it');
    return makeEdit(this.doc, this.scope === 'shared', EDIT, make, options);
  }

  /** Takes back the last step of one's own. Whether there was one. */
  undo(): boolean {
    return this.#session.undo.undo() !== null;
  }

  /** Makes the last step that was taken back again. Whether there was one. */
  redo(): boolean {
    return this.#session.undo.redo() !== null;
  }

  /** Whether there is something of one's own to take back. */
  get canUndo(): boolean {
    return this.#session.undo.canUndo();
  }

  /** Whether there is something to make again. */
  get canRedo(): boolean {
    return this.#session.undo.canRedo();
  }

  /** The undo manager, for editors that want one. */
  get undoManager(): Y.UndoManager {
    return this.#session.undo;
  }

  // --- The connection --------------------------------------------------------------------------------------------

  /** Where the connection stands, and why. */
  get status(): Status {
    return this.#shownStatus;
  }

  /** Edits that are not known to be on the server's disk. */
  get pending(): number {
    return this.#machine.pending + this.#offers.length;
  }

  /** How many of the pending edits the local copy keeps. */
  get stored(): number {
    return Math.min(this.#session.ledger.stored, this.#machine.pending);
  }

  /** Why the local copy keeps nothing now; absent while it does. */
  get storage(): PlanError | undefined {
    return this.#session.ledger.error;
  }

  /** Who we are to the server; nothing before the first connection. */
  get me(): Me | undefined {
    const { welcome } = this.#machine;
    return welcome && { person: welcome.person, party: welcome.party, access: welcome.access, scope: welcome.scope };
  }

  /** The last entry of the server's log that is known here. */
  get seq(): number {
    return this.#machine.seq;
  }

  /** Up to where this person had seen the plan, when they last said so. */
  get lastVisitSeq(): number {
    return this.#machine.welcome?.lastVisitSeq ?? 0;
  }

  /** The server's clock, in milliseconds like `Date.now()`. */
  serverNow(): number {
    return Date.now() + this.#serverAhead;
  }

  /** Tells the server that this person has seen everything up to here. */
  markSeen(): void {
    this.#machine.touch();
    this.#driver.pump();
  }

  /** Tries to connect at once, if a pause is running. */
  reconnect(): void {
    this.#driver.run(this.#machine.due());
  }

  /** Waits until both sides have sent each other what the other lacked. Rejects at a final end, and after `timeoutMs`. */
  live(options: { timeoutMs?: number } = {}): Promise<void> {
    return this.#until(() => this.status.state === 'live', 'the plan is not live', options.timeoutMs);
  }

  /**
   * Waits until every edit made before this call is on the server's disk. Rejects at a final end, and after `timeoutMs`
   * if given; offline it waits.
   */
  async flush(options: { timeoutMs?: number } = {}): Promise<void> {
    await this.ready;
    const wanted = this.#machine.editsMade;
    const why = () => `${this.#machine.pending} edits are not on the server (${this.status.state}); they are kept`;
    return this.#until(
      () => this.#offers.length === 0 && this.#machine.editsDurable >= Math.max(wanted, this.#offered),
      why,
      options.timeoutMs,
    );
  }

  /** Sends what can be sent, says goodbye and ends the connection for good. What was not sent stays in the local copy. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#driver.pump();
      this.#driver.close();
      clearTimeout(this.#takingOn);
      this.#session.tabs?.close();
      await this.#session.ledger.close();
      this.#session.view.destroy();
      this.#session.undo.destroy();
    })();
    return this.#closing;
  }

  // --- Listening -------------------------------------------------------------------------------------------------

  /** Calls `listener` at every event of this name. Returns what takes it away again. */
  on<Name extends keyof PlanEvents>(name: Name, listener: (value: PlanEvents[Name]) => void): Unsubscribe {
    return add(this.#listeners, name, listener as (value: never) => void);
  }

  /**
   * Calls `listener` when this entity, this collection (without id) or the plan's own fields (`"meta"`) have changed:
   * once for each transaction, after it.
   */
  subscribe(entity: CollectionName, id: string, listener: () => void): Unsubscribe;
  subscribe(collection: CollectionName | 'meta', listener: () => void): Unsubscribe;
  subscribe(name: string, ...rest: [string, () => void] | [() => void]): Unsubscribe {
    const [id, listener] = rest.length === 2 ? rest : [undefined, rest[0]];
    return add(this.#subscribers, id === undefined ? name : `${name}/${id}`, listener);
  }

  // --- The HTTP side ---------------------------------------------------------------------------------------------

  /** What changed, what else moves and who is next: as Markdown unless another format is asked for. */
  summary(query: SummaryQuery & { format: 'json' }): Promise<SummaryJson>;
  summary(query?: SummaryQuery): Promise<string>;
  summary(query: SummaryQuery = {}): Promise<string | SummaryJson> {
    return this.http.summary(query);
  }

  /** The changes of the plan, a page at a time, the oldest first. */
  changes(query?: ChangesQuery): Promise<ChangesPage> {
    return this.http.changes(query);
  }

  /** How the plan stands: completion, what is overdue, health and its reasons. */
  figures(query?: { asOf?: string }): Promise<PlanAnswer['figures']> {
    return this.http.figures(query);
  }

  /** The plan as a file. */
  export(format: 'json' | 'md' | 'csv' | 'ics'): Promise<string> {
    return this.http.export(format);
  }

  // --- Inside ----------------------------------------------------------------------------------------------------

  #touchpointsOf(server: Touchpoints): TouchpointCollection {
    const kept = () => this.collection('touchpoints');
    return {
      ...server,
      get: (id, which) => kept().get(id, which),
      has: (id, which) => kept().has(id, which),
      all: (which) => kept().all(which),
      get size() {
        return kept().size;
      },
      [Symbol.iterator]: () => kept()[Symbol.iterator](),
    };
  }

  #begin(doc: Y.Doc, person: string): Session {
    const random = crypto.getRandomValues(new Uint32Array(2));
    const ledger: Ledger = new Ledger(`${doc.clientID}-${random.join('-')}`, {
      stored: () => this.#session.ledger === ledger && this.#tellPending(),
      storage: (error) => this.#session.ledger === ledger && this.#emit('storage', error),
    });
    const view = new View(doc, this.scope === 'shared', ({ entities, remote }) => {
      const names = new Set([...entities].map((path) => path.split('/', 1)[0] as string));
      for (const name of new Set([...entities, ...names])) this.#notify(name);
      this.#emit('update', { entities, remote });
    });
    const undo = new PlanUndoManager(doc, FOREIGN);
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (this.#session.doc !== doc || FOREIGN.has(origin)) return;
      this.#machine.edited(update);
      ledger.edited(update, this.#machine.editsMade);
      this.#session.tabs?.made(update);
      this.#tellPending();
      this.#driver.pump();
    });
    return { doc, view, undo, ledger, person, tabs: undefined };
  }

  /** Reads the local copy of whoever this is, then connects. */
  async #start(token: string | undefined): Promise<void> {
    const person = token === undefined ? await this.#whoIsThis() : (claimsOf(token)?.sub ?? '');
    await this.#open(person);
    if (!this.#closing) this.#driver.run(this.#machine.start());
  }

  async #whoIsThis(): Promise<string> {
    const token = this.#tokens.get().catch(() => null);
    const last = lastPerson(this.#base);
    // Without a copy to show meanwhile, there is nothing to be quick about.
    if (!last) return claimsOf((await token) ?? '')?.sub ?? '';
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PERSON_MAX_MS));
    const given = await Promise.race([token, late]);
    return (given && claimsOf(given)?.sub) || last;
  }

  async #open(person: string): Promise<void> {
    const session = this.#session;
    session.person = person;
    const name = `${this.#base}|${person}`;
    const { state, unsent } = await session.ledger.open(this.#store, name);
    if (this.#session !== session) return;
    session.doc.transact(() => {
      for (const update of [...state, ...unsent.map((each) => each.update)]) this.#apply(update, STORE);
    }, STORE);
    this.#machine.loaded({ ...session.ledger.facts, unsent: unsent.length });
    session.ledger.adopt(this.#machine.editsMade);
    if (this.#store.kind === 'indexeddb') {
      session.tabs = new Tabs(name, {
        apply: (update) => this.#session === session && this.#fromTab(update),
        difference: (since) => Y.encodeStateAsUpdate(session.doc, since),
      });
      session.tabs.hello(Y.encodeStateVector(session.doc));
    }
    if (unsent.length > 0) this.#tellPending();
  }

  #apply(update: Uint8Array, origin: unknown): void {
    Y.applyUpdate(this.doc, update, origin);
  }

  #fromTab(update: Uint8Array): void {
    try {
      this.#apply(update, TAB);
    } catch {
      return; // Another version of this package may speak otherwise; the server has the last word.
    }
    this.#takingOn ??= setTimeout(() => void this.#takeOn(), TAKE_ON_MS);
  }

  /** Edits of other tabs that are still in the store at a second look are sent by this one: their tab may be gone. */
  async #takeOn(): Promise<void> {
    this.#takingOn = undefined;
    const session = this.#session;
    const others = await session.ledger.others();
    if (this.#session !== session || this.#closing || others.length === 0) return this.#seenOfOthers.clear();
    for (const edit of others) {
      if (!this.#seenOfOthers.has(edit.id)) this.#seenOfOthers.add(edit.id);
      else {
        this.#apply(edit.update, TAB);
        this.#machine.edited(edit.update);
        session.ledger.takeOn(edit, this.#machine.editsMade);
      }
    }
    this.#takingOn = setTimeout(() => void this.#takeOn(), TAKE_ON_MS);
    this.#tellPending();
    this.#driver.pump();
  }

  #run(command: Command): void {
    switch (command.do) {
      case 'apply':
        return this.#fromServer(command.update, command.live);
      case 'welcome':
        return this.#welcomed(command.welcome);
      case 'durable':
        this.#session.ledger.durable(command.edits);
        return this.#tellPending();
      case 'change':
        this.#emit('change', command.change);
        return this.#session.ledger.note({ cursor: command.cursor });
      case 'refused':
        return this.#emit('refused', command.refused);
      case 'notice':
        return this.#emit('notice', command.notice);
      case 'presence':
        return this.#emit('presence', this.presence.people);
      case 'status':
        this.#shownStatus = command.status;
        if (command.status.state === 'live') this.#makeOffers();
        return this.#emit('status', command.status);
      case 'afresh':
        return void this.#startAfresh(command.why);
    }
  }

  #fromServer(update: Uint8Array, live: boolean): void {
    this.#apply(update, SERVER);
    this.#session.ledger.received(update.slice());
    const { pendingStructs, pendingDs } = this.doc.store;
    if (live && (pendingStructs ?? pendingDs)) this.#machine.gapSeen();
  }

  #welcomed(welcome: Welcome): void {
    this.#serverAhead = Date.parse(welcome.serverTime) - Date.now();
    if (welcome.person !== this.#session.person) {
      // The copy is somebody else's: theirs stays as it is, and ours is opened.
      void this.#startAfresh('person');
      return;
    }
    rememberPerson(this.#base, welcome.person);
    this.#session.ledger.note({ epoch: welcome.epoch });
  }

  /** Another document takes the place of this one. */
  async #startAfresh(why: Reset['why']): Promise<void> {
    const old = this.#session;
    const { state, unsent } = old.ledger.content;
    // Of another person's copy, only what was made since nobody was known is ours.
    const isOurs = why !== 'person' || old.person === '';
    const offer = isOurs ? offerOf(state, unsent) : undefined;
    const person = why === 'person' ? (this.#machine.welcome?.person ?? '') : old.person;
    old.tabs?.close();
    old.view.destroy();
    old.undo.destroy();
    const doc = new Y.Doc();
    this.#session = this.#begin(doc, person);
    const session = this.#session;
    this.#driver.run(this.#machine.startAfresh(doc.clientID));
    const lost = new Promise<readonly string[]>((resolve) => {
      if (offer) this.#offers.push({ offer, done: resolve });
      else resolve([]);
    });
    await (why === 'person' && old.person !== '' ? old.ledger.close() : old.ledger.clear());
    await this.#open(person);
    if (this.#session !== session || this.#closing) return void session.ledger.close();
    this.#emit('reset', { why, offered: offer !== undefined, lost });
    for (const name of [...this.#subscribers.keys()]) this.#notify(name);
    this.#tellPending();
    this.#driver.run(this.#machine.start());
  }

  /** What the server did not have is made again, in the words of the plan. */
  #makeOffers(): void {
    const offers = this.#offers.splice(0);
    if (offers.length === 0) return;
    // Whoever waits for these edits must not take their being made for their being durable.
    this.#offered = Infinity;
    for (const { offer, done } of offers) {
      const { edit, texts, added } = offer;
      const has = (collection: string, id: string) => {
        const schema = splitPath(collection).collection;
        return schema !== undefined && entityMap(this.doc, schema, id) !== undefined;
      };
      const lost: string[] = [];
      const set: Record<string, Record<string, unknown>> = {};
      for (const [name, entities] of Object.entries(edit.set)) {
        for (const [id, fields] of Object.entries(entities)) {
          // What others had made and is gone now is not brought back in pieces.
          if (name !== 'meta' && !has(name, id) && !added.has(`${name}/${id}`)) lost.push(`${name}/${id}`);
          else (set[name] ??= {})[id] = fields;
        }
      }
      for (const { collection, id, field, before, after } of texts) {
        const schema = splitPath(collection).collection;
        const map = schema && entityMap(this.doc, schema, id);
        if (!map) {
          lost.push(`${collection}/${id}/${field}`);
          continue;
        }
        const theirs = map.get(field);
        const text = mergeText(before, theirs instanceof Y.Text ? theirs.toString() : '', after);
        if (collection === 'meta') (set[collection] ??= {})[field] = text;
        else
          (set[collection] ??= {})[id] = { ...((set[collection] as Record<string, object>)[id] ?? {}), [field]: text };
      }
      try {
        lost.push(...this.edit((tx) => makeEditJson(tx, has, { ...edit, set })));
      } catch (error) {
        lost.push(words(error));
      }
      done(lost);
    }
    this.#offered = this.#machine.editsMade;
    this.#tellPending();
  }

  #createText(path: string): Y.Text | undefined {
    const { collection, id, field } = splitPath(path);
    const map = collection && entityMap(this.doc, collection, id);
    const isText = collection?.fields.some((each) => each.name === field && each.kind.type === 'text');
    if (!map || !isText || map.get(field) instanceof Y.AbstractType) return;
    const before = map.get(field);
    const text = new Y.Text(typeof before === 'string' ? before : '');
    this.doc.transact(() => map.set(field, text), EDIT);
    return text;
  }

  #until(holds: () => boolean, why: string | (() => string), timeoutMs?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const undo: Unsubscribe[] = [];
      const end = (error?: PlanError) => {
        clearTimeout(timer);
        undo.forEach((each) => each());
        if (error) reject(error);
        else resolve();
      };
      const look = () => {
        if (holds()) end();
        else if (this.#shownStatus.reason?.final) end(errorOf(this.#shownStatus));
      };
      undo.push(this.on('status', look), this.on('pending', look));
      if (timeoutMs !== undefined) {
        timer = setTimeout(
          () =>
            end(
              new PlanError(
                'timeout',
                `after ${timeoutMs} ms ${typeof why === 'string' ? why : why()}: wait longer, or look at \`status\``,
              ),
            ),
          timeoutMs,
        );
      }
      look();
    });
  }

  #tellPending(): void {
    this.#emit('pending', { pending: this.pending, stored: this.stored });
  }

  #emit<Name extends keyof PlanEvents>(name: Name, value: PlanEvents[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])])
      call(() => (listener as (value: PlanEvents[Name]) => void)(value));
  }

  #notify(name: string): void {
    for (const listener of [...(this.#subscribers.get(name) ?? [])]) call(listener);
  }
}

/** Every collection stands on a plan by its name: `plan.tasks`, `plan.people`. */
export interface Plan extends Omit<Collections, 'touchpoints'> {}

for (const { name, ids } of COLLECTIONS) {
  if (ids === 'none' || name === 'touchpoints') continue;
  Object.defineProperty(Plan.prototype, name, {
    get(this: Plan) {
      return this.collection(name as CollectionName);
    },
  });
}

/** A listener that throws is reported, and disturbs nobody else. */
function call(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
    else console.error(error);
  }
}

function add<Key, Listener>(all: Map<Key, Set<Listener>>, key: Key, listener: Listener): Unsubscribe {
  const listeners = all.get(key) ?? new Set();
  all.set(key, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && all.get(key) === listeners) all.delete(key);
  };
}

function checkedUrl(url: string): URL {
  try {
    const base = new URL(url);
    base.protocol = base.protocol.replace(/^ws/, 'http');
    if (!/^https?:$/.test(base.protocol)) throw new Error(`${base.protocol} is no address of a server`);
    base.hash = base.search = '';
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    return base;
  } catch (cause) {
    throw new PlanError(
      'malformed',
      `${JSON.stringify(url)} is no address of a server: give one like https://plans.example.com`,
      { cause },
    );
  }
}

function storeOf(given: ConnectOptions['store']): Store {
  if (typeof given === 'object') return given;
  if (given === 'memory') return memoryStore();
  return given === 'indexeddb' || globalThis.indexedDB ? indexedDbStore() : memoryStore();
}

function socketOf(given: unknown): SocketConstructor {
  const found = given ?? (globalThis as { WebSocket?: unknown }).WebSocket;
  if (typeof found === 'function') return found as SocketConstructor;
  throw new PlanError(
    'malformed',
    'there is no WebSocket here: install `ws` and give its WebSocket as the option `WebSocket`',
  );
}

/** The person who last used this plan here: whose copy to open while no token can be fetched. */
function lastPerson(base: string): string {
  try {
    return globalThis.localStorage?.getItem(`plansync:${base}`) ?? '';
  } catch {
    return '';
  }
}

function rememberPerson(base: string, person: string): void {
  try {
    globalThis.localStorage?.setItem(`plansync:${base}`, person);
  } catch {
    // Forbidden or full: then there is no copy while no token can be fetched.
  }
}
