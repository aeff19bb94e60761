/**
 * One message of a websocket: bytes in, a {@link Frame} out, and the other way round.
 *
 * The codec of `docs/wire.md`, tested with the vectors of `protocol/golden/frames.json`. A binary websocket frame holds
 * exactly one message. What is always true: a frame that was read is within its limit; bytes that no peer of this
 * protocol writes throw a {@link WireError}, whose word is the one every implementation uses.
 */

/** Bounds of the frames, as `protocol/src/limits.rs` states them. */
export const WIRE_LIMITS = {
  /** One SyncStep2, and the whole document's state. */
  documentBytes: 8 << 20,
  /** One Update; a longer edit goes as a SyncStep2. */
  updateBytes: 256 << 10,
  /** One awareness frame. */
  awarenessFrameBytes: 64 << 10,
  /** The awareness state of one client id. */
  awarenessStateBytes: 4 << 10,
  /** The first frame. */
  helloBytes: 16 << 10,
  /** The JSON of any other frame. */
  jsonBytes: 256 << 10,
  /** A state vector. */
  stateVectorBytes: 1 << 20,
} as const;

/** The first frame of a client. */
export interface Hello {
  /** The person's token, unless it stands in the address. */
  token?: string;
  /** The program, `name/version`. */
  client: string;
  /** Send every change after this entry (`412`) or this change (`"412.0"`) first. */
  sinceSeq?: number | string;
}

/** The server's answer to Hello: who the client is to it, and where the document stands. */
export interface Welcome {
  /** The person the token names. */
  readonly person: string;
  /** The person's party. */
  readonly party: string;
  /** What the person may do. */
  readonly access: 'owner' | 'editor' | 'contributor' | 'commenter' | 'viewer';
  /** Which document this is: `shared` or `party:<id>`. */
  readonly scope: string;
  /** Grows when the plan was restored: a copy of another epoch starts afresh. */
  readonly epoch: number;
  /** The last entry of the document's log. */
  readonly seq: number;
  /** What the person had seen when they last said so; 0 if never. */
  readonly lastVisitSeq: number;
  /** How large frames may be. */
  readonly limits: Readonly<Record<string, number>>;
  /** The server's clock, RFC 3339. */
  readonly serverTime: string;
}

/** Something to know about the connection. */
export interface Notice {
  /** What it is. */
  readonly code: 'draining' | 'read_only' | 'slow' | 'other';
  /** How long to stay away. */
  readonly retryAfterMs?: number;
}

/** One message. */
export type Frame =
  | { type: 'SyncStep1' | 'SyncStep2' | 'Update' | 'Awareness'; bytes: Uint8Array }
  | { type: 'PermissionDenied'; reason: string }
  | { type: 'QueryAwareness' | 'Touch' }
  | { type: 'Hello'; json: Hello }
  | { type: 'Welcome'; json: Welcome }
  | { type: 'Ack'; count: number; seq: number }
  | { type: 'Refused' | 'Change'; json: unknown }
  | { type: 'Notice'; json: Notice }
  | { type: 'Unknown'; frameType: number };

/** Bytes that are not one message within its limits. */
export class WireError extends Error {
  /** The stable word, as in the golden vectors. */
  readonly word: WireWord;

  /** An error of this word. */
  constructor(word: WireWord, message: string) {
    super(message);
    this.name = 'WireError';
    this.word = word;
  }
}

/** Why bytes are no message. */
export type WireWord =
  | 'truncated'
  | 'not_canonical'
  | 'integer_too_large'
  | 'not_utf8'
  | 'trailing_bytes'
  | 'unknown_subtype'
  | 'too_large'
  | 'json';

const TYPES = {
  Hello: 110,
  Welcome: 111,
  Ack: 112,
  Refused: 113,
  Change: 114,
  Notice: 115,
  Touch: 116,
} as const;

const SYNC = ['SyncStep1', 'SyncStep2', 'Update'] as const;
const PAYLOAD_MAX = {
  SyncStep1: WIRE_LIMITS.stateVectorBytes,
  SyncStep2: WIRE_LIMITS.documentBytes,
  Update: WIRE_LIMITS.updateBytes,
  Awareness: WIRE_LIMITS.awarenessFrameBytes,
} as const;

const ACCESS = ['owner', 'editor', 'contributor', 'commenter', 'viewer'];
const NOTICES = ['draining', 'read_only', 'slow'] as const;
/** Levels of the JSON of a frame; every implementation stops there. */
const JSON_DEPTH_MAX = 127;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads values off the front of bytes. */
export class Reader {
  private at = 0;

