/**
 * A process of stock y-websocket clients, driven by JSON lines (see `lines.mjs` for the framing and
 * README.md for every command). It is what a host application's browser would run, N times.
 *
 * Events: `status`, `synced`, `closed` (each close of a socket), `ended` (the provider has given up,
 * 44xx), `threw` (a frame made the client throw: a finding), `complained` (the provider's own log).
 */

import { ATTACKS } from './attacks.mjs';
import * as Y from 'yjs';
import { isDeepStrictEqual } from 'node:util';
import { StockClient, sorted } from './client.mjs';
import { chance, randomEdit } from './edits.mjs';
import { say, serve, until } from './lines.mjs';

const WAIT_MS = 10_000;

/** @type {Map<string, StockClient>} */
const clients = new Map();

/** @param {{client: string}} command */
function named({ client }) {
  const found = clients.get(client);
  if (!found) throw new Error(`no client ${JSON.stringify(client)}`);
  return found;
}

/** @param {any} command */
function edit(command) {
  const client = named(command);
  client.transact(() => client.apply(command));
}

/** Edits until `count` are made; other commands run meanwhile. @param {any} command */
async function random(command) {
  const { seed, count, everyMs = 0 } = command;
  const client = named(command);
  const dice = chance(seed);
  /** @type {Record<string, number>} */ const made = {};
  for (let n = 0; n < count && clients.get(client.name) === client; n += 1) {
    const op = randomEdit(client, dice, `rnd-${client.name}-${seed}-${n}`);
    if (op) {
      client.transact(() => client.apply(op));
      made[op.do] = (made[op.do] ?? 0) + 1;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return made;
}

/**
 * Waits for `synced`, for a status, for this document to equal another client's or a given JSON, or
 * for a value at a place of it.
 * @param {any} command
 */
async function wait(command) {
  const client = named(command);
  const { timeoutMs = WAIT_MS, synced, status, path, key, value } = command;
  const equals = command['json-equals'];
  if (synced) return until(() => client.provider.synced, timeoutMs, () => ({ synced: false }));
  if (status === 'disconnected') return until(() => !client.provider.wsconnected, timeoutMs, () => ({ connected: true }));
  if (status === 'connected') return until(() => client.provider.wsconnected, timeoutMs, () => ({ connected: false }));
  if (path) {
    const seen = () => sorted(client.doc.getMap(path[0]).toJSON());
    const at = () => [...path.slice(1), key].reduce((/** @type {any} */ from, step) => from?.[step], seen());
    return until(() => isDeepStrictEqual(at() ?? null, sorted(value ?? null)), timeoutMs, at);
  }
  if (equals === undefined) throw new Error('wait for what: synced, status, json-equals, or path, key and value');
  const wanted = typeof equals === 'string' ? () => named({ client: equals }).json() : () => sorted(equals);
  return until(() => isDeepStrictEqual(client.json(), wanted()), timeoutMs, () => differences(client.json(), wanted()));
}

/** The first places where two documents differ, for a readable error. @param {any} have @param {any} want @param {string} at @param {object[]} out */
function differences(have, want, at = '', out = []) {
  if (out.length >= 5 || isDeepStrictEqual(have, want)) return out;
  const both = [have, want].every((v) => v !== null && typeof v === 'object');
  if (!both) out.push({ at, have, want });
  else for (const key of new Set([...Object.keys(have), ...Object.keys(want)])) differences(have[key], want[key], `${at}/${key}`, out);
  return out;
}

serve({
  open(command) {
    if (clients.has(command.client)) throw new Error(`client ${JSON.stringify(command.client)} is open already`);
    const client = new StockClient(command, say);
    clients.set(command.client, client);
    return { clientId: client.doc.clientID };
  },
  set: edit,
  create: edit,
  type: edit,
  'remove-key': edit,
  batch(command) {
    const client = named(command);
    client.transact(() => command.ops.forEach((/** @type {any} */ op) => client.apply(op)));
  },
  undo: (command) => ({ undone: named(command).history.undo() !== null }),
  redo: (command) => ({ redone: named(command).history.redo() !== null }),
  random,
  attack: (command) => named(command).transact(() => ATTACKS[command.attack](named(command).doc)),
  attacks: () => Object.keys(ATTACKS),
  awareness: (command) => named(command).provider.awareness.setLocalState(command.state),
  peers: (command) => named(command).peers(),
  disconnect: (command) => named(command).provider.disconnect(),
  connect: (command) => named(command).provider.connect(),
  json: (command) => named(command).json(),
  state(command) {
    const { doc, provider } = named(command);
    const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString('hex');
    return {
      clientId: doc.clientID, connected: provider.wsconnected, synced: provider.synced, stateVector: hex(Y.encodeStateVector(doc)),
      // A pending struct means that an update before it never arrived.
      pending: doc.store.pendingStructs !== null || doc.store.pendingDs !== null,
      ...(command.update ? { update: hex(Y.encodeStateAsUpdate(doc)) } : {}),
    };
  },
  wait,
  raw: (command) => named(command).raw(command.hex),
  close(command) {
    named(command).close();
    clients.delete(command.client);
  },
}, () => clients.forEach((client) => client.close()));
