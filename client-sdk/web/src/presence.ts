/**
 * Who is there: this client's state in awareness, and the others' as the server tells them.
 *
 * In: a state of our own, awareness payloads of the server, beats of 15 s. Out: the payload to send, the people.
 * What is always true: at most {@link PEERS_MAX} others are kept, each with JSON that could be read; one that was not
 * heard of for three beats is gone; person, party and name are those the server has authenticated.
 */

import { Reader, WIRE_LIMITS, WireError, Writer, byteLength } from './wire.js';
import { PlanError } from './error.js';

/** More people than this do not look at one plan at once. */
const PEERS_MAX = 1024;
/** Clocks are counted in 32 bits by other implementations. */
const CLOCK_MAX = 2 ** 32 - 1;
/** Beats after which a silent peer is gone. */
const SILENT_BEATS_MAX = 3;

/** What a client shows of itself. Any further JSON may stand in it, 4 KiB in all. */
export interface PresenceState {
  /** The place it looks at: `tasks/ca-1/due`. */
  at?: string | null;
  /** Where in a text its cursor stands, in the words of the editor. */
  cursor?: unknown;
  /** Whatever else the application wants to show. */
  [more: string]: unknown;
}

/** Somebody who is there, on one of their devices. */
export interface Present extends Readonly<PresenceState> {
  /** The client id of the device. */
  readonly clientId: number;
  /** The person, as the server has authenticated them. */
  readonly person?: string;
  /** Their party, likewise. */
  readonly party?: string;
  /** Their name, likewise. */
  readonly name?: string;
}

interface Peer {
  clock: number;
  /** Nothing when gone; kept for its clock. */
  state: Record<string, unknown> | null;
  silentBeats: number;
}

/** The awareness of one plan, without I/O. */
export class PresenceBook {
  #clock = 0;
  #state: string | null = '{}';
  #due = true;
  readonly #peers = new Map<number, Peer>();
  #shown: readonly Present[] | undefined;

  /** A book whose own entry has this client id. */
  constructor(private readonly ownId: number) {}

  /** Sets the own state; `null` takes it back. Throws above 4 KiB. */
  set(state: PresenceState | null): void {
    const json = state === null ? null : JSON.stringify(state);
    if (json !== null && byteLength(json) > WIRE_LIMITS.awarenessStateBytes) {
      throw new PlanError('too_large', `a presence of ${byteLength(json)} bytes is above 4096: show less of it`);
    }
    if (json === this.#state) return;
    this.#state = json;
    this.#due = true;
  }

  /** The own state, as it was set. */
  get own(): PresenceState | null {
    return this.#state === null ? null : (JSON.parse(this.#state) as PresenceState);
  }

  /** Every 15 s: the own state is renewed, silent peers go. Whether somebody went. */
  beat(): boolean {
    this.#due ||= this.#state !== null;
    let went = false;
    for (const [id, peer] of this.#peers) {
      peer.silentBeats += 1;
      if (peer.silentBeats < SILENT_BEATS_MAX) continue;
      this.#peers.delete(id);
      went ||= peer.state !== null;
    }
    if (went) this.#shown = undefined;
    return went;
  }

  /** A new connection knows nothing of us, and we nothing of its others. Whether somebody was there. */
  disconnected(): boolean {
    const wasSomebody = this.people.length > 0;
    // The server has outbid us by one, to tell the others that we are gone: what we say next has to be above that.
    this.#clock = Math.min(this.#clock + 1, CLOCK_MAX);
    this.#peers.clear();
    this.#shown = undefined;
    this.#due = this.#state !== null;
    return wasSomebody;
  }

  /** The payload of the awareness frame to send, if one is due. */
  poll(): Uint8Array | undefined {
    if (!this.#due) return;
    this.#due = false;
    this.#clock = Math.min(this.#clock + 1, CLOCK_MAX);
    return new Writer()
      .varUint(1)
      .varUint(this.ownId)
      .varUint(this.#clock)
      .varString(this.#state ?? 'null')
      .done();
  }

  /** Takes in what the server says. Entries with bad JSON are left out; bytes that are no awareness throw. */
  received(payload: Uint8Array): boolean {
    const input = new Reader(payload);
    const count = input.varUint();
    let changed = false;
    for (let n = 0; n < count; n += 1) {
      const [id, clock, text] = [input.varUint(), input.varUint(), input.varString()];
      if (clock > CLOCK_MAX || byteLength(text) > WIRE_LIMITS.awarenessStateBytes) continue;
      const state = parse(text);
      if (state === undefined) continue;
      if (id === this.ownId) this.#receivedOwn(clock, state === null);
      changed = this.#receivedPeer(id, clock, state) || changed;
    }
    if (input.left > 0) throw new WireError('trailing_bytes', `${input.left} bytes follow the awareness`);
    if (changed) this.#shown = undefined;
    return changed;
  }

  /** Everybody who is there, this client too once the server has told of it: the same array until that changes. */
  get people(): readonly Present[] {
    return (this.#shown ??= Object.freeze(
      [...this.#peers]
        .filter(([, peer]) => peer.state !== null)
        .sort(([one], [other]) => one - other)
        .map(([clientId, peer]) => Object.freeze({ ...peer.state, clientId }) as Present),
    ));
  }

  /** The echo of what we sent, or the end of our former connection, which we outbid. */
  #receivedOwn(clock: number, gone: boolean): void {
    if (clock > this.#clock || (clock === this.#clock && gone && this.#state !== null)) {
      this.#clock = clock;
      this.#due ||= this.#state !== null;
    }
  }

  #receivedPeer(id: number, clock: number, state: Record<string, unknown> | null): boolean {
    const peer = this.#peers.get(id);
    if (!peer) {
      if (this.#peers.size >= PEERS_MAX) return false;
      this.#peers.set(id, { clock, state, silentBeats: 0 });
      return state !== null;
    }
    if (clock < peer.clock || (clock === peer.clock && state !== null)) return false;
    const renewed = JSON.stringify(peer.state) === JSON.stringify(state);
    Object.assign(peer, { clock, state, silentBeats: 0 });
    return !renewed;
  }
}

/** The state, `null` for gone, nothing for what is no state. */
function parse(text: string): Record<string, unknown> | null | undefined {
  try {
    const state: unknown = JSON.parse(text);
    return typeof state === 'object' && !Array.isArray(state) ? (state as Record<string, unknown> | null) : undefined;
  } catch {
    return undefined;
  }
}
