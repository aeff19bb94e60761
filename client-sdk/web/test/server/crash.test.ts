/** What survives the death of the server, of the page, and of the network. */

import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as Y from 'yjs';
import { indexedDbStore, memoryStore, type Plan } from '../../src/index.js';
import { fileStore } from '../../src/file.js';
import { ANN, BEN, Server, until } from './server.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server?.stop());

const live = (...plans: Plan[]) => Promise.all(plans.map((plan) => plan.live({ timeoutMs: 15_000 })));
const states = (...plans: Plan[]) => plans.map((plan) => JSON.stringify(plan.toJSON({ removed: true })));

test('the server is killed while people edit: flush resolves, and every copy is the same', async () => {
  const id = await server.plan();
  const people = [
    await server.join(id),
    await server.join(id, BEN),
    await server.join(id, { ...BEN, person: 's-csm' }),
  ];
  await live(...people);
  let writing = true;
  const writers = people.map(async (plan, who) => {
    for (let n = 0; writing; n += 1) {
      plan.edit((tx) => {
        tx.tasks.set(`ca-${1 + (n % 3)}`, { title: `title ${who}/${n}` });
        if (n % 7 === 0) tx.tasks.add({ title: `task ${who}/${n}`, notes: 'x' });
      });
      plan.text('tasks/ca-1/notes').insert(0, `${who}`);
      await new Promise((resolve) => setTimeout(resolve, 8));
    }
    return plan.text('tasks/ca-1/notes').length;
  });
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    await server.down('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.up();
    await live(...people);
  }
  writing = false;
  await Promise.all(writers);
  await Promise.all(people.map((plan) => plan.flush({ timeoutMs: 20_000 })));
  expect(people.map((plan) => plan.pending)).toEqual([0, 0, 0]);
  await until(() => new Set(states(...people)).size === 1);
  const late = await server.join(id);
  await live(late);
  expect(states(late)).toEqual(states(people[0] as Plan));
  expect((await server.workspace.plans.get(id)).plan).toEqual(late.toJSON());
});

test('a server that drains is waited for, and found again', async () => {
  const id = await server.plan();
  const ann = await server.join(id);
  await live(ann);
  const notices: string[] = [];
  const seen: string[] = [];
  ann.on('notice', (notice) => notices.push(notice.code));
  ann.on('status', (status) => seen.push(status.state));
  await server.down('SIGTERM');
  await until(() => ann.status.state === 'offline' || ann.status.state === 'connecting');
  ann.edit((tx) => tx.tasks.set('ca-1', { due: '2026-04-04' }));
  await server.up();
  await ann.flush({ timeoutMs: 20_000 });
  expect(notices).toEqual(['draining']);
  expect(seen).toContain('offline');
  expect((await server.workspace.plans.get(id)).plan.tasks?.find((task) => task.id === 'ca-1')?.due).toBe('2026-04-04');
});

test.each([
  ['IndexedDB', () => indexedDbStore(new IDBFactory())],
  ['files', () => fileStore(mkdtempSync(join(server.dataFolder, 'kept-')))],
  ['a memory store that is kept', memoryStore],
])('edits made offline survive a restart of the program in %s, and are sent once', async (_, make) => {
  const id = await server.plan();
  const [store, token] = [make(), await server.token(id)];
  const open = () => server.join(id, ANN, { store, token });
  const before = await open();
  await live(before);
  await before.flush();
  await server.down('SIGKILL');
  const made = before.edit((tx) => tx.tasks.add({ title: 'Made offline', notes: 'words' }));
  before.edit((tx) => tx.tasks.remove('ca-2'));
  await until(
    () => before.stored,
    (stored) => stored === 2,
  );
  await before.close();

  const after = await open();
  await after.ready;
  expect(after.tasks.get(made)).toMatchObject({ title: 'Made offline', notes: 'words' });
  expect(after.tasks.get('ca-1')).toBeDefined();
  expect(after.pending).toBe(2);
  await server.up();
  await after.flush({ timeoutMs: 15_000 });
  await after.close();

  const { plan, seq } = await server.workspace.plans.get(id, { removed: true });
  expect(plan.tasks?.filter((task) => task.id === made)).toHaveLength(1);
  expect(plan.tasks?.find((task) => task.id === 'ca-2')?.removed).toBe(true);
  const again = await open();
  await again.ready;
  expect(again.pending).toBe(0);
  await live(again);
  await again.flush();
  expect((await server.workspace.plans.get(id)).seq).toBe(seq);
  expect(again.toJSON({ removed: true })).toEqual(plan);
});

test('edits made before the copy is open, and before there ever was a server, arrive', async () => {
  const id = await server.plan({ ...(await server.workspace.plans.get(await server.plan())).plan });
  const token = await server.token(id);
  await server.down('SIGKILL');
  const ann = await server.join(id, ANN, { token, store: indexedDbStore(new IDBFactory()) });
  const made = ann.edit((tx) => tx.tasks.add({ title: 'First' }));
  await server.up();
  await ann.flush({ timeoutMs: 15_000 });
  expect((await server.workspace.plans.get(id)).plan.tasks?.some((task) => task.id === made)).toBe(true);
});

