/** The package in Chromium: tabs of one browser, reloads offline, an editor, forbidden and full storage. */

import type { Page as Tab } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ANN, BEN, Server, until } from '../server/server.js';
import { Browser } from './browser.js';
import type { Page } from './page.js';

declare const plansync: Page;

let browser: Browser;
let server: Server;
beforeAll(async () => {
  browser = await Browser.start();
  server = await Server.start('--origins', browser.origin);
});
afterAll(async () => {
  await browser?.stop();
  await server?.stop();
});
afterEach(() => expect(browser.complaints.splice(0)).toEqual([]));

async function open(tab: Tab, plan: string, token: string): Promise<void> {
  const options = { url: server.url, plan, token, retry: { first: 50, max: 300, calm: 60_000 } };
  await tab.evaluate((given) => plansync.open(given), options);
}
const live = (tab: Tab) => tab.evaluate(() => plansync.plan.live({ timeoutMs: 15_000 }));
const title = (tab: Tab, id: string) => tab.evaluate((task) => plansync.plan.tasks.get(task)?.title, id);
const rename = (tab: Tab, id: string, to: string) =>
  tab.evaluate(
    ([task, name]) => plansync.plan.edit((tx) => tx.tasks.set(task as string, { title: name as string })),
    [id, to],
  );
const seen = (tab: Tab, id: string, wanted: string) =>
  tab.waitForFunction(([task, name]) => plansync.plan.tasks.get(task as string)?.title === name, [id, wanted]);

test('two tabs and somebody else see each other; offline, the tabs still do; after a reload nothing is lost', async () => {
  const id = await server.plan();
  const token = await server.token(id);
  const context = await browser.context();
  const [one, two] = [await browser.tab(context), await browser.tab(context)];
  await Promise.all([open(one, id, token), open(two, id, token)]);
  await Promise.all([live(one), live(two)]);
  const ben = await server.join(id, BEN);
  await rename(one, 'ca-1', 'online');
  await seen(two, 'ca-1', 'online');
  await until(() => ben.tasks.get('ca-1')?.title === 'online');

  await server.down('SIGKILL');
  await rename(one, 'ca-1', 'offline');
  await seen(two, 'ca-1', 'offline');
  await rename(two, 'ca-2', 'by the second');
  await seen(one, 'ca-2', 'by the second');
  await one.waitForFunction(() => plansync.plan.stored === plansync.plan.pending && plansync.plan.pending === 1);
  await two.waitForFunction(() => plansync.plan.stored === plansync.plan.pending && plansync.plan.pending === 1);

  // Both tabs go; one comes back, still without a server.
  await two.close();
  await one.reload();
  await one.waitForFunction(() => 'plansync' in window);
  await open(one, id, token);
  expect(await title(one, 'ca-1')).toBe('offline');
  expect(await title(one, 'ca-2')).toBe('by the second');
  expect(await one.evaluate(() => plansync.plan.pending)).toBe(2);

  await server.up();
  await one.evaluate(() => plansync.plan.flush({ timeoutMs: 15_000 }));
  await until(() => ben.tasks.get('ca-1')?.title === 'offline' && ben.tasks.get('ca-2')?.title === 'by the second');
  const { plan, seq } = await server.workspace.plans.get(id);
  expect(await one.evaluate(() => plansync.plan.toJSON())).toEqual(plan);

  await one.reload();
  await one.waitForFunction(() => 'plansync' in window);
  await open(one, id, token);
  expect(await one.evaluate(() => plansync.plan.pending)).toBe(0);
  await live(one);
  await one.evaluate(() => plansync.plan.flush());
  expect((await server.workspace.plans.get(id)).seq).toBe(seq);
  await context.close();
});

test('people type in one text with CodeMirror, and undo takes back what is one’s own', async () => {
  const id = await server.plan();
  const [a, b] = [await browser.context(), await browser.context()];
  const [ann, ben] = [await browser.tab(a), await browser.tab(b)];
  await open(ann, id, await server.token(id, ANN));
  await open(ben, id, await server.token(id, BEN));
  for (const tab of [ann, ben]) {
    await live(tab);
    await tab.evaluate(() => plansync.edit('tasks/ca-1/notes'));
  }
  const text = (tab: Tab) => tab.evaluate(() => plansync.editor.state.doc.toString());
  await ann.click('.cm-content');
  await ann.keyboard.type('Hello');
  await expect.poll(() => text(ben), { timeout: 10_000 }).toBe('Hello');
  await ben.evaluate(() => plansync.editor.dispatch({ changes: { from: 5, insert: ' world' } }));
  await expect.poll(() => text(ann), { timeout: 10_000 }).toBe('Hello world');
  expect(await ann.evaluate(() => plansync.plan.tasks.get('ca-1')?.notes)).toBe('Hello world');
  expect(await ann.evaluate(() => plansync.plan.undo())).toBe(true);
  await expect.poll(() => text(ben), { timeout: 10_000 }).toBe(' world');
  await ann.evaluate(() => plansync.plan.flush({ timeoutMs: 10_000 }));
  const { plan } = await server.workspace.plans.get(id);
  expect(plan.tasks?.find((task) => task.id === 'ca-1')?.notes).toBe(' world');
  await a.close();
  await b.close();
});

test('where storage is forbidden, the plan says so and works', async () => {
  const id = await server.plan();
  const context = await browser.context();
  await context.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('The user denied permission', 'SecurityError');
    };
    Object.defineProperty(window, 'localStorage', {
      get: () => {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  });
  const tab = await browser.tab(context);
  await open(tab, id, await server.token(id));
  await live(tab);
  await rename(tab, 'ca-1', 'kept nowhere');
  await tab.evaluate(() => plansync.plan.flush({ timeoutMs: 10_000 }));
  expect(await tab.evaluate(() => [plansync.plan.storage?.kind, plansync.plan.pending])).toEqual(['storage', 0]);
  expect(await tab.evaluate(() => plansync.plan.storage?.message)).toContain('denied permission');
  await context.close();
});

test('where storage is full, the plan says so, and keeps what it can later', async () => {
  const id = await server.plan();
  const context = await browser.context();
  const tab = await browser.tab(context);
  await open(tab, id, await server.token(id));
  await live(tab);
  await tab.evaluate(() => {
    const add = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...given) {
      this.transaction.abort();
      return add.apply(this, given);
    };
    (window as unknown as { mend: () => void }).mend = () => (IDBObjectStore.prototype.put = add);
  });
  await server.down('SIGKILL');
  await rename(tab, 'ca-1', 'waiting');
  await tab.waitForFunction(() => plansync.plan.storage?.kind === 'storage');
  expect(await tab.evaluate(() => [plansync.plan.pending, plansync.plan.stored])).toEqual([1, 0]);
  await tab.evaluate(() => (window as unknown as { mend: () => void }).mend());
  await rename(tab, 'ca-2', 'and another');
  await tab.waitForFunction(() => plansync.plan.stored === 2 && plansync.plan.storage === undefined);
  await server.up();
  await tab.evaluate(() => plansync.plan.flush({ timeoutMs: 15_000 }));
  await context.close();
});
