/**
 * The protocol of one plan, without socket, clock and chance: what happens goes in, what is to be done comes out.
 *
 * In: frames, edits, the ends of connections, tokens, beats of a clock. Out: {@link Command}s for the driver, which also
 * asks {@link Machine.pollTransmit} for the next thing to send whenever the socket has room.
 * It keeps: how many edits were made, which of them each unacknowledged frame covers, a bounded outbox, the pause before
 * the next attempt.
 * What is always true: an edit is pending until an Ack covers it. An edit is in the document before the machine hears of
 * it, so a difference that is computed after `State` was polled holds it; that is why everything may be dropped when a
 * connection ends or the outbox is full. After a final refusal nothing is attempted any more.
 */

import { PlanError, type PlanErrorKind } from './error.js';
import { PresenceBook } from './presence.js';
import {
  WIRE_LIMITS,
  WireError,
  decode,
  encode,
  isFinal,
  isPosition,
  type Hello,
  type Notice,
  type Welcome,
} from './wire.js';

/** Updates that wait for the socket, before one difference takes their place. So does one too long for an Update. */
const OUTBOX_FRAMES_MAX = 256;
/** Their bytes, before one difference takes their place. */
const OUTBOX_BYTES_MAX = 512 << 10;
/** Frames without an Ack, before the next one waits. */
const IN_FLIGHT_MAX = 1024;
/** Beats without a word of the server, each of which asked for one, before the connection counts as dead. */
const SILENT_BEATS_MAX = 3;
/** Fresh starts without a live connection in between, before it is given up: another one would end the same way. */
const AFRESH_MAX = 2;
/** The longest time a server may ask to stay away. */
const RETRY_AFTER_MAX_MS = 120_000;

/** Where the connection stands. */
export type StatusName = 'connecting' | 'syncing' | 'live' | 'offline' | 'refused' | 'closed';

/** Why it stands there. */
export interface Reason {
  /** The number of a close, or a word: `no_token`, `network`, `stopped`. */
  readonly code: number | string;
  /** What happened and what to do next. */
  readonly message: string;
  /** Whether nothing more will be attempted. */
  readonly final?: boolean;
  /** When the next attempt comes, in milliseconds of `Date.now()`. */
  readonly retryAt?: number;
}

/** Where the connection stands, and why. */
export interface Status {
  /**
   * - `connecting`: an attempt is under way.
   * - `syncing`: the server knows us; both sides send what the other lacks.
   * - `live`: edits go both ways as they are made.
   * - `offline`: no connection; the next attempt comes by itself, edits are kept.
   * - `refused`: the server has ended it for good; `reason` says why.
   * - `closed`: closed here.
   */
  readonly state: StatusName;
  /** Why; absent while all is well. */
  readonly reason?: Reason;
}

/** An edit that the server refused or put back. */
export interface Refused {
  /** The collection. */
  readonly entity: string;
  /** The entity's id. */
  readonly id: string;
  /** The field. */
  readonly field: string;
  /** The stable word: `not_allowed`, `needs_consent`, `malformed`, `server_owned`, `too_large`, `unknown_collection`, `cycle`. */
  readonly code: string;
  /** Why, for a person. */
  readonly why?: string;
  /** What stands there now. */
  readonly restored?: unknown;
  /** The proposal that holds the edit until the other party agrees. */
  readonly proposal?: string;
  /** Which frame of this connection it was in. */
  readonly frame?: number;
}

/** A change of the plan: a CloudEvent 1.0, as `docs/changes.md` describes it. */
export interface Change {
  /** `<plan>/<seq>/<n>`. */
  readonly id: string;
  /** `plansync.<noun>.<verb>`. */
  readonly type: string;
  /** The last entry of the log that it covers. */
  readonly seq: number;
  /** When, UTC. */
  readonly time: string;
  /** `tasks/ca-1`, or `meta`. */
  readonly subject?: string;
  /** Who. */
  readonly actor?: string;
  /** Their party. */
  readonly party?: string;
  /** By what kind of hand. */
  readonly origin?: 'human' | 'import' | 'crm' | 'automation' | 'propagation' | 'system' | 'erasure' | (string & {});
  /** What. */
  readonly data: {
    readonly entity?: string;
    readonly id?: string;
    readonly title?: string;
    readonly class?: string;
    readonly field?: string;
    readonly old?: unknown;
    readonly new?: unknown;
    readonly deltaDays?: number;
    readonly reason?: string;
    readonly [more: string]: unknown;
  };
  /** Further members of CloudEvents. */
  readonly [more: string]: unknown;
}

