/** React components on a real plan. */

import './dom.js';
import { StrictMode, act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ConnectOptions, Plan } from '../../src/index.js';
import { useCollection, useEntity, useMeta, useOthers, usePending, usePlan } from '../../src/react.js';
import { BEN, Server, settings, until } from './server.js';

let server: Server;
let root: Root | undefined;
beforeAll(async () => {
  server = await Server.start();
});
afterEach(async () => {
  await act(() => root?.unmount());
  root = undefined;
});
afterAll(() => server?.stop());

const renders = { task: 0, page: 0 };
let opened: Plan | undefined;

function Task({ plan, id }: { plan: Plan | undefined; id: string }) {
  renders.task += 1;
  const task = useEntity(plan, 'tasks', id);
  return <p id="task">{task ? `${task.title} ${task.due}` : 'none'}</p>;
}

function Page({ options }: { options: ConnectOptions }) {
  renders.page += 1;
  const { plan, status, snapshot } = usePlan(options);
  opened = plan;
  const tasks = useCollection(plan, 'tasks');
  return (
    <>
      <p id="status">{status.state}</p>
      <p id="title">{useMeta(plan)?.title}</p>
      <p id="count">{`${tasks.length} ${snapshot?.tasks?.length ?? 0}`}</p>
      <p id="others">
        {useOthers(plan)
          .map((other) => other.name)
          .join()}
      </p>
      <p id="pending">{usePending(plan)}</p>
      <Task plan={plan} id="ca-1" />
    </>
  );
}

async function show(options: ConnectOptions): Promise<void> {
  root ??= createRoot(document.body.appendChild(document.createElement('div')));
  await act(() =>
    root?.render(
      <StrictMode>
        <Page options={options} />
      </StrictMode>,
    ),
  );
}
const text = (id: string) => document.getElementById(id)?.textContent ?? '';
/** Waits for something to be shown, while what arrives is rendered. */
async function shown(look: () => unknown): Promise<void> {
  const end = Date.now() + 15_000;
  while (!look()) {
    if (Date.now() > end) throw new Error(`it shows ${document.body.textContent}`);
    await act(() => new Promise((resolve) => setTimeout(resolve, 10)));
  }
}

test('a plan is shown, follows what others do, and is closed with its component', async () => {
  const id = await server.plan();
  const token = await server.token(id);
  const ben = await server.join(id, BEN);
  await ben.live();
  await show(settings({ url: server.url, plan: id, token }));
  await shown(() => text('status') === 'live' && text('others') === 'Ben');
  expect(text('title')).toBe('Mutual action plan for a B2B SaaS opportunity');
  expect(text('count')).toBe('10 10');
  expect(text('task')).toContain('Provide data sample for POC');
  const before = renders.task;
  ben.edit((tx) => tx.tasks.set('ca-1', { due: '2026-08-08' }));
  await shown(() => text('task').endsWith('2026-08-08'));
  expect(renders.task).toBeGreaterThan(before);
  await act(() => opened?.edit((tx) => tx.tasks.remove('ca-2')));
  expect(text('count')).toBe('9 9');
  await shown(() => text('pending') === '0');
  await until(() => ben.tasks.size === 9);
  const plan = opened;
  await act(() => root?.unmount());
  root = undefined;
  expect(plan?.status.state).toBe('closed');
  await until(() => ben.presence.others.length === 0);
});

test('another plan takes the place of the first', async () => {
  const [one, two] = [await server.plan(), await server.plan({ meta: { title: 'Second' } })];
  await show(settings({ url: server.url, plan: one, token: await server.token(one) }));
  await shown(() => text('status') === 'live');
  const first = opened;
  await show(settings({ url: server.url, plan: two, token: await server.token(two) }));
  await shown(() => text('title') === 'Second');
  expect(first?.status.state).toBe('closed');
  expect(text('task')).toBe('none');
});
