/** What a person sees when the plan is not simply there. */

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { encode } from '../../src/wire.js';
import { Between } from '../server/between.js';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, line, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

/** A tab at an address of the server, whatever comes of it. */
async function at(path: string, page?: Page): Promise<Page> {
  const tab = page ?? (await stage.tab(await stage.profile()));
  await tab.goto(`${stage.server.url}${path}`);
  return tab;
}

/** A token that the server did not make, but could have. */
function signed(claims: Record<string, unknown>): string {
  const secret = readFileSync(join(stage.server.dataFolder, 'token-secret'), 'utf8').trim();
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

const words = (page: Page) => page.evaluate(() => document.querySelector('plansync-plan')!.shadowRoot!.textContent);

test('a link without its key, a forged one, one of another plan, an expired one: one sentence each', async () => {
  const [id, other] = [await stage.plan(shifted(SAMPLE)), await stage.plan(shifted(SAMPLE))];
  await says(await at(`/p/${id}`), '[data-state]', 'This link is incomplete');
  await says(await at(`/p/${id}#token=abc`), '[data-state]', 'This link does not open the plan');
  const token = await stage.server.token(id, BUYER);
  await says(await at(`/p/${other}#token=${token}`), '[data-state=not_allowed]', 'This plan is not open to you');
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: 'b-it-manager', plan: id, party: 'buyer', access: 'owner', iat: now - 900, exp: now - 300 };
  const expired = await at(`/p/${id}#token=${signed(claims)}`);
  await says(expired, '[data-state=expired]', 'This link has expired');
  await stage.picture(expired, 'state-expired');
  const gone = await stage.server.token(id, { ...BUYER });
  await says(await at(`/p/nowhere#token=${gone}`), '[data-state]', /not open to you|no such plan/);
});

test('an erased plan leaves every screen, and says so to whoever comes later', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  await says(buyer, '.safety', 'Saved');
  const token = await stage.server.token(id, BUYER);
  await stage.server.workspace.json('DELETE', `v1/plans/${id}`, { erase: true });
  await says(buyer, '[data-state=erased]', 'This plan has been erased');
  expect(await words(buyer)).not.toContain('POC');
  await says(await at(`/p/${id}#token=${token}`), '[data-state=erased]', 'This plan has been erased');
});

test('a token that expires while somebody writes: the plan goes, what was written is kept and comes with the next link', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const context = await stage.profile();
  const wire = await line(context);
  const page = await stage.tab(context);
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: 'b-it-manager', plan: id, party: 'buyer', access: 'owner', iat: now - 60, exp: now + 25 };
  await at(`/p/${id}#token=${signed(claims)}`, page);
  await says(page, '.safety', 'Saved');
  await wire.pull();
  await page.evaluate(() =>
    document.querySelector('plansync-plan')!.client!.edit((tx) => tx.tasks.set('ca-1', { title: 'Written too late' })),
  );
  await says(page, '.banner', 'You are offline');
  await says(page, '.safety', '1 edit kept here');
  await expect.poll(() => Date.now() / 1000, { timeout: 40_000 }).toBeGreaterThan(now + 26);
  await wire.plug();
  await says(page, '[data-state=expired]', /has expired.*new one.*1 edit of yours is kept on this device/s);
  expect(await words(page)).not.toContain('POC');
  await stage.picture(page, 'state-expired-kept');

  const again = await stage.open(id, BUYER, {}, context);
  await says(again, '.safety', 'Saved');
  await expect
    .poll(
      async () => (await stage.server.workspace.plans.get(id)).plan.tasks?.find((each) => each.id === 'ca-1')?.title,
    )
    .toBe('Written too late');
});

test('offline: edits of both sides meet again, and “Saved” comes only then', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const context = await stage.profile();
  const wire = await line(context);
  const buyer = await stage.open(id, BUYER, {}, context);
  const seller = await stage.open(id, SELLER);
  await says(buyer, '.safety', 'Saved');
  await says(seller, '.safety', 'Saved');
  await wire.pull();
  const edit = (page: Page, fields: Record<string, string>) =>
    page.evaluate(
      (given) => document.querySelector('plansync-plan')!.client!.edit((tx) => tx.milestones.set('ms-06', given)),
      fields,
    );
  await edit(buyer, { title: 'Renamed offline' });
  await says(buyer, '.banner', /You are offline.*kept on this device/);
  await says(buyer, '.safety', 'Offline · 1 edit kept here');
  await stage.picture(buyer, 'state-offline', false);
  await edit(seller, { due: '2027-03-03' });
  await wire.plug();
  await says(buyer, '.safety', '✓ Saved');
  await buyer.locator('.banner').waitFor({ state: 'detached' });
  for (const page of [buyer, seller]) {
    await says(page, '#item-ms-06', 'Renamed offline');
    await says(page, '#item-ms-06', 'Mar 3');
  }
});