/** The bounds of the pauses between attempts, in milliseconds. */
export interface RetryBounds {
  /** The ceiling of the first pause. */
  readonly first: number;
  /** The ceiling of every later one, at most. */
  readonly max: number;
  /** A connection that lasted this long starts the pauses anew. */
  readonly calm: number;
}

/** Half a second, doubling up to thirty; anew after a minute of calm. */
export const RETRY_BOUNDS: RetryBounds = { first: 500, max: 30_000, calm: 60_000 };

/** What the driver has to do. */
export type Command =
  /** Get a token, then say {@link Machine.tokenGiven} or {@link Machine.tokenFailed}. */
  | { do: 'token'; refresh: boolean }
  /** Open a socket, then say {@link Machine.opened} or {@link Machine.ended}. */
  | { do: 'connect' }
  /** Close the socket with this code. The machine has done with it already. */
  | { do: 'disconnect'; code: number; reason: string }
  /** Call {@link Machine.due} after this time. */
  | { do: 'wait'; ms: number }
  /** Apply this update to the document; a gap after a live one asks for more. */
  | { do: 'apply'; update: Uint8Array; live: boolean }
  /** The server knows us. */
  | { do: 'welcome'; welcome: Welcome }
  /** The first so many edits are on the server's disk. */
  | { do: 'durable'; edits: number }
  /** Pass this on. */
  | { do: 'change'; change: Change; cursor: string }
  | { do: 'refused'; refused: Refused }
  | { do: 'notice'; notice: Notice }
  | { do: 'presence' }
  | { do: 'status'; status: Status }
  /** Drop the local copy, begin with an empty one, then say {@link Machine.startAfresh}. */
  | { do: 'afresh'; why: 'conflict' | 'restored' };

/** The next thing to send. */
export type Transmit =
  /** A frame as it is. */
  | { send: 'frame'; bytes: Uint8Array }
  /** A SyncStep1 with the document's state vector. */
  | { send: 'ask' }
  /** A SyncStep2 with the document's difference to this state vector. */
  | { send: 'state'; since: Uint8Array };

/** What a machine starts with. */
export interface MachineOptions {
  /** The client id of the document. */
  ownId: number;
  /** The program, `name/version`. */
  client: string;
  /** Changes are wanted after this one. */
  cursor?: number | string | undefined;
  /** The epoch of the local copy. */
  epoch?: number | undefined;
  /** Edits of the local copy that are not known to be on the server. */
  unsent?: number;
  /** The pauses between attempts. */
  retry?: RetryBounds;
}

/** What begins anew with every connection. */
interface Connection {
  open: boolean;
  openedAt: number;
  helloSent: boolean;
  welcomed: boolean;
  askDue: boolean;
  serverState: Uint8Array | undefined;
  stateDue: boolean;
  caughtUp: boolean;
  /** For each SyncStep2 and Update without an Ack: the edits covered once it is acknowledged. */
  inFlight: number[];
  acknowledged: number;
  silentBeats: number;
  retryAfterMs: number;
}

function newConnection(): Connection {
  return {
    open: false,
    openedAt: 0,
    helloSent: false,
    welcomed: false,
    askDue: false,
    serverState: undefined,
    stateDue: false,
    caughtUp: false,
    inFlight: [],
    acknowledged: 0,
    silentBeats: 0,
    retryAfterMs: 0,
  };
}

/** The protocol of one plan. */
export class Machine {
  /** Who is there. */
  presence: PresenceBook;
  /** What the server said of us at the last connection. */
  welcome: Welcome | undefined;
  /** The last entry of the server's log that is known here. */
  seq = 0;
  /** Edits since the beginning. */
  editsMade: number;
  /** How many of them, from the first, are on the server's disk. */
  editsDurable = 0;
  /** Where the connection stands. */
  status: Status = { state: 'connecting' };

