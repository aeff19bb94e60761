/** What two people and a real server see of each other. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANN, BEN, Server, until } from './server.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

test('what the document holds is what the server says it holds', async () => {
  const id = await server.plan();
  const ann = await server.join(id);
  await ann.live();
  expect(ann.toJSON()).toEqual((await server.workspace.plans.get(id)).plan);
  expect(JSON.stringify(ann.toJSON())).toBe(JSON.stringify((await server.workspace.plans.get(id)).plan));
  expect(ann.me).toEqual({ person: ANN.person, party: 'buyer', access: 'owner', scope: 'shared' });
});

test('an edit is durable after flush, and the other side has it', async () => {
  const id = await server.plan();
  const [ann, ben] = [await server.join(id), await server.join(id, BEN)];
  await Promise.all([ann.live(), ben.live()]);
  const made = ann.edit((tx) => {
    tx.tasks.set('ca-1', { due: '2026-03-01', owners: ['b-cfo', 'b-it-manager'], blocked: { reason: 'No access' } });
    tx.meta.set({ target: { date: '2026-05-15' }, valueProposition: 'Less waiting' });
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
  expect(ben.toJSON()).toEqual(plan);
  expect(ann.toJSON()).toEqual(plan);
  expect(ben.tasks.get('ca-1')).toMatchObject({ due: '2026-03-01', owners: ['b-cfo', 'b-it-manager'] });
  expect(ben.tasks.all().at(-1)?.id).toBe(made);
  expect(ben.risks.get('rk-1')).toBeUndefined();
  expect(ben.risks.get('rk-1', { removed: true })?.removed).toBe(true);
});