  /** A reader of these bytes. */
  constructor(private readonly bytes: Uint8Array) {}

  /** The bytes that are left. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** An integer: seven bits a byte, low first, in the shortest form, below 2^53. */
  varUint(): number {
    let value = 0;
    let factor = 1;
    for (let n = 0; ; n += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new WireError('truncated', 'the bytes end before the value does');
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (value > Number.MAX_SAFE_INTEGER || n >= 8) {
        throw new WireError('integer_too_large', 'an integer is above 2^53 - 1');
      }
      if (byte < 0x80) {
        if (byte === 0 && n > 0) throw new WireError('not_canonical', 'an integer is longer than it needs to be');
        return value;
      }
      factor *= 128;
    }
  }

  /** A length and as many bytes, as a view on the input. */
  varBytes(): Uint8Array {
    const length = this.varUint();
    if (length > this.left) throw new WireError('truncated', 'the bytes end before the value does');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A length and as many bytes of UTF-8. */
  varString(): string {
    const bytes = this.varBytes();
    try {
      return strictUtf8.decode(bytes);
    } catch {
      throw new WireError('not_utf8', 'a text is not UTF-8');
    }
  }
}

/** Writes values one after the other. */
export class Writer {
  private readonly parts: Uint8Array[] = [];

  /** An integer below 2^53. */
  varUint(value: number): this {
    const bytes: number[] = [];
    let rest = value;
    while (rest >= 128) {
      bytes.push((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    bytes.push(rest);
    this.parts.push(Uint8Array.from(bytes));
    return this;
  }

  /** A length and the bytes. */
  varBytes(bytes: Uint8Array): this {
    this.varUint(bytes.length);
    this.parts.push(bytes);
    return this;
  }

  /** A length and the text as UTF-8. */
  varString(text: string): this {
    return this.varBytes(utf8.encode(text));
  }

  /** Everything written. */
  done(): Uint8Array {
    const all = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** The length of a text in bytes of UTF-8. */
export function byteLength(text: string): number {
  return utf8.encode(text).length;
}

/** Reads the one message of a binary websocket frame. Throws a {@link WireError}. */
export function decode(bytes: Uint8Array): Frame {
  const input = new Reader(bytes);
  const frame = decodeBody(input);
  if (frame.type === 'Unknown') return frame;
  if (input.left > 0) throw new WireError('trailing_bytes', `${input.left} bytes follow the message`);
  if ('bytes' in frame && frame.bytes.length > PAYLOAD_MAX[frame.type]) {
    throw tooLarge(frame.type, frame.bytes.length, PAYLOAD_MAX[frame.type]);
  }
  return frame;
}

function decodeBody(input: Reader): Frame {
  const frameType = input.varUint();
  switch (frameType) {
    case 0: {
      const subtype = input.varUint();
      const type = SYNC[subtype];
      if (!type) throw unknownSubtype(frameType, subtype);
      return { type, bytes: input.varBytes() };
    }
    case 1:
      return { type: 'Awareness', bytes: input.varBytes() };
    case 2: {
      const subtype = input.varUint();
      if (subtype !== 0) throw unknownSubtype(frameType, subtype);
      return { type: 'PermissionDenied', reason: input.varString() };
    }
    case 3:
      return { type: 'QueryAwareness' };
    case TYPES.Hello:
      return { type: 'Hello', json: readHello(readJson(input, 'Hello', WIRE_LIMITS.helloBytes)) };
    case TYPES.Welcome:
      return { type: 'Welcome', json: readWelcome(readJson(input, 'Welcome', WIRE_LIMITS.jsonBytes)) };
    case TYPES.Ack:
      return { type: 'Ack', count: input.varUint(), seq: input.varUint() };
    case TYPES.Refused:
      return { type: 'Refused', json: readJson(input, 'Refused', WIRE_LIMITS.jsonBytes) };
    case TYPES.Change:
      return { type: 'Change', json: readJson(input, 'Change', WIRE_LIMITS.jsonBytes) };
    case TYPES.Notice:
      return { type: 'Notice', json: readNotice(readJson(input, 'Notice', WIRE_LIMITS.jsonBytes)) };
    case TYPES.Touch:
      return { type: 'Touch' };
    default:
      return { type: 'Unknown', frameType };
  }
}

/** Writes a message. Its limits are the caller's to keep: a peer refuses what is above them. */
export function encode(frame: Exclude<Frame, { type: 'Unknown' }>): Uint8Array {
  const out = new Writer();
  switch (frame.type) {
    case 'SyncStep1':
    case 'SyncStep2':
    case 'Update':
      return out.varUint(0).varUint(SYNC.indexOf(frame.type)).varBytes(frame.bytes).done();
    case 'Awareness':
      return out.varUint(1).varBytes(frame.bytes).done();
    case 'PermissionDenied':
      return out.varUint(2).varUint(0).varString(frame.reason).done();
    case 'QueryAwareness':
      return out.varUint(3).done();
    case 'Ack':
      return out.varUint(TYPES.Ack).varUint(frame.count).varUint(frame.seq).done();
    case 'Touch':
      return out.varUint(TYPES.Touch).done();
    default:
      return out.varUint(TYPES[frame.type]).varString(JSON.stringify(frame.json)).done();
  }
}

/** Whether a close with this number is final, ours or of a version to come. */
export function isFinal(code: number): boolean {
  return code >= 4400 && code <= 4499;
}

function readJson(input: Reader, frame: string, bytesMax: number): unknown {
  const before = input.left;
  const text = input.varString();
  const bytes = before - input.left;
  // The length itself takes up to three bytes below the limits of this protocol.
  if (bytes - 3 > bytesMax || byteLength(text) > bytesMax) throw tooLarge(frame, bytes, bytesMax);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw notJson(frame, cause instanceof Error ? cause.message : 'no JSON');
  }
  if (isDeeper(json, JSON_DEPTH_MAX)) throw notJson(frame, 'too many levels');
  return json;
}

function isDeeper(json: unknown, levels: number): boolean {
  if (typeof json !== 'object' || json === null) return false;
  return levels === 0 || Object.values(json).some((each) => isDeeper(each, levels - 1));
}

function readHello(json: unknown): Hello {
  const hello = object('Hello', json);
  const { token, client, sinceSeq } = hello;
  if (typeof client !== 'string') throw notJson('Hello', 'client is missing');
  if (token != null && typeof token !== 'string') throw notJson('Hello', 'token is no string');
  if (sinceSeq != null && !isPosition(sinceSeq)) {
    throw notJson('Hello', 'sinceSeq is an entry, 412, or a change, "412.0"');
  }
  return {
    ...(token == null ? {} : { token }),
    client,
    ...(sinceSeq == null ? {} : { sinceSeq: sinceSeq as number | string }),
  };
}

/** Whether it is a place in the order of changes: an entry, `412`, or a change, `"412.0"`. */
export function isPosition(value: unknown): value is number | string {
  return typeof value === 'number' ? isCount(value) : typeof value === 'string' && /^\d{1,16}\.\d{1,10}$/.test(value);
}

function readWelcome(json: unknown): Welcome {
  const welcome = object('Welcome', json);
  for (const name of ['person', 'party', 'access', 'scope', 'serverTime']) {
    if (typeof welcome[name] !== 'string') throw notJson('Welcome', `${name} is no string`);
  }
  if (!ACCESS.includes(welcome['access'] as string)) throw notJson('Welcome', 'access is unknown');
  for (const name of ['epoch', 'seq', 'lastVisitSeq']) {
    if (!isCount(welcome[name])) throw notJson('Welcome', `${name} is no whole number`);
  }
  object('Welcome', welcome['limits']);
  if (!/^(shared|party:.+)$/.test(welcome['scope'] as string)) throw notJson('Welcome', 'scope is unknown');
  if (Number.isNaN(Date.parse(welcome['serverTime'] as string))) throw notJson('Welcome', 'serverTime is no time');
  return welcome as unknown as Welcome;
}

function readNotice(json: unknown): Notice {
  const { code, retryAfterMs } = object('Notice', json);
  if (typeof code !== 'string') throw notJson('Notice', 'code is missing');
  if (retryAfterMs != null && !isCount(retryAfterMs)) throw notJson('Notice', 'retryAfterMs is no whole number');
  // A word of a newer server is one that this version does not know.
  const known = NOTICES.find((each) => each === code) ?? 'other';
  return retryAfterMs == null ? { code: known } : { code: known, retryAfterMs: retryAfterMs as number };
}

function object(frame: string, json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw notJson(frame, 'no object');
  return json as Record<string, unknown>;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function notJson(frame: string, why: string): WireError {
  return new WireError('json', `the JSON of ${frame} is not what it should be: ${why}`);
}

function tooLarge(frame: string, bytes: number, bytesMax: number): WireError {
  return new WireError('too_large', `${frame} with ${bytes} bytes is above its limit of ${bytesMax}`);
}

function unknownSubtype(frameType: number, subtype: number): WireError {
  return new WireError('unknown_subtype', `a frame of type ${frameType} has no subtype ${subtype}`);
}