  readonly #hello: Omit<Hello, 'token' | 'sinceSeq'>;
  readonly #retry: RetryBounds;
  #cursor: number | string | undefined;
  #epoch: number | undefined;
  #token: string | undefined;
  #connection = newConnection();
  #outbox: { covers: number; update: Uint8Array }[] = [];
  #outboxBytes = 0;
  #touchDue = false;
  #ceiling: number;
  #tokenRefused = false;
  #afreshCount = 0;

  /** A machine that has not started yet. */
  constructor(options: MachineOptions) {
    this.#hello = { client: options.client };
    this.presence = new PresenceBook(options.ownId);
    this.#cursor = options.cursor;
    this.#epoch = options.epoch;
    this.editsMade = options.unsent ?? 0;
    this.#retry = options.retry ?? RETRY_BOUNDS;
    this.#ceiling = this.#retry.first;
  }

  /** Edits that are not known to be on the server's disk. */
  get pending(): number {
    return this.editsMade - this.editsDurable;
  }

  /** Whether nothing will be attempted any more. */
  get isOver(): boolean {
    return this.status.state === 'refused' || this.status.state === 'closed';
  }

  /** The local copy has been read: so many of its edits are not known to be on the server. */
  loaded(copy: { epoch?: number | undefined; cursor?: number | string | undefined; unsent: number }): void {
    this.#epoch = copy.epoch;
    this.#cursor ??= copy.cursor;
    this.editsMade += copy.unsent;
  }

  /** Begins. */
  start(): Command[] {
    return this.#attempt();
  }

  /** The token to say hello with. */
  tokenGiven(token: string): Command[] {
    if (this.isOver) return [];
    this.#token = token;
    return [{ do: 'connect' }];
  }

  /** There is no token for now; the next attempt asks again. */
  tokenFailed(message: string, now: number, chance: number): Command[] {
    return this.isOver ? [] : this.#pause('no_token', message, now, chance);
  }

  /** There is no token, or no other one than the server has refused. */
  tokenMissing(): Command[] {
    return this.isOver ? [] : this.#refuse(4401, closeWords(4401, ''));
  }

  /** The socket is open. */
  opened(now: number): void {
    this.#connection.open = true;
    this.#connection.openedAt = now;
  }

