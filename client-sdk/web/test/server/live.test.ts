/** What people, a stock Yjs client and a real server see of each other. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { PlanError, parseLink, type Change, type Plan } from '../../src/index.js';
import { ANN, BEN, SAMPLE, Server, until } from './server.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server?.stop());

const live = (...plans: Plan[]) => Promise.all(plans.map((plan) => plan.live({ timeoutMs: 10_000 })));

test('what the document holds is what the server says it holds', async () => {
  const id = await server.plan();
  const ann = await server.join(id);
  const states: string[] = [];
  ann.on('status', (status) => states.push(status.state));
  await live(ann);
  const { plan, seq } = await server.workspace.plans.get(id);
  expect(ann.toJSON()).toEqual(plan);
  expect(JSON.stringify(ann.toJSON())).toBe(JSON.stringify(plan));
  expect(ann.me).toEqual({ person: ANN.person, party: 'buyer', access: 'owner', scope: 'shared' });
  expect(ann.seq).toBe(seq);
  expect(Math.abs(ann.serverNow() - Date.now())).toBeLessThan(5_000);
  expect(states).toEqual(['syncing', 'live']);
});

test('an edit is durable after flush, and the other side has it', async () => {
  const id = await server.plan();
  const [ann, ben] = [await server.join(id), await server.join(id, BEN)];
  await live(ann, ben);
  const touched: string[] = [];
  ben.subscribe('tasks', 'ca-1', () => touched.push('ca-1'));
  ben.subscribe('tasks', 'ca-2', () => touched.push('ca-2'));
  ben.subscribe('meta', () => touched.push('meta'));
  const made = ann.edit((tx) => {
    tx.tasks.set('ca-1', { due: '2026-03-01', owners: ['b-cfo', 'b-it-manager'], blocked: { reason: 'No access' } });
    tx.meta.set({ account: 'Acme', opportunity: 'Pilot' });
    tx.risks.remove('rk-1');
    return tx.tasks.add({ title: 'Send the sample', party: 'seller', notes: 'By mail' });
  });
  expect(ann.pending).toBe(1);
  await ann.flush({ timeoutMs: 5_000 });
  expect(ann.pending).toBe(0);
  await until(
    () => ben.tasks.get(made)?.title,
    (title) => title === 'Send the sample',
  );
  const { plan } = await server.workspace.plans.get(id);
  await until(() => JSON.stringify(ben.toJSON()) === JSON.stringify(plan));
  expect(ann.toJSON()).toEqual(plan);
  expect(ben.tasks.get('ca-1')).toMatchObject({ due: '2026-03-01', owners: ['b-cfo', 'b-it-manager'] });
  expect(ben.tasks.all().at(-1)?.id).toBe(made);
  expect(ben.risks.get('rk-1')).toBeUndefined();
  expect(ben.risks.get('rk-1', { removed: true })?.removed).toBe(true);
  expect([...new Set(touched)].sort()).toEqual(['ca-1', 'meta']);
});

test('changes come settled, and a second connection goes on after the last', async () => {
  const id = await server.plan();
  const [ann, ben] = [await server.join(id), await server.join(id, BEN)];
  const changes: Change[] = [];
  ben.on('change', (change) => changes.push(change));
  await live(ann, ben);
  ann.edit((tx) => tx.milestones.set('ms-05', { due: '2026-02-25' }), { reason: 'Access pending' });
  const seen = await until(() => changes.find((change) => change.data.field === 'due'));
  expect(seen).toMatchObject({
    type: 'plansync.milestone.changed',
    actor: ANN.person,
    data: { entity: 'milestones', id: 'ms-05', new: '2026-02-25', reason: 'Access pending' },
  });
  // As often as somebody asks from the same place on, the same comes, each once.
  const all = (await ann.changes()).changes.map((change) => change.id);
  const first = all[0]?.split('/').slice(1).join('.') as string;
  const carl = await server.join(id, BEN, { sinceSeq: first });
  const heard: string[] = [];
  carl.on('change', (change) => heard.push(change.id));
  await until(() => heard.length >= all.length - 1);
  expect(heard.slice(0, all.length - 1)).toEqual(all.slice(1));
});

test('who is there is who the server says it is', async () => {
  const id = await server.plan();
  const [ann, ben] = [await server.join(id), await server.join(id, BEN)];
  await live(ann, ben);
  ann.presence.set({ at: 'tasks/ca-1/due', person: 'somebody-else', cursor: { anchor: 1 } });
  const seen = await until(() => ben.presence.others.find((other) => other.at));
  expect(seen).toMatchObject({
    person: ANN.person,
    party: 'buyer',
    name: 'Ann',
    at: 'tasks/ca-1/due',
    cursor: { anchor: 1 },
  });
  ann.presence.set(null);
  await until(() => ben.presence.others.length === 0);
  ann.presence.set({});
  await until(() => ben.presence.others.length === 1);
  await ann.close();
  await until(() => ben.presence.others.length === 0);
});

test('two people type in one text, and undo takes back what is one’s own', async () => {
  const id = await server.plan();
  const [ann, ben] = [await server.join(id), await server.join(id, BEN)];
  await live(ann, ben);
  ann.text('tasks/ca-1/notes').insert(0, 'Hello ');
  await ann.flush();
  await until(() => ben.tasks.get('ca-1')?.notes === 'Hello ');
  ben.text('tasks/ca-1/notes').insert(6, 'world');
  await until(() => ann.tasks.get('ca-1')?.notes === 'Hello world');
  expect([ann.canUndo, ann.undo(), ann.canUndo, ann.canRedo]).toEqual([true, true, false, true]);
  await until(() => ben.tasks.get('ca-1')?.notes === 'world');
  ann.redo();
  await until(() => ben.tasks.get('ca-1')?.notes === 'Hello world');
  expect(() => ann.text('tasks/nobody/notes')).toThrow(PlanError);
  expect(() => ann.text('tasks/ca-1/title')).toThrow(PlanError);
});

test('a stock y-websocket client and this one edit the same document', async () => {
  const id = await server.plan();
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(`${server.url.replace('http', 'ws')}/v1/sync`, id, doc, {
    params: { token: await server.token(id, BEN) },
    WebSocketPolyfill: WebSocket as never,
    disableBc: true,
  });
  try {
    const ann = await server.join(id);
    await live(ann);
    await until(() => provider.synced);
    (doc.getMap('tasks').get('ca-1') as Y.Map<unknown>).set('due', '2026-04-01');
    await until(() => ann.tasks.get('ca-1')?.due === '2026-04-01');
    ann.edit((tx) => tx.tasks.set('ca-1', { title: 'Both', notes: 'typed' }));
    const text = (doc.getMap('tasks').get('ca-1') as Y.Map<unknown>).get('notes') as Y.Text;
    await until(() => text.toString() === 'typed');
    text.insert(5, ' on');
    await until(() => ann.tasks.get('ca-1')?.notes === 'typed on');
    await until(() => [...provider.awareness.getStates().values()].some((state) => state['person'] === ANN.person));
    expect(Y.encodeStateVector(ann.doc)).toEqual(Y.encodeStateVector(doc));
  } finally {
    provider.destroy();
  }
});

test('a call: touchpoint, edit, summary, figures, exports, what was seen', async () => {
  const id = await server.plan();
  const ann = await server.join(id);
  await live(ann);
  const call = await ann.touchpoints.open({ kind: 'call', title: 'Review' });
  ann.edit((tx) => tx.tasks.set('ca-1', { status: 'complete' }));
  await ann.flush();
  const closed = await ann.touchpoints.close(call.id);
  expect(closed.closedSeq).toBeGreaterThan(call.baselineSeq);
  expect(await ann.touchpoints.list()).toMatchObject([{ id: call.id, title: 'Review' }]);
  await until(() => ann.touchpoints.get(call.id)?.title === 'Review');
  const summary = { since: call.baselineSeq, until: closed.closedSeq, asOf: '2026-02-17' };
  expect(await ann.summary(summary)).toContain('#');
  expect(await ann.summary({ ...summary, format: 'html' })).toContain('<');
  expect(typeof (await ann.summary({ ...summary, format: 'json' }))).toBe('object');
  expect((await ann.figures({ asOf: '2026-02-17' })).completion).toMatchObject({ counted: 18 });
  expect(await ann.export('csv')).toContain(',');
  expect(JSON.parse(await ann.export('json'))).toMatchObject({ schema: 'plansync.plan/1' });
  expect((await ann.http.history('tasks/ca-1')).length).toBeGreaterThan(0);
  ann.markSeen();
  // What follows is on disk, so what came before it has been heard.
  ann.edit((tx) => tx.tasks.set('ca-2', { evidence: 'https://example.com/minutes' }));
  await ann.flush();
  await ann.close();
  const again = await server.join(id);
  await live(again);
  expect(again.lastVisitSeq).toBeGreaterThanOrEqual(closed.closedSeq);
});

test('the server’s refusals over HTTP say what to do', async () => {
  const id = await server.plan();
  const viewer = await server.join(id, { ...ANN, person: 'b-cfo', access: 'viewer' });
  await live(viewer);
  await expect(viewer.touchpoints.open({ kind: 'call', title: 'x' })).rejects.toMatchObject({
    kind: 'not_allowed',
    status: 403,
  });
  await expect(viewer.changes({ since: 'x' })).rejects.toMatchObject({ kind: 'malformed' });
  await expect(viewer.summary({ since: 'tp-none' })).rejects.toMatchObject({ kind: 'not_found', code: 'not_found' });
  const edit = server.workspace.plan(id).edit({ set: { tasks: { 'ca-1': { due: 'banana' } } } });
  await expect(edit).rejects.toMatchObject({ kind: 'malformed', path: 'tasks/ca-1/due', status: 422 });
});

test('a workspace creates, lists and edits plans, and makes links', async () => {
  const workspace = server.workspace;
  const { id } = await workspace.plans.create(SAMPLE, 'acme-2026');
  expect(id).toBe('acme-2026');
  await expect(workspace.plans.create(SAMPLE, 'acme-2026')).rejects.toMatchObject({ kind: 'conflict' });
  const ids = [];
  for await (const card of workspace.plans.all()) ids.push(card.id);
  expect(ids).toContain('acme-2026');
  expect((await workspace.plans.list({ limit: 1 })).plans).toHaveLength(1);
  const edited = await workspace
    .actingFor('s-csm')
    .plan(id)
    .edit({ set: { tasks: { 'ca-1': { due: '2026-03-03' } } } });
  expect(edited.changes).toMatchObject([{ actor: 's-csm', data: { field: 'due' } }]);
  const { url, token } = await workspace.tokens.create(id, BEN);
  expect(parseLink(url)).toEqual({ url: `${server.url}/`, plan: id, token });
  expect(await workspace.portfolio({ active: 0.5 })).toHaveProperty('forecast');
  const hook = await workspace.webhooks.create({ url: 'https://example.com/hook', classes: ['date'] });
  expect(hook.secret).toBeTruthy();
  expect(await workspace.webhooks.list()).toMatchObject([{ id: hook.id }]);
  expect(await workspace.webhooks.deliveries(hook.id)).toEqual([]);
  await workspace.webhooks.delete(hook.id);
  expect(await workspace.webhooks.list()).toEqual([]);
});

test('what a person may not do comes back, and a token that does not fit ends the connection; both say why', async () => {
  const id = await server.plan();
  const viewer = await server.join(id, { ...ANN, person: 'b-cfo', access: 'viewer' });
  await live(viewer);
  const due = viewer.tasks.get('ca-1')?.due;
  const refused: unknown[] = [];
  viewer.on('refused', (refusal) => refused.push(refusal));
  viewer.edit((tx) => tx.tasks.set('ca-1', { due: '2026-03-01' }));
  await viewer.flush({ timeoutMs: 10_000 });
  await until(() => refused.length > 0);
  expect(refused).toMatchObject([{ entity: 'tasks', id: 'ca-1', field: 'due', code: 'not_allowed', restored: due }]);
  await until(() => viewer.tasks.get('ca-1')?.due === due);
  const nobody = await server.join('no-such-plan', ANN, { token: await server.token(id) });
  await expect(nobody.live({ timeoutMs: 10_000 })).rejects.toMatchObject({ code: 4403 });
  const forged = await server.join(id, ANN, { token: 'a.b.c' });
  await expect(forged.live({ timeoutMs: 10_000 })).rejects.toMatchObject({ kind: 'unauthorized' });
});
