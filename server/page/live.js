// The page's live connection: one websocket (`plansync.v1`) that says when the plan changed and who
// is present. It holds no document: it asks for nothing, answers no sync question and never edits.
//
// In: the socket's frames. Out: calls of `handlers`. It keeps the presence states of this
// connection. It reconnects with full-jitter backoff; close codes 4400 to 4499 are final.

const HELLO = 110;
const WELCOME = 111;
const SYNC = 0;
const AWARENESS = 1;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;
const STEADY_MS = 10_000;
const RENEW_MS = 15_000;
/** Our own awareness comes back every 15 s, so a silence this long means a dead connection. */
const SILENCE_MS = 40_000;
/** Yjs' own rule: a presence that was not renewed for this long is gone. */
const PRESENCE_MS = 30_000;

/**
 * @typedef {{client: number, person?: string, party?: string, name?: string}} Presence
 * @typedef {object} Handlers
 * @property {() => void} connecting
 * @property {(welcome: any) => void} live
 * @property {() => void} changed the plan on the server may be newer than the one shown
 * @property {(people: Presence[]) => void} present
 * @property {() => void} lost the connection broke; another attempt follows by itself
 * @property {(code: number) => void} ended the server's last word, 4400 to 4499
 */

/**
 * Opens the connection and keeps it open until `close`.
 * @param {string} url
 * @param {string} token
 * @param {Handlers} handlers
 */
export function openLive(url, token, handlers) {
  const client = crypto.getRandomValues(new Uint32Array(1))[0];
  let clock = 0;
  let attempts = 0;
  let heardAt = 0;
  let welcomedAt = Infinity;
  let closed = false;
  /** @type {WebSocket | null} */ let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let retry;
  /** @type {Map<number, {clock: number, state: any, seenAt: number}>} */ const states = new Map();

  function connect() {
    if (closed) return;
    clearTimeout(retry);
    handlers.connecting();
    const ws = new WebSocket(url, 'plansync.v1');
    ws.binaryType = 'arraybuffer';
    socket = ws;
    heardAt = performance.now();
    ws.onopen = () => {
      heardAt = performance.now();
      ws.send(frame(HELLO, text(JSON.stringify({ token, client: 'plansync-page/0.1' }))));
    };
    ws.onmessage = (event) => {
      if (ws !== socket || !(event.data instanceof ArrayBuffer)) return;
      heardAt = performance.now();
      try {
        receive(new Uint8Array(event.data));
      } catch (error) {
        // One bad frame must not end the view of the plan; the next change refetches everything.
        console.warn('plansync: a frame was not understood', error);
      }
    };
    ws.onclose = (event) => leave(ws, event.code);
  }

  /** @param {Uint8Array} bytes */
  function receive(bytes) {
    const read = reader(bytes);
    const type = read.number();
    if (type === WELCOME) {
      welcomedAt = performance.now();
      handlers.live(JSON.parse(read.string()));
      renew();
    } else if (type === SYNC) {
      // Sub-type 0 asks for our document; we have none. 1 and 2 carry changes.
      if (read.number() !== 0) handlers.changed();
    } else if (type === AWARENESS) {
      applyPresence(reader(read.bytes()));
    }
  }

  /** @param {ReturnType<typeof reader>} read */
  function applyPresence(read) {
    for (let left = read.number(); left > 0; left -= 1) {
      const id = read.number();
      const at = read.number();
      const state = JSON.parse(read.string());
      // Someone declared this page gone; only a higher clock is believed.
      if (id === client && state === null && at >= clock) {
        clock = at;
        renew();
      }
      const known = states.get(id);
      if (known && (at < known.clock || (at === known.clock && state !== null))) continue;
      states.set(id, { clock: at, state, seenAt: performance.now() });
    }
    tellPresence();
  }

  function tellPresence() {
    const people = [];
    for (const [id, { state, seenAt }] of states) {
      if (performance.now() - seenAt > PRESENCE_MS) states.delete(id);
      else if (state && typeof state === 'object') people.push({ ...presence(state), client: id });
    }
    handlers.present(people.sort((a, b) => a.client - b.client));
  }

  function renew() {
    if (socket?.readyState !== WebSocket.OPEN) return;
    clock += 1;
    const update = [...number(1), ...number(client), ...number(clock), ...text('{}')];
    socket.send(frame(AWARENESS, [...number(update.length), ...update]));
  }

  /** @param {WebSocket} ws @param {number} code */
  function leave(ws, code) {
    if (ws !== socket) return;
    socket = null;
    ws.onclose = ws.onmessage = ws.onopen = null;
    ws.close();
    states.clear();
    handlers.present([]);
    if (closed) return;
    if (code >= 4400 && code < 4500) {
      close();
      handlers.ended(code);
      return;
    }
    // A server that welcomes and then closes must be backed off like one that refuses.
    attempts = performance.now() - welcomedAt > STEADY_MS ? 0 : attempts + 1;
    welcomedAt = Infinity;
    // Full jitter spreads a thousand pages over the whole span after a restart.
    const most = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** (attempts + 1));
    retry = setTimeout(connect, Math.max(RETRY_FIRST_MS, Math.random() * most));
    handlers.lost();
  }

  const beat = setInterval(() => {
    renew();
    tellPresence();
  }, RENEW_MS);
  const watch = setInterval(() => {
    if (socket && performance.now() - heardAt > SILENCE_MS) leave(socket, 1006);
  }, 5_000);

  /** Tries at once, for when the network or the tab has come back. */
  function hurry() {
    if (!closed && !socket) connect();
  }

  function close() {
    closed = true;
    clearTimeout(retry);
    clearInterval(beat);
    clearInterval(watch);
    if (socket) leave(socket, 1000);
  }

  connect();
  return { client, hurry, close };
}

/** The words of an awareness state that this page shows. @param {any} state */
function presence(state) {
  const word = (/** @type {unknown} */ value) => (typeof value === 'string' && value ? value : undefined);
  return {
    person: word(state.person),
    party: word(state.party),
    name: word(state.name) ?? word(state.user?.name),
  };
}

// The three lib0 encodings that these frames use.

/** @param {number} type @param {number[]} payload */
function frame(type, payload) {
  return new Uint8Array([...number(type), ...payload]);
}

/** A varUint. @param {number} value */
function number(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  bytes.push(value);
  return bytes;
}

/** A varString. @param {string} value */
function text(value) {
  const bytes = new TextEncoder().encode(value);
  return [...number(bytes.length), ...bytes];
}

/** @param {Uint8Array} bytes */
function reader(bytes) {
  let at = 0;
  const self = {
    number() {
      for (let value = 0, scale = 1; scale <= 2 ** 49; scale *= 128) {
        if (at >= bytes.length) throw new RangeError('the frame ends inside a number');
        const byte = bytes[at++];
        value += (byte % 128) * scale;
        if (byte < 128) return value;
      }
      throw new RangeError('a number of more than 53 bits');
    },
    bytes() {
      const length = self.number();
      if (length > bytes.length - at) throw new RangeError('the frame ends inside its bytes');
      at += length;
      return bytes.subarray(at - length, at);
    },
    string: () => new TextDecoder('utf-8', { fatal: true }).decode(self.bytes()),
  };
  return self;
}
