/** A server, or somebody in between, that lies: garbage, silence, refusals, another plan. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { connect, memoryStore, type Plan, type Reset } from '../../src/index.js';
import { encode, type Frame, type Welcome } from '../../src/wire.js';
import { Between } from './between.js';
import { ANN, Server, settings, until } from './server.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server?.stop());

const live = (plan: Plan) => plan.live({ timeoutMs: 15_000 });

async function through(options: { store?: ReturnType<typeof memoryStore> } = {}) {
  const id = await server.plan();
  const between = await Between.start(server.url);
  const token = await server.token(id);
  const plan = server.keep(connect(settings({ url: between.url, plan: id, token, ...options })));
  const saved = async () => (await server.workspace.plans.get(id, { removed: true })).plan;
  return { id, between, plan, saved };
}

test('nothing is acknowledged: flush gives up when told to, edits are kept, and resolves once they are', async () => {
  const { between, plan } = await through();
  await live(plan);
  await plan.flush({ timeoutMs: 5_000 });
  between.toClient = (frame, bytes) => (frame.type === 'Ack' ? undefined : bytes);
  plan.edit((tx) => tx.tasks.set('ca-1', { title: 'x' }));
  await expect(plan.flush({ timeoutMs: 300 })).rejects.toMatchObject({ kind: 'timeout' });
  expect([plan.pending, plan.status.state]).toEqual([1, 'live']);
  between.toClient = (_, bytes) => bytes;
  between.cut();
  await plan.flush({ timeoutMs: 10_000 });
  expect(plan.pending).toBe(0);
  await between.stop();
});

test.each([
  ['bytes that are no frame', () => Uint8Array.of(0, 9, 1)],
  ['an update that is none', () => encode({ type: 'Update', bytes: Uint8Array.of(255, 255, 255, 3, 1) })],
  ['a state vector that is none', () => encode({ type: 'SyncStep1', bytes: Uint8Array.of(200) })],
  ['awareness that is none', () => encode({ type: 'Awareness', bytes: Uint8Array.of(5, 1) })],
  ['an Ack of what was never sent', () => encode({ type: 'Ack', count: 1_000_000, seq: 1 })],
  ['a second Welcome', (welcome: Uint8Array) => welcome],
])('%s: the connection ends, another one follows, and no edit is lost', async (_, lie) => {
  const { between, plan, saved } = await through();
  let welcome: Uint8Array = new Uint8Array();
  between.toClient = (frame, bytes) => {
    if (frame.type === 'Welcome') welcome = bytes;
    return bytes;
  };
  await live(plan);
  between.toClient = (frame, bytes) => (frame.type === 'Ack' ? lie(welcome) : bytes);
  const before = between.connections;
  plan.edit((tx) => tx.tasks.set('ca-1', { title: 'kept' }));
  await until(() => between.connections > before);
  between.toClient = (_frame, bytes) => bytes;
  await plan.flush({ timeoutMs: 10_000 });
  await live(plan);
  expect(plan.toJSON({ removed: true })).toEqual(await saved());
  expect(plan.tasks.get('ca-1')?.title).toBe('kept');
  await between.stop();
});

test('frames of chance, for a while: the plan stays usable', async () => {
  let seed = 17;
  const byte = () => ((seed = (seed * 1103515245 + 12345) % 2 ** 31) >> 8) & 0xff;
  const { between, plan, saved } = await through();
  await live(plan);
  between.onConnect = (client) => {
    for (let n = 0; n < 5; n += 1) {
      const bytes = Uint8Array.from({ length: 1 + (byte() % 60) }, byte);
      bytes[0] = [0, 1, 2, 3, 110, 111, 112, 113, 114, 115][byte() % 10] as number;
      client.send(bytes);
    }
    return true;
  };
  between.cut();
  const from = between.connections;
  await until(() => between.connections > from + 15, Boolean, 20_000);
  plan.edit((tx) => tx.tasks.set('ca-1', { title: 'still here' }));
  between.onConnect = () => true;
  await plan.flush({ timeoutMs: 15_000 });
  await live(plan);
  expect(plan.toJSON({ removed: true })).toEqual(await saved());
  await between.stop();
});

describe('a close', () => {
  test.each([
    [4400, 'closed'],
    [4403, 'not_allowed'],
    [4404, 'not_found'],
    [4408, 'closed'],
    [4413, 'too_large'],
    [4450, 'closed'],
  ])('by %d is the end, edits stay readable and in the copy', async (code, kind) => {
    const store = memoryStore();
    const { between, plan } = await through({ store });
    await live(plan);
    between.toServer = (frame, bytes) => (frame.type === 'Update' ? undefined : bytes);
    plan.edit((tx) => tx.tasks.set('ca-1', { title: 'mine' }));
    const flushed = plan.flush();
    between.close(code, 'because');
    await expect(flushed).rejects.toMatchObject({ kind, code });
    expect(plan.status).toMatchObject({ state: 'refused', reason: { final: true } });
    expect([plan.tasks.get('ca-1')?.title, plan.pending, plan.stored]).toEqual(['mine', 1, 1]);
    const before = between.connections;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(between.connections).toBe(before);
    await between.stop();
  });

  test.each([1000, 1001, 1011, 1012, 1013, 4000, 4500])('by %d is worth another attempt', async (code) => {
    const { between, plan } = await through();
    await live(plan);
    between.close(code);
    await until(() => between.connections === 2);
    await live(plan);
    await between.stop();
  });

  test('by 4401 with a token that stays is the end', async () => {
    const { between, plan } = await through();
    await live(plan);
    between.close(4401);
    await until(() => plan.status.state === 'refused');
    expect(plan.status.reason?.code).toBe(4401);
    await between.stop();
  });
});

describe('a copy that cannot be merged', () => {
  const changeEpoch = (bytes: Uint8Array, frame: Frame, epoch: number) =>
    frame.type === 'Welcome' ? encode({ type: 'Welcome', json: { ...(frame.json as Welcome), epoch } }) : bytes;

  test.each(['4409', 'epoch'])('(%s) begins afresh, and edits that were not sent are made again', async (how) => {
    const store = memoryStore();
    const { id, between, plan, saved } = await through({ store });
    const resets: Reset[] = [];
    plan.on('reset', (reset) => resets.push(reset));
    await live(plan);
    plan.edit((tx) => tx.tasks.set('ca-1', { notes: 'The pilot starts.' }));
    await plan.flush();
    const doc = plan.doc;
    let heard = 0;
    plan.subscribe('tasks', 'ca-1', () => (heard += 1));
    between.toServer = (frame, bytes) => (frame.type === 'Update' ? undefined : bytes);
    const made = plan.edit((tx) => {
      tx.tasks.set('ca-1', { due: '2026-07-07', notes: 'The first pilot starts.', owners: ['b-cfo'] });
      tx.risks.remove('rk-1');
      return tx.tasks.add({ title: 'New', notes: 'own words' });
    });
    // Meanwhile somebody else writes in the same text, and this copy does not hear of it.
    between.toClient = (frame, bytes) => (frame.type === 'Update' ? undefined : bytes);
    await server.workspace.plan(id).edit({ set: { tasks: { 'ca-1': { notes: 'The pilot starts on Monday.' } } } });
    expect(plan.tasks.get('ca-1')?.notes).toBe('The first pilot starts.');
    between.toServer = (_, bytes) => bytes;
    between.toClient = (_, bytes) => bytes;
    if (how === '4409') between.close(4409);
    else {
      between.toClient = (frame, bytes) => changeEpoch(bytes, frame, 2);
      between.cut();
    }
    await until(() => resets.length === 1);
    expect(resets[0]).toMatchObject({ why: how === '4409' ? 'conflict' : 'restored', offered: true });
    await plan.flush({ timeoutMs: 10_000 });
    expect(await resets[0]?.lost).toEqual([]);
    expect(plan.doc).not.toBe(doc);
    expect(plan.tasks.get('ca-1')).toMatchObject({ due: '2026-07-07', owners: ['b-cfo'] });
    expect(plan.tasks.get('ca-1')?.notes).toBe('The first pilot starts on Monday.');
    expect(plan.tasks.get(made)).toMatchObject({ title: 'New', notes: 'own words' });
    expect(plan.risks.get('rk-1')).toBeUndefined();
    expect(plan.toJSON({ removed: true })).toEqual(await saved());
    expect([plan.pending, heard > 0]).toEqual([0, true]);
    plan.edit((tx) => tx.tasks.set('ca-1', { title: 'after' }));
    await plan.flush({ timeoutMs: 5_000 });
    expect(plan.undo()).toBe(true);
    await between.stop();
  });

  test('again and again is given up', async () => {
    const { between, plan } = await through();
    await live(plan);
    between.onConnect = (client) => {
      client.close(4409);
      return false;
    };
    between.close(4409);
    await until(() => plan.status.state === 'refused');
    expect(plan.status.reason?.code).toBe(4409);
    await between.stop();
  });
});

test('there is no server: attempts go on, reading and editing too', async () => {
  const plan = server.keep(connect(settings({ url: 'http://127.0.0.1:9', plan: 'p', token: 'a.b.c' })));
  await plan.ready;
  const id = plan.edit((tx) => tx.tasks.add({ title: 'Alone' }));
  await until(() => plan.status.state === 'offline');
  expect(plan.status.reason).toMatchObject({ code: 'network' });
  expect(plan.tasks.get(id)?.title).toBe('Alone');
  await expect(plan.flush({ timeoutMs: 100 })).rejects.toMatchObject({ kind: 'timeout' });
  await expect(plan.figures()).rejects.toMatchObject({ kind: 'unreachable' });
  await plan.close();
  await expect(plan.flush()).rejects.toMatchObject({ kind: 'closed' });
  expect(() => plan.edit(() => {})).toThrow('closed');
});

test('options that cannot work say what to give', () => {
  const bad = (options: object) => () =>
    connect(settings({ url: 'http://x', plan: 'p', token: 't', ...options } as never));
  expect(bad({ url: 'nonsense' })).toThrow('https://plans.example.com');
  expect(bad({ plan: '' })).toThrow('id');
  expect(bad({ token: undefined })).toThrow('getToken');
  expect(bad({ WebSocket: undefined })).not.toThrow('never');
});

test('a change, a refusal and a Welcome in other words are passed on or left out, and nothing breaks', async () => {
  const { between, plan } = await through();
  const heard: unknown[] = [];
  plan.on('refused', (refused) => heard.push(refused.code));
  plan.on('change', (change) => heard.push(change.id));
  plan.on('refused', () => {
    throw new Error('a listener that throws (expected in the log)');
  });
  await live(plan);
  const refused = {
    entity: 'tasks',
    id: 'ca-1',
    field: 'due',
    code: 'needs_consent',
    why: 'agreed',
    restored: '2026-02-20',
    proposal: 'p1',
  };
  const odd = [
    { type: 'Refused', json: refused },
    { type: 'Change', json: { hello: 1 } },
    { type: 'Refused', json: null },
  ] as const;
  let told = false;
  between.toClient = (frame, bytes) => {
    if (frame.type !== 'Ack' || told) return bytes;
    told = true;
    return encode(odd[0]);
  };
  plan.edit((tx) => tx.tasks.set('ca-1', { due: '2026-03-03' }));
  await until(() => heard.includes('needs_consent'));
  expect(Y.encodeStateVector(plan.doc).length).toBeGreaterThan(1);
  expect(plan.me?.person).toBe(ANN.person);
  await between.stop();
});