test('a server that is away, slow, full, or newer than the page', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const between = await Between.start(stage.server.url);
  const token = await stage.server.token(id, BUYER);
  const page = await stage.tab(await stage.profile());
  // The websocket goes through somebody who can say anything in the server's name.
  await page.addInitScript(
    ([from, to]) => {
      const Real = WebSocket;
      window.WebSocket = class extends Real {
        constructor(url: string | URL, protocols?: string | string[]) {
          super(String(url).replace(from!, to!), protocols);
        }
      };
    },
    [stage.server.url.replace('http', 'ws'), between.url.replace('http', 'ws')],
  );
  await page.route('**/p/*', async (route) => {
    const response = await route.fetch();
    const headers = response.headers();
    const policy = (headers['content-security-policy'] ?? '').replace(
      "connect-src 'self'",
      `connect-src 'self' ${between.url.replace('http', 'ws')}`,
    );
    const stand = readFileSync(new URL('../../src/page/plan.html', import.meta.url));
    await route.fulfill({
      status: 200,
      headers: { ...headers, 'content-type': 'text/html', 'content-security-policy': policy },
      body: stand,
    });
  });
  let inject: Uint8Array | undefined;
  between.toClient = (frame, bytes) => (inject && frame.type === 'Ack' ? inject : bytes);
  await at(`/p/${id}#token=${token}`, page);
  await says(page, '.safety', 'Saved');
  const write = (title: string) =>
    page.evaluate(
      (to) => document.querySelector('plansync-plan')!.client!.edit((tx) => tx.tasks.set('ca-1', { title: to })),
      title,
    );
  inject = encode({ type: 'Notice', json: { code: 'read_only' } });
  await write('Not taken yet');
  await says(page, '.banner', 'The server takes no edits for now');
  await says(page, '.safety', 'Saving 1 edit');
  inject = undefined;
  between.cut();
  await says(page, '.safety', 'Saved');
  await page.locator('.banner').waitFor({ state: 'detached' });

  inject = encode({ type: 'Notice', json: { code: 'slow' } });
  await write('Slowly');
  await says(page, '.banner', 'The connection is slow');
  inject = undefined;

  between.onConnect = () => false;
  between.cut();
  await says(page, '.banner', /cannot be reached.*kept on this device/);
  between.onConnect = () => true;
  between.cut();
  await says(page, '.safety', 'Saved');
  between.close(4400, 'unknown frame');
  await says(page, '[data-state=older]', 'This page is older than the server');
  await page.getByRole('button', { name: 'Load anew' }).click();
  await says(page, '.safety', 'Saved');
  await between.stop();
});

test('storage that is forbidden: writing goes on, and the page says what that means', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const context = await stage.profile();
  await context.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('forbidden', 'SecurityError');
    };
    Object.defineProperty(window, 'sessionStorage', {
      get: () => {
        throw new DOMException('forbidden', 'SecurityError');
      },
    });
  });
  const wire = await line(context);
  const page = await stage.open(id, BUYER, {}, context);
  await says(page, '.safety', 'Saved');
  await wire.pull();
  await page.evaluate(() =>
    document.querySelector('plansync-plan')!.client!.edit((tx) => tx.tasks.set('ca-1', { title: 'Only in memory' })),
  );
  await says(page, '.safety', '1 edit not kept yet');
  await says(page, '.banner', 'leave it open until it says “Saved”');
  await wire.plug();
  await says(page, '.safety', '✓ Saved');
});

test('an empty plan says what to do first, and fills up; a second tab shows it too', async () => {
  const { parties, people } = SAMPLE;
  const id = await stage.plan({ meta: { title: 'Fresh' }, parties: parties ?? [], people: people ?? [] });
  const context = await stage.profile();
  const wire = await line(context);
  const owner = await stage.open(id, SELLER, {}, context);
  const viewer = await stage.open(id, EXECUTIVE);
  await says(owner, '.start h2', 'what to do first');
  await says(viewer, '.start h2', 'Nothing is planned yet');
  await stage.picture(owner, 'state-empty');
  await owner.getByLabel('Target date').fill('2027-06-30');
  await owner.getByLabel('First milestone').fill('Proof of concept agreed');
  await owner.getByRole('button', { name: 'Add', exact: true }).click();
  await owner.locator('.start').waitFor({ state: 'detached' });
  await says(viewer, '.ms', 'Proof of concept agreed');
  const second = await stage.open(id, SELLER, {}, context);
  await says(second, '.ms', 'Proof of concept agreed');
  await wire.pull();
  await owner.evaluate(() =>
    document.querySelector('plansync-plan')!.client!.edit((tx) => tx.meta.set({ title: 'Named in one tab' })),
  );
  await says(second, 'h1', 'Named in one tab');
  await expect.poll(() => second.title()).toBe('Named in one tab');
});

test('while the plan is on its way its shape is there, and a server that does not answer is named', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const token = await stage.server.token(id, BUYER);
  const context = await stage.profile();
  await context.routeWebSocket(/v1\/sync/, () => {});
  const page = await stage.tab(context);
  await at(`/p/${id}#token=${token}`, page);
  await page.locator('[data-state=opening]').waitFor();
  await stage.picture(page, 'state-opening');
  const away = await stage.profile();
  await away.routeWebSocket(/v1\/sync/, (socket) => void socket.close({ code: 1013, reason: 'overloaded' }));
  const other = await stage.tab(away);
  await at(`/p/${id}#token=${token}`, other);
  await says(other, '[data-state=away]', 'The server cannot be reached');
  await other.getByRole('button', { name: 'Try now' }).waitFor();
});
