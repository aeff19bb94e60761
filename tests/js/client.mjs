/**
 * One stock client: an unmodified y-websocket `WebsocketProvider` on its own `Y.Doc`, with an undo
 * manager over its own edits.
 *
 * In: operations on the plan's document. Out: events of the connection. An exception that a frame
 * causes inside the provider is reported as a finding, `{event: "threw"}`, and the client goes on,
 * as it would in a browser.
 */

import * as Y from 'yjs';
import { WebsocketProvider } from 'y-websocket';
import WebSocket from 'ws';
import { errorText } from './lines.mjs';

/** The root maps of a plan's document: the shared ones and those of a private document. */
export const ROOTS = [
  'meta', 'parties', 'people', 'stakeholders', 'objectives', 'criteria', 'phases', 'milestones', 'tasks', 'dependencies',
  'risks', 'cadence', 'calendar', 'comments', 'touchpoints', 'proposals', 'views', 'links',
];

export class StockClient {
  /**
   * @param {{client: string, url: string, plan: string, token?: string, params?: Record<string, string>, protocols?: string[],
   *   connect?: boolean, clientId?: number}} options
   * @param {(event: object) => void} report
   */
  constructor({ client, url, plan, token, params = {}, protocols = [], connect = true, clientId }, report) {
    this.name = client;
    this.report = report;
    this.doc = new Y.Doc();
    if (clientId !== undefined) this.doc.clientID = clientId;
    /** Marks this client's own transactions, for undo. */
    this.origin = { own: client };
    const roots = ROOTS.map((root) => this.doc.getMap(root));
    this.history = new Y.UndoManager(roots, { trackedOrigins: new Set([this.origin]), captureTimeout: 0 });
    this.provider = new WebsocketProvider(url, plan, this.doc, {
      connect,
      params: { ...(token === undefined ? {} : { token }), ...params },
      protocols,
      WebSocketPolyfill: /** @type {any} */ (reportingSocket(client, report)),
      // Clients of one process must meet on the server, not over a BroadcastChannel.
      disableBc: true,
    });
    this.provider.on('status', ({ status }) => report({ event: 'status', client, status }));
    this.provider.on('sync', (synced) => report({ event: 'synced', client, synced }));
    this.provider.on('connection-close', (event) =>
      report({ event: 'closed', client, code: event?.code ?? null, reason: String(event?.reason ?? ''), local: event === null }));
    this.provider.on('closed', ({ code, reason }) => report({ event: 'ended', client, code, reason: String(reason) }));
  }

  /** Runs edits as one transaction of this client. @param {() => unknown} edits */
  transact(edits) {
    return this.doc.transact(edits, this.origin);
  }

  /** The map at a path: `["meta"]` or `["tasks", "ca-1"]`. @param {string[]} path @returns {Y.Map<any>} */
  map(path) {
    let at = /** @type {any} */ (this.doc.getMap(path[0]));
    for (const step of path.slice(1)) at = at.get(step);
    if (!(at instanceof Y.Map)) throw new Error(`no map at ${path.join('/')}`);
    return at;
  }

  /** One operation, inside or outside a batch. @param {any} op */
  apply(op) {
    switch (op.do) {
      case 'set':
        return void this.map(op.path).set(op.key, op.value);
      case 'remove-key':
        return void this.map(op.path).delete(op.key);
      case 'create':
        return void this.create(op);
      case 'type':
        return void this.type(op);
      default:
        throw new Error(`no operation ${JSON.stringify(op.do)}`);
    }
  }

  /**
   * A new entity: scalars, and texts created together with it.
   * @param {{collection: string, entity: string, fields?: Record<string, any>, texts?: Record<string, string>}} op
   */
  create({ collection, entity, fields = {}, texts = {} }) {
    const map = new Y.Map(Object.entries(fields));
    for (const [name, text] of Object.entries(texts)) map.set(name, new Y.Text(text));
    this.doc.getMap(collection).set(entity, map);
  }

  /**
   * Types into a text: deletes, then inserts, at a UTF-16 index or at `"end"`.
   * @param {{collection: string, entity?: string, field: string, index?: number | 'end', insert?: string, delete?: number}} op
   */
  type({ collection, entity, field, index = 'end', insert = '', delete: gone = 0 }) {
    const text = this.map(entity === undefined ? [collection] : [collection, entity]).get(field);
    if (!(text instanceof Y.Text)) throw new Error(`no text at ${collection}/${entity}/${field}`);
    const at = index === 'end' ? text.length - gone : index;
    if (at < 0 || at + gone > text.length) throw new Error(`${at}+${gone} is outside a text of ${text.length}`);
    if (gone > 0) text.delete(at, gone);
    if (insert !== '') text.insert(at, insert);
  }

  /** The whole document as plain JSON, keys sorted, empty roots left out. */
  json() {
    /** @type {Record<string, any>} */ const out = {};
    for (const root of [...new Set([...ROOTS, ...this.doc.share.keys()])].sort()) {
      const map = rootMap(this.doc, root);
      if (map === null) {
        // A list that everything has been taken out of is as good as none.
        if (/** @type {any} */ (this.doc.share.get(root)).length > 0) out[root] = { notAMap: true };
      } else if (map.size > 0) out[root] = sorted(map.toJSON());
    }
    return out;
  }

  /** What every peer's awareness says, by client id. */
  peers() {
    return [...this.provider.awareness.getStates()].map(([client, state]) => ({ client, own: client === this.doc.clientID, state }));
  }

  /** Sends bytes as one binary frame on the client's socket. @param {string} hex */
  raw(hex) {
    const { ws } = this.provider;
    if (ws?.readyState !== WebSocket.OPEN) throw new Error('the socket is not open');
    ws.send(Buffer.from(hex, 'hex'));
  }

  close() {
    this.provider.destroy();
    this.provider.awareness.destroy();
    this.history.destroy();
    this.doc.destroy();
  }
}

/** A root as a map, or null where a peer made something else of it. @param {Y.Doc} doc @param {string} name */
function rootMap(doc, name) {
  try {
    return doc.getMap(name);
  } catch {
    return null;
  }
}

/** @param {any} value @returns {any} */
export function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/**
 * The `ws` socket, except that an exception in a handler of the provider is reported under the
 * client's name instead of ending the process; so are the provider's own complaints.
 * @param {string} client
 * @param {(event: object) => void} report
 */
function reportingSocket(client, report) {
  /** @param {((event: any) => void) | null} handler @param {string} during */
  const guarded = (handler, during) => handler && ((/** @type {any} */ event) => {
    const complain = console.error;
    console.error = (...words) => report({ event: 'complained', client, during, text: words.map(String).join(' ') });
    try {
      handler(event);
    } catch (error) {
      const frame = during === 'message' ? Buffer.from(event.data).subarray(0, 64).toString('hex') : undefined;
      report({ event: 'threw', client, during, error: errorText(error), frame });
    } finally {
      console.error = complain;
    }
  });
  return class extends WebSocket {
    /** @param {any} handler */
    set onmessage(handler) { super.onmessage = guarded(handler, 'message'); }
    /** @param {any} handler */
    set onopen(handler) { super.onopen = guarded(handler, 'open'); }
    /** @param {any} handler */
    set onclose(handler) { super.onclose = guarded(handler, 'close'); }
    /** @param {any} handler */
    set onerror(handler) { super.onerror = guarded(handler, 'error'); }
  };
}