test('an expired token is replaced, and the connection goes on', async () => {
  const id = await server.plan();
  const asked: string[] = [];
  const getToken = async (why: string) => {
    asked.push(why);
    return (await server.workspace.tokens.create(id, { ...ANN, ttlSeconds: asked.length === 1 ? 7 : 600 })).token;
  };
  const ann = await server.join(id, ANN, { getToken });
  await live(ann);
  await until(() => asked.length === 2, Boolean, 15_000);
  ann.edit((tx) => tx.tasks.set('ca-1', { due: '2026-05-05' }));
  await ann.flush({ timeoutMs: 10_000 });
  expect(asked[0]).toBe('first');
  expect(['expired', 'refused']).toContain(asked[1]);
  const out = await server.join(id, ANN, { getToken: () => null });
  await expect(out.live()).rejects.toMatchObject({ kind: 'unauthorized', code: 4401 });
  await expect(out.changes()).rejects.toMatchObject({ kind: 'unauthorized' });
});

test('two tabs of one browser see each other offline, send once, and the second takes on what the first left', async () => {
  globalThis.indexedDB = new IDBFactory();
  const id = await server.plan();
  const token = await server.token(id);
  const open = () => server.join(id, ANN, { store: 'indexeddb', token });
  const [one, two] = [await open(), await open()];
  await live(one, two);
  await server.down('SIGKILL');
  await until(() => one.status.state !== 'live' && two.status.state !== 'live');
  const made = one.edit((tx) => tx.tasks.add({ title: 'By the first tab' }));
  await until(() => two.tasks.get(made)?.title);
  expect([one.pending, two.pending]).toEqual([1, 0]);
  two.edit((tx) => tx.tasks.set(made, { due: '2026-06-06' }));
  await until(() => one.tasks.get(made)?.due);
  await until(() => one.stored === 1 && two.stored === 1);
  await one.close();
  await server.up();
  await two.flush({ timeoutMs: 15_000 });
  const { plan } = await server.workspace.plans.get(id);
  expect(plan.tasks?.find((task) => task.id === made)).toMatchObject({ title: 'By the first tab', due: '2026-06-06' });
  const three = await open();
  await three.ready;
  expect(three.pending).toBeLessThanOrEqual(1);
  await three.flush({ timeoutMs: 15_000 });
  await three.close();
  expect(two.toJSON()).toEqual((await server.workspace.plans.get(id)).plan);
});

test('an edit of a tab that closes at once is taken on by another that is live', { timeout: 60_000 }, async () => {
  globalThis.indexedDB = new IDBFactory();
  const id = await server.plan();
  const token = await server.token(id);
  const two = await server.join(id, ANN, { store: 'indexeddb', token });
  await live(two);
  // This tab never reaches the server.
  class Nowhere {
    constructor() {
      throw new Error('no network');
    }
  }
  const one = await server.join(id, ANN, { store: 'indexeddb', token, WebSocket: Nowhere });
  await one.ready;
  await until(() => one.tasks.get('ca-1'));
  one.edit((tx) => tx.tasks.set('ca-1', { title: 'Left behind' }));
  await until(() => one.stored === 1);
  await one.close();
  const onServer = async () =>
    (await server.workspace.plans.get(id)).plan.tasks?.find((task) => task.id === 'ca-1')?.title;
  expect(await onServer()).not.toBe('Left behind');
  for (let n = 0; n < 250 && (await onServer()) !== 'Left behind'; n += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await onServer()).toBe('Left behind');
  await two.flush();
});

test('two people in one browser have a copy each, and neither sends the other’s edits', async () => {
  globalThis.indexedDB = new IDBFactory();
  const id = await server.plan();
  const [annToken, benToken] = [await server.token(id), await server.token(id, BEN)];
  await server.down('SIGKILL');
  const ann = await server.join(id, ANN, { store: 'indexeddb', token: annToken });
  const made = ann.edit((tx) => tx.tasks.add({ title: 'Ann’s own' }));
  await until(() => ann.stored === 1);
  await ann.close();
  await server.up();
  const ben = await server.join(id, BEN, { store: 'indexeddb', token: benToken });
  await live(ben);
  expect([ben.pending, ben.tasks.get(made)]).toEqual([0, undefined]);
  const back = await server.join(id, ANN, { store: 'indexeddb', token: annToken });
  await back.flush({ timeoutMs: 10_000 });
  await until(() => ben.tasks.get(made)?.title === 'Ann’s own');
  const changes = await until(async () => (await ben.changes()).changes, Boolean);
  expect(
    (await changes).filter((change) => change.data.id === made).every((change) => change.actor === ANN.person),
  ).toBe(true);
});

test('a person who turns out to be somebody else gets a copy of their own', async () => {
  const id = await server.plan();
  const [annToken, benToken] = [await server.token(id), await server.token(id, BEN)];
  const store = memoryStore();
  const first = await server.join(id, ANN, { store, token: annToken });
  await live(first);
  let given: string = annToken;
  let unreachable = true;
  const getToken = () => (unreachable ? Promise.reject(new Error('offline')) : given);
  const plan = await server.join(id, ANN, { store, getToken });
  await plan.ready;
  const made = plan.edit((tx) => tx.tasks.add({ title: 'Before anybody knew who' }));
  const resets: string[] = [];
  plan.on('reset', ({ why }) => resets.push(why));
  const doc = plan.doc;
  [given, unreachable] = [benToken, false];
  await plan.flush({ timeoutMs: 10_000 });
  await until(() => plan.me?.person === BEN.person && plan.status.state === 'live');
  await plan.flush({ timeoutMs: 10_000 });
  expect(resets).toEqual(['person']);
  expect(plan.doc).not.toBe(doc);
  await until(() => first.tasks.get(made)?.title);
  expect(Y.encodeStateVector(plan.doc)).toEqual(Y.encodeStateVector(first.doc));
});
