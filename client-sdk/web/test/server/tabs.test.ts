/** Tabs of one browser, the private document, and who opens a plan when no token can be had. */

import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { connect, memoryStore, type Plan } from '../../src/index.js';
import { Between } from './between.js';
import { Server, settings, until } from './server.js';

let server: Server;
let between: Between;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  between = await Between.start(server.url);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await between.stop();
});

const live = (...plans: Plan[]) => Promise.all(plans.map((plan) => plan.live({ timeoutMs: 15_000 })));
const updates = () => between.heard.filter((frame) => frame.type === 'Update').length;

test('an edit goes to the server once, by the tab that made it', async () => {
  const id = await server.plan();
  const token = await server.token(id);
  const open = () => server.keep(connect(settings({ url: between.url, plan: id, token, store: 'indexeddb' })));
  const [one, two, three] = [open(), open(), open()];
  await live(one, two, three);
  for (let n = 1; n <= 5; n += 1) {
    one.edit((tx) => tx.tasks.set('ca-1', { title: `title ${n}` }));
    await until(() => two.tasks.get('ca-1')?.title === `title ${n}` && three.tasks.get('ca-1')?.title === `title ${n}`);
  }
  await one.flush({ timeoutMs: 5_000 });
  expect(updates()).toBe(5);
  expect([one.pending, two.pending, three.pending]).toEqual([0, 0, 0]);
  // A tab that comes later has it all from the copy and from the other tabs, and sends nothing of it.
  const four = open();
  await four.ready;
  expect(four.tasks.get('ca-1')?.title).toBe('title 5');
  expect(four.pending).toBe(0);
  await live(four);
  expect(updates()).toBe(5);
});

test('a tab that comes while there is no server hears from the others what is not in the copy yet', async () => {
  const options = settings({ url: 'http://127.0.0.1:9', plan: 'p', token: 'a.b.c', store: 'indexeddb' });
  const one = server.keep(connect(options));
  await one.ready;
  const id = one.edit((tx) => tx.tasks.add({ title: 'said at once' }));
  const two = server.keep(connect(options));
  await until(() => two.tasks.get(id)?.title);
  expect(two.canUndo).toBe(false);
});

test('the private document is another one, with another copy', async () => {
  const id = await server.plan();
  const token = await server.token(id);
  const paths: string[] = [];
  class Noting {
    constructor(url: string) {
      paths.push(new URL(url).pathname);
      throw new Error('noted');
    }
  }
  const store = memoryStore();
  const open = (scope: 'shared' | 'private') =>
    server.keep(connect(settings({ url: server.url, plan: id, token, scope, store, WebSocket: Noting })));
  const [shared, secret] = [open('shared'), open('private')];
  await until(() => paths.length >= 2);
  expect([...new Set(paths)].sort()).toEqual([`/v1/sync/${id}`, `/v1/sync/${id}/private`]);
  secret.edit((tx) => tx.views.add({ id: 'b-cfo', stance: 'sceptic', note: 'slow' }));
  expect(() => secret.edit((tx) => tx.milestones.add({ title: 'x' }))).toThrow('the shared document');
  expect(() => shared.edit((tx) => tx.views.add({ id: 'b-cfo' }))).toThrow('private');
  expect(secret.toJSON()).toEqual({
    schema: 'plansync.plan/1',
    views: [{ id: 'b-cfo', stance: 'sceptic', note: 'slow' }],
  });
  expect(shared.toJSON().views).toBeUndefined();
  await until(() => secret.stored === 1);
  await secret.close();
  const [sharedAgain, secretAgain] = [open('shared'), open('private')];
  await Promise.all([sharedAgain.ready, secretAgain.ready]);
  expect([sharedAgain.views.size, secretAgain.views.size]).toEqual([0, 1]);
});

test('while no token can be had, the copy of the last person is shown, and their edits arrive later', async () => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
  const id = await server.plan();
  const token = await server.token(id);
  let reachable = true;
  const getToken = () => (reachable ? token : Promise.reject(new Error('no network')));
  const open = () => server.join(id, undefined, { store: 'indexeddb', getToken });
  const first = await open();
  await live(first);
  await first.close();
  reachable = false;
  const later = await open();
  await later.ready;
  expect(later.tasks.get('ca-1')?.title).toBe('Provide data sample for POC');
  later.edit((tx) => tx.tasks.set('ca-1', { title: 'Edited without a token' }));
  await until(() => later.status.reason?.code === 'no_token');
  const resets: string[] = [];
  later.on('reset', ({ why }) => resets.push(why));
  reachable = true;
  await later.flush({ timeoutMs: 15_000 });
  expect(resets).toEqual([]);
  const { plan } = await server.workspace.plans.get(id);
  expect(plan.tasks?.find((task) => task.id === 'ca-1')?.title).toBe('Edited without a token');
});