  /** The socket has closed, or did not open. */
  ended(code: number, reason: string, now: number, chance: number): Command[] {
    const { openedAt, welcomed, retryAfterMs } = this.#connection;
    const lasted = this.#connection.open ? now - openedAt : 0;
    const commands = this.#disconnected();
    if (this.isOver) return commands;
    if (welcomed && lasted >= this.#retry.calm) this.#ceiling = this.#retry.first;
    if (code === 4401 && !this.#tokenRefused) {
      this.#tokenRefused = true;
      return [...commands, ...this.#attempt(true)];
    }
    if (code === 4409) return [...commands, ...this.#afresh('conflict')];
    if (isFinal(code)) return [...commands, ...this.#refuse(code, closeWords(code, reason))];
    const message = reason || 'the connection broke';
    return [
      ...commands,
      ...this.#pause(code === 1005 || code === 1006 ? 'network' : code, message, now, chance, retryAfterMs),
    ];
  }

  /** The pause is over, or there is a reason to try at once. */
  due(): Command[] {
    return this.status.state === 'offline' ? this.#attempt() : [];
  }

  /** An edit is in the document, and this is its update. */
  edited(update: Uint8Array): void {
    this.editsMade += 1;
    const connection = this.#connection;
    // The difference that is still to be sent holds it.
    if (!connection.serverState || connection.stateDue) return;
    this.#outbox.push({ covers: this.editsMade, update });
    this.#outboxBytes += update.length;
    const tooLong = update.length > WIRE_LIMITS.updateBytes;
    if (tooLong || this.#outbox.length > OUTBOX_FRAMES_MAX || this.#outboxBytes > OUTBOX_BYTES_MAX) {
      this.#clearOutbox();
      connection.stateDue = true;
    }
  }

  /** The document has a gap: ask for what it lacks. */
  gapSeen(): void {
    this.#connection.askDue = true;
  }

  /** "I have seen everything up to here." Said as soon as there is a connection. */
  touch(): void {
    this.#touchDue = true;
  }

  /** Every 15 s while there is a connection. */
  beat(now: number, chance: number): Command[] {
    const connection = this.#connection;
    if (!connection.open) return [];
    connection.silentBeats += 1;
    if (connection.silentBeats > SILENT_BEATS_MAX) {
      return [
        { do: 'disconnect', code: 4000, reason: 'silence' },
        ...this.ended(1006, 'the server has fallen silent', now, chance),
      ];
    }
    const went = this.presence.beat();
    // What we show comes back; where we show nothing, only a question has an answer.
    if (connection.welcomed && this.presence.own === null) connection.askDue = true;
    return went ? [{ do: 'presence' }] : [];
  }

  /** A frame has arrived. */
  received(bytes: Uint8Array, now: number, chance: number): Command[] {
    this.#connection.silentBeats = 0;
    try {
      return this.#handle(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return this.complain(error.word === 'too_large' ? 4413 : 4400, error.message, now, chance);
    }
  }

  /** What the server sent cannot be used: the connection ends here, and is tried again. */
  complain(code: number, message: string, now: number, chance: number): Command[] {
    return [
      { do: 'disconnect', code, reason: message.slice(0, 100) },
      ...this.ended(1006, `the server sent what it should not: ${message}`, now, chance),
    ];
  }

  /** The next thing to send. A `state` has to be computed after this call. */
  pollTransmit(): Transmit | undefined {
    const connection = this.#connection;
    if (!connection.open) return;
    if (!connection.helloSent) {
      connection.helloSent = true;
      const json: Hello = { ...this.#hello };
      if (this.#token !== undefined) json.token = this.#token;
      if (this.#cursor !== undefined) json.sinceSeq = this.#cursor;
      return { send: 'frame', bytes: encode({ type: 'Hello', json }) };
    }
    if (!connection.welcomed) return;
    if (connection.askDue) {
      connection.askDue = false;
      return { send: 'ask' };
    }
    const edits = this.#pollEdits();
    if (edits) return edits;
    const bytes = this.presence.poll();
    if (bytes) return { send: 'frame', bytes: encode({ type: 'Awareness', bytes }) };
    if (this.#touchDue) {
      this.#touchDue = false;
      return { send: 'frame', bytes: encode({ type: 'Touch' }) };
    }
    return;
  }

  /**
   * Another document takes the place of this one: what was pending in it counts no more, and the connection ends. Say
   * {@link Machine.loaded} and {@link Machine.start} when its local copy has been read.
   */
  startAfresh(ownId: number): Command[] {
    const state = this.presence.own;
    const open = this.#connection.open;
    const commands = this.#disconnected();
    this.presence = new PresenceBook(ownId);
    this.presence.set(state);
    this.#epoch = undefined;
    this.editsDurable = this.editsMade;
    if (open) commands.unshift({ do: 'disconnect', code: 1000, reason: 'another copy' });
    return commands;
  }

  /** The end, from this side. */
  stop(): Command[] {
    if (this.isOver) return [];
    const open = this.#connection.open;
    const commands = this.#disconnected();
    if (open) commands.unshift({ do: 'disconnect', code: 1000, reason: 'closed' });
    return [
      ...commands,
      ...this.#to({ state: 'closed', reason: { code: 'closed', message: 'the plan was closed here', final: true } }),
    ];
  }

  #attempt(refresh = false): Command[] {
    return [...this.#to({ state: 'connecting' }), { do: 'token', refresh }];
  }

  #pause(code: number | string, message: string, now: number, chance: number, retryAfterMs = 0): Command[] {
    const pause = this.#ceiling * Math.min(1, Math.max(0, chance));
    this.#ceiling = Math.min(this.#ceiling * 2, this.#retry.max);
    const ms = Math.round(pause + Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
    const reason: Reason = {
      code,
      message: `${message}: edits are kept, and the next attempt comes by itself`,
      retryAt: now + ms,
    };
    return [...this.#to({ state: 'offline', reason }), { do: 'wait', ms }];
  }

  #refuse(code: number | string, message: string): Command[] {
    return this.#to({ state: 'refused', reason: { code, message, final: true } });
  }

  #afresh(why: 'conflict' | 'restored'): Command[] {
    this.#afreshCount += 1;
    if (this.#afreshCount > AFRESH_MAX)
      return this.#refuse(4409, closeWords(4409, 'the server does not take even an empty copy'));
    return [
      ...this.#to({ state: 'connecting', reason: { code: 4409, message: closeWords(4409, '') } }),
      { do: 'afresh', why },
    ];
  }

  #to(status: Status): Command[] {
    if (
      this.status.state === status.state &&
      this.status.reason?.code === status.reason?.code &&
      !status.reason?.retryAt
    )
      return [];
    this.status = status;
    return [{ do: 'status', status }];
  }

  #disconnected(): Command[] {
    this.#connection = newConnection();
    this.#clearOutbox();
    return this.presence.disconnected() ? [{ do: 'presence' }] : [];
  }

  #handle(bytes: Uint8Array): Command[] {
    const frame = decode(bytes);
    const connection = this.#connection;
    const isEarly = ['Welcome', 'Notice', 'PermissionDenied', 'Unknown'].includes(frame.type);
    if (!connection.welcomed && !isEarly) throw new WireError('json', `a ${frame.type} came before the Welcome`);
    switch (frame.type) {
      case 'Welcome':
        return this.#welcomed(frame.json);
      case 'SyncStep1':
        connection.serverState = frame.bytes.slice();
        connection.stateDue = true;
        return this.#progress();
      case 'SyncStep2':
        connection.caughtUp = true;
        return [{ do: 'apply', update: frame.bytes, live: false }, ...this.#progress()];
      case 'Update':
        return [{ do: 'apply', update: frame.bytes, live: true }];
      case 'Awareness':
        return this.presence.received(frame.bytes) ? [{ do: 'presence' }] : [];
      case 'Ack':
        return this.#acknowledged(frame.count, frame.seq);
      case 'Refused':
        return isRefused(frame.json) ? [{ do: 'refused', refused: frame.json }] : [];
      case 'Change':
        return this.#changed(frame.json);
      case 'Notice':
        if (frame.json.code === 'draining') connection.retryAfterMs = frame.json.retryAfterMs ?? 0;
        return [{ do: 'notice', notice: frame.json }];
      case 'Hello':
      case 'Touch':
        throw new WireError('json', `a ${frame.type} came, which a server does not send`);
      default:
        return [];
    }
  }

  #welcomed(welcome: Welcome): Command[] {
    if (this.#connection.welcomed) throw new WireError('json', 'a second Welcome came');
    if (this.#epoch !== undefined && this.#epoch !== welcome.epoch) {
      this.#disconnected();
      // Its changes are counted anew.
      this.#cursor = undefined;
      return [{ do: 'disconnect', code: 4409, reason: 'of another epoch' }, ...this.#afresh('restored')];
    }
    this.#epoch = welcome.epoch;
    this.#connection.welcomed = true;
    this.#connection.askDue = true;
    this.#tokenRefused = false;
    this.seq = Math.max(this.seq, welcome.seq);
    this.welcome = welcome;
    // Without a change so far, a later connection goes on from where this one began.
    this.#cursor ??= welcome.seq;
    return [{ do: 'welcome', welcome }, ...this.#to({ state: 'syncing' })];
  }

  /** Live is: both sides have sent each other what the other lacked. */
  #progress(): Command[] {
    const { caughtUp, serverState, stateDue } = this.#connection;
    if (!caughtUp || !serverState || stateDue || this.status.state !== 'syncing') return [];
    this.#afreshCount = 0;
    return this.#to({ state: 'live' });
  }

  /** To be called after the driver has sent what was polled: sending may make it live. */
  sent(): Command[] {
    return this.#progress();
  }

  #acknowledged(count: number, seq: number): Command[] {
    const connection = this.#connection;
    const sent = connection.acknowledged + connection.inFlight.length;
    if (count > sent) throw new WireError('json', `${count} frames were acknowledged, but ${sent} were sent`);
    const before = this.editsDurable;
    while (connection.acknowledged < count) {
      connection.acknowledged += 1;
      this.editsDurable = Math.max(this.editsDurable, connection.inFlight.shift() ?? 0);
    }
    this.seq = Math.max(this.seq, seq);
    return this.editsDurable > before ? [{ do: 'durable', edits: this.editsDurable }] : [];
  }

  #changed(json: unknown): Command[] {
    const position = positionOf(json);
    if (!position) return [];
    const [seq, n] = position;
    if (!isAfter(seq, n, this.#cursor)) return [];
    this.#cursor = `${seq}.${n}`;
    this.seq = Math.max(this.seq, seq);
    return [{ do: 'change', change: json as Change, cursor: this.#cursor }];
  }

  #pollEdits(): Transmit | undefined {
    const connection = this.#connection;
    if (connection.inFlight.length >= IN_FLIGHT_MAX) return;
    if (connection.stateDue) {
      connection.stateDue = false;
      this.#clearOutbox();
      connection.inFlight.push(this.editsMade);
      return { send: 'state', since: connection.serverState ?? new Uint8Array([0]) };
    }
    const next = this.#outbox.shift();
    if (!next) return;
    this.#outboxBytes -= next.update.length;
    connection.inFlight.push(next.covers);
    return { send: 'frame', bytes: encode({ type: 'Update', bytes: next.update }) };
  }

  #clearOutbox(): void {
    this.#outbox = [];
    this.#outboxBytes = 0;
  }
}

/** The error of a status that is final. */
export function errorOf(status: Status): PlanError {
  const kinds: Record<string, PlanErrorKind> = {
    4401: 'unauthorized',
    4403: 'not_allowed',
    4404: 'not_found',
    4413: 'too_large',
  };
  const code = status.reason?.code ?? 'closed';
  return new PlanError(kinds[code] ?? 'closed', status.reason?.message ?? 'the plan is closed', { code });
}

/** What a final close means, and what to do about it. */
function closeWords(code: number, reason: string): string {
  const words: Record<number, string> = {
    4400: 'the server does not understand this client: update @plansync/client, or report it',
    4401: 'the token is missing, forged or expired: get another one and connect again',
    4403: 'this person may not do that here, or has been taken off the plan: ask its owner',
    4404: 'there is no such plan: check its id',
    4408: 'the server did not hear from this client in time: connect again',
    4409: 'the local copy cannot be merged with the plan any more: it begins afresh, and edits that were not sent are made again',
    4413: 'the plan, or an edit of it, is above its limit of 8 MiB: make it smaller',
  };
  const said = reason ? ` (the server says: ${reason.slice(0, 200)})` : '';
  return `${words[code] ?? 'the server has ended it for good'}${said}`;
}

function isRefused(json: unknown): json is Refused {
  const refused = json as Refused | null;
  return typeof refused === 'object' && refused !== null && typeof refused.code === 'string';
}

/** The place of a change, from its id `<plan>/<seq>/<n>`; nothing for what is no change. */
export function positionOf(json: unknown): [number, number] | undefined {
  const change = json as Change | null;
  if (typeof change !== 'object' || change === null || typeof change.id !== 'string' || typeof change.type !== 'string')
    return;
  if (typeof change.data !== 'object' || change.data === null) return;
  const [n, seq] = change.id.split('/').reverse();
  return isPosition(`${seq}.${n}`) ? [Number(seq), Number(n)] : undefined;
}

function isAfter(seq: number, n: number, cursor: number | string | undefined): boolean {
  if (typeof cursor !== 'string') return true;
  const [lastSeq, lastN] = cursor.split('.').map(Number) as [number, number];
  return seq > lastSeq || (seq === lastSeq && n > lastN);
}
