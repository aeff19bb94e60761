/** The pictures of the documents: `PLANSYNC_SCREENSHOTS=../../docs/screenshots npx vitest run test/page/pictures.test.ts`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted, shiftedDay } from './stage.js';

let stage: Stage;
let id: string;
beforeAll(async () => {
  stage = await Stage.start();
  const plan = shifted(SAMPLE);
  id = await stage.plan({
    ...plan,
    meta: { ...plan.meta, title: 'Lead processing rollout', account: 'Northwind', opportunity: 'Acme Platform' },
  });
  // All have been here before; then there was a call.
  for (const who of [BUYER, SELLER, EXECUTIVE]) {
    const visit = await stage.server.join(id, who);
    await visit.live();
    visit.markSeen();
    await visit.flush();
    await visit.close();
  }
  const buyer = await stage.server.join(id, BUYER);
  const seller = await stage.server.join(id, SELLER);
  await Promise.all([buyer.live(), seller.live()]);
  const call = await seller.touchpoints.open({ kind: 'call', title: 'Review call' });
  buyer.edit((tx) => tx.milestones.set('ms-05', { due: shiftedDay('2026-02-25') }), {
    reason: 'Access credentials pending',
  });
  buyer.edit((tx) => tx.tasks.set('ca-1', { status: 'complete' }));
  seller.edit((tx) => tx.tasks.set('va-1', { owners: ['s-sales-engineer'] }));
  buyer.edit((tx) =>
    tx.tasks.add({
      title: 'Sign mutual NDA',
      milestone: 'ms-09',
      party: 'buyer',
      due: shiftedDay('2026-02-27'),
    }),
  );
  await Promise.all([buyer.flush(), seller.flush()]);
  await seller.touchpoints.close(call.id);
  await Promise.all([buyer.close(), seller.close()]);
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

test('desktop, phone and dark', async () => {
  const others = await stage.open(id, SELLER, { viewport: { width: 1180, height: 900 } });
  await says(others, '.safety', 'Saved');
  const desktop = await stage.open(id, EXECUTIVE, { viewport: { width: 1180, height: 1320 } });
  await says(desktop, '.changed', 'Changed since');
  await says(desktop, '.safety', 'Saved');
  await stage.picture(desktop, 'desktop', false);
  const phone = await stage.open(id, BUYER, { viewport: { width: 390, height: 844 } });
  await says(phone, '.thirty', '%');
  await says(phone, '.safety', 'Saved');
  await stage.picture(phone, 'phone', false);
  const dark = await stage.open(id, BUYER, { viewport: { width: 1180, height: 900 }, colorScheme: 'dark' });
  await says(dark, '.changed', 'Changed since');
  await says(dark, '.safety', 'Saved');
  await stage.picture(dark, 'dark', false);
});

test('the summary of the call, and inviting', async () => {
  const seller = await stage.open(id, SELLER, { viewport: { width: 1180, height: 900 } });
  await seller.getByRole('button', { name: 'Summary' }).click();
  await says(seller, 'dialog article.sum', 'Sign mutual NDA');
  await stage.picture(seller, 'summary', false);
  await seller.keyboard.press('Escape');
  await stage.open(id, { ...SELLER, person: 's-sales-engineer', name: 'Sales Engineer', access: 'contributor' });
  await seller.getByRole('button', { name: 'Share' }).click();
  await says(seller, '.members', 'Sales Engineer');
  await stage.picture(seller, 'share', false);
});

test('all plans of a workspace', async () => {
  const plan = shifted(SAMPLE);
  for (const [title, account, stageOf] of [
    ['Support desk renewal', 'Hooli', 'active'],
    ['Data platform pilot', 'Initech', 'draft'],
    ['Onboarding, wave two', 'Umbrella', 'onboarding'],
  ] as const)
    await stage.plan(
      stageOf === 'draft'
        ? { meta: { title, account, stage: stageOf } }
        : { ...plan, meta: { ...plan.meta, title, account, stage: stageOf } },
    );
  const page = await stage.tab(await stage.profile({ viewport: { width: 1180, height: 760 } }));
  await page.goto(stage.server.url);
  await page
    .getByLabel('The key of your workspace')
    .fill(readFileSync(join(stage.server.dataFolder, 'api-key'), 'utf8').trim());
  await page.getByRole('button', { name: 'Show plans' }).click();
  await says(page, '[data-plan]', 'Hooli');
  await stage.picture(page, 'home', false);
});
