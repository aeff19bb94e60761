/**
 * The driver of one plan's connection: it does what the machine says, with a real socket, real time and real chance.
 *
 * In: the machine's commands, frames, the clock, the browser coming back online. Out: frames; commands that concern the
 * document and the program go on to the {@link SocketHost}. What is always true: one socket at most is listened to; no
 * more than {@link BUFFERED_MAX} bytes wait in it; an exception of the host ends the connection, not the driver.
 */

import { words } from './error.js';
import type { Command, Machine } from './machine.js';
import { WIRE_LIMITS, encode } from './wire.js';

/** The subprotocol of `docs/wire.md`. */
const SUBPROTOCOL = 'plansync.v1';
/** From the first packet to the end of the handshake. */
const CONNECT_MAX_MS = 10_000;
/** How long a token may take. */
const TOKEN_MAX_MS = 30_000;
/** Presence is renewed, and the server has to show that it lives. */
const BEAT_MS = 15_000;
/** Bytes that may wait in the socket before nothing more is given to it. */
const BUFFERED_MAX = 1 << 20;
/** When to look whether there is room again. */
const BUFFERED_LOOK_MS = 50;
/** A token that expires this soon is not worth saying. */
const EXPIRY_MARGIN_MS = 5_000;

/** As much of a `WebSocket` as is needed; browsers, Node 22 and npm `ws` have one. */
export interface SocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

/** The constructor of a websocket. */
export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

/** Why a token is asked for: none is known, the known one expires, or the server has refused it. */
export type TokenReason = 'first' | 'expired' | 'refused';

/** Gets a token. `null`: there is none, the person has to sign in. Rejecting means: not now, ask again. */
export type GetToken = (why: TokenReason) => Promise<string | null | undefined> | string | null | undefined;

/** What a driver works with. */
export interface SocketHost {
  /** The document's state vector. */
  stateVector(): Uint8Array;
  /** The document's difference to a state vector. Throws for one that is none. */
  difference(since: Uint8Array): Uint8Array;
  /** A command that is not the driver's. */
  run(command: Command): void;
}

/** How a driver connects. */
export interface SocketOptions {
  /** The websocket's address. */
  url: string;
  /** The websocket to use. */
  WebSocket: SocketConstructor;
  /** The source of tokens. */
  tokens: Tokens;
  /** The clock. */
  now?: () => number;
  /** Chance, from 0 to 1. */
  random?: () => number;
}

/** Tokens: the one that is known, and where to get another. */
export class Tokens {
  #asking: Promise<string | null> | undefined;
  /** How far this clock is ahead of the one that signs tokens, as far as the last token told. */
  #aheadMs = 0;

  /** A token that stays, or a source of them. */
  constructor(
    private token: string | undefined,
    private readonly getToken: GetToken | undefined,
    private readonly now: () => number = Date.now,
  ) {}

  /** A token that is good, as far as can be told; `null` where there is none. Rejects where the source fails. */
  get(refused = false): Promise<string | null> {
    const { token } = this;
    const expires = token === undefined ? undefined : claimsOf(token)?.exp;
    const isOver = expires !== undefined && expires * 1000 < this.now() - this.#aheadMs + EXPIRY_MARGIN_MS;
    if (!this.getToken) return Promise.resolve(refused ? null : (token ?? null));
    if (token !== undefined && !refused && !isOver) return Promise.resolve(token);
    this.#asking ??= this.#ask(token === undefined ? 'first' : refused ? 'refused' : 'expired').finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(why: TokenReason): Promise<string | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('getToken took longer than 30 s')), TOKEN_MAX_MS);
    });
    try {
      const token = await Promise.race([(async () => this.getToken?.(why))(), late]);
      if (token) {
        this.token = token;
        const issued = claimsOf(token)?.iat;
        this.#aheadMs = issued === undefined ? 0 : this.now() - issued * 1000;
      }
      return token || null;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a token says, unchecked: the server checks. */
export function claimsOf(
  token: string,
): { sub?: string; iat?: number; exp?: number; plan?: string; party?: string; access?: string } | undefined {
  try {
    const body = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(body), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as { sub?: string };
  } catch {
    return undefined;
  }
}

/** The driver of a connection. */
export class Driver {
  #socket: SocketLike | undefined;
  #connecting: ReturnType<typeof setTimeout> | undefined;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #crowded: ReturnType<typeof setTimeout> | undefined;
  readonly #beat: ReturnType<typeof setInterval>;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #online = () => this.run(this.machine.due());

  /** A driver that has not started yet. */
  constructor(
    private readonly machine: Machine,
    private readonly host: SocketHost,
    private readonly options: SocketOptions,
  ) {
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#beat = setInterval(() => {
      this.run(this.machine.beat(this.#now(), this.#random()));
      this.pump();
    }, BEAT_MS);
    // Only a browser knows when its network is back.
    globalThis.addEventListener?.('online', this.#online);
  }

  /** Does what the machine says. */
  run(commands: readonly Command[]): void {
    for (const command of commands) {
      switch (command.do) {
        case 'token':
          void this.#token(command.refresh);
          break;
        case 'connect':
          this.#connect();
          break;
        case 'disconnect':
          this.#disconnect(command.code, command.reason);
          break;
        case 'wait':
          clearTimeout(this.#waiting);
          this.#waiting = setTimeout(() => this.run(this.machine.due()), command.ms);
          break;
        default:
          this.host.run(command);
      }
    }
  }

  /** Sends what there is to send, as far as the socket has room. */
  pump(): void {
    const socket = this.#socket;
    if (!socket) return;
    try {
      while (this.#socket === socket && socket.bufferedAmount < BUFFERED_MAX) {
        const next = this.machine.pollTransmit();
        if (!next) break;
        if (next.send === 'frame') socket.send(next.bytes);
        else if (next.send === 'ask') socket.send(encode({ type: 'SyncStep1', bytes: this.host.stateVector() }));
        else {
          const bytes = this.host.difference(next.since);
          if (bytes.length > WIRE_LIMITS.documentBytes) {
            this.#disconnect(4413, 'the copy is above 8 MiB');
            this.run(this.machine.ended(4413, 'the copy is above 8 MiB', this.#now(), this.#random()));
            return;
          }
          socket.send(encode({ type: 'SyncStep2', bytes }));
          this.run(this.machine.sent());
        }
      }
    } catch (error) {
      this.run(this.machine.complain(4400, words(error), this.#now(), this.#random()));
    }
    if (this.#socket === socket && socket.bufferedAmount >= BUFFERED_MAX) {
      clearTimeout(this.#crowded);
      this.#crowded = setTimeout(() => this.pump(), BUFFERED_LOOK_MS);
    }
  }

  /** Ends for good. */
  close(): void {
    this.run(this.machine.stop());
    clearInterval(this.#beat);
    clearTimeout(this.#waiting);
    clearTimeout(this.#crowded);
    globalThis.removeEventListener?.('online', this.#online);
  }

  async #token(refresh: boolean): Promise<void> {
    try {
      const token = await this.options.tokens.get(refresh);
      this.run(token === null ? this.machine.tokenMissing() : this.machine.tokenGiven(token));
    } catch (error) {
      this.run(this.machine.tokenFailed(`there is no token (${words(error)})`, this.#now(), this.#random()));
    }
  }

  #connect(): void {
    this.#disconnect(1000, 'another attempt');
    let socket: SocketLike;
    try {
      socket = new this.options.WebSocket(this.options.url, [SUBPROTOCOL]);
    } catch (error) {
      this.run(
        this.machine.ended(1006, `no websocket to ${this.options.url} (${words(error)})`, this.#now(), this.#random()),
      );
      return;
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    const ended = (code: number, reason: string) => {
      if (this.#socket !== socket) return;
      this.#release();
      this.run(this.machine.ended(code, reason, this.#now(), this.#random()));
    };
    this.#connecting = setTimeout(() => {
      ended(1006, 'the server did not answer within 10 s');
      socket.close();
    }, CONNECT_MAX_MS);
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      clearTimeout(this.#connecting);
      this.machine.opened(this.#now());
      this.pump();
    };
    socket.onmessage = (event: { data: unknown }) => {
      if (this.#socket === socket) this.#receive(event.data);
    };
    // What went wrong is told by the close that follows.
    socket.onerror = () => {};
    socket.onclose = (event: { code: number; reason: string }) => ended(event.code, String(event.reason));
  }

  #receive(data: unknown): void {
    try {
      if (!(data instanceof ArrayBuffer)) throw new Error('a text frame');
      if (data.byteLength > WIRE_LIMITS.documentBytes + 16) throw new Error('a frame above 8 MiB');
      this.run(this.machine.received(new Uint8Array(data), this.#now(), this.#random()));
    } catch (error) {
      this.run(this.machine.complain(4400, words(error), this.#now(), this.#random()));
    }
    this.pump();
  }

  #disconnect(code: number, reason: string): void {
    const socket = this.#socket;
    this.#release();
    try {
      socket?.close(code, reason);
    } catch {
      socket?.close();
    }
  }

  #release(): void {
    clearTimeout(this.#connecting);
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    socket.onopen = socket.onmessage = socket.onclose = null;
  }
}
