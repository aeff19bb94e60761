/** The plan's page, as buyer, seller and executive see it. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

test('what one edits the other sees at once, marked with the old value and who it was', async () => {
  const id = await stage.plan();
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  await says(buyer, '.safety', 'Saved');
  await says(seller, '.safety', 'Saved');

  const due = buyer.locator('#item-ms-05 > .line .due button.value');
  await due.click();
  await buyer.locator('#item-ms-05 > .line input[type=date]').fill('2026-02-25');
  await buyer.keyboard.press('Enter');
  await buyer.locator('#item-ms-05 .reason').fill('Access credentials pending');
  await buyer.keyboard.press('Enter');

  await says(seller, '#item-ms-05 > .line .due', 'Feb 25');
  await says(seller, '#item-ms-05 > .line .due del', 'Feb 20');
  await says(seller, '#item-ms-05 .note', 'Access credentials pending');
  await says(buyer, '.safety', 'Saved');
  const kept = await stage.server.workspace.plans.get(id);
  expect(kept.plan.milestones?.find((each) => each.id === 'ms-05')).toMatchObject({
    due: '2026-02-25',
    reason: 'Access credentials pending',
  });
  await stage.picture(seller, 'plan-desktop-light');
});

test('whoever comes for the first time reads who edited last, and days in the language of their browser', async () => {
  const id = await stage.plan();
  const seller = await stage.open(id, SELLER);
  await seller.locator('#item-ms-05 > .line .due button.value').click();
  await seller.locator('#item-ms-05 > .line input[type=date]').fill('2026-02-19');
  await seller.keyboard.press('Enter');
  await says(seller, '#item-ms-05 > .line .due', 'Feb 19');
  await says(seller, '.safety', 'Saved');
  const reader = await stage.open(id, EXECUTIVE, { locale: 'de-DE' });
  await says(reader, '.version', /last edited by .?Account Exec.? \(.?Seller/);
  await says(reader, '#item-ms-05 > .line .due', '19. Feb.');
  // Nothing is marked for who has never been here.
  expect(await reader.locator('.hot').count()).toBe(0);
  // Nor for who has made the change, when they come again.
  const again = await stage.open(id, SELLER);
  await says(again, '.version', 'last edited by');
  expect(await again.locator('.hot').count()).toBe(0);
});

test('who writes the plan reads what it still lacks, is led there, and what is mended goes from the list', async () => {
  const sample = shifted(SAMPLE);
  const tasks = (sample.tasks ?? []).map((each) => (each.id === 'ca-5' ? { ...each, owners: [] } : each));
  const id = await stage.plan({ ...sample, tasks });
  const seller = await stage.open(id, SELLER);
  await says(seller, '.safety', 'Saved');
  const advice = seller.locator('.advice');
  await advice.locator('summary').click();
  await says(seller, '.advice summary', 'to mend');
  const { lint } = await stage.server.workspace.plans.get(id);
  expect(await advice.locator('li').count()).toBe(lint.length);
  const line = advice.locator('li', { hasText: '“Obtain CFO budget approval” has no owner' });
  await stage.picture(seller, 'advice-light', false);
  await line.getByRole('button').click();
  const row = seller.locator('#item-ca-5');
  await expect
    .poll(() => row.evaluate((each) => each.contains((each.getRootNode() as ShadowRoot).activeElement)))
    .toBe(true);
  await stage.server.workspace.plan(id).edit({ set: { tasks: { 'ca-5': { owners: { 's-account-exec': true } } } } });
  await line.waitFor({ state: 'detached' });

  const reader = await stage.open(id, EXECUTIVE);
  await says(reader, '.safety', 'Saved');
  expect(await reader.locator('.advice').count()).toBe(0);
});

test('each field that changed says what it was and who changed it, of milestones and of tasks', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const [buyer, seller] = [await stage.open(id, BUYER), await stage.open(id, SELLER)];
  for (const page of [buyer, seller]) await says(page, '.safety', 'Saved');
  const other = await stage.server.join(id, SELLER);
  await other.live();
  other.edit((tx) => {
    tx.milestones.set('ms-05', { title: 'POC environment', owners: ['s-sales-engineer'], buyerGets: 'A safe place' });
    tx.tasks.set('va-1', { status: 'in_progress', owners: ['s-account-exec'] });
  });
  await other.flush();
  const milestone = '#item-ms-05 > .note';
  for (const words of ['was “', 'POC Environment Setup', 'owner was', 'buyer gets', 'Account Exec'])
    await says(buyer, milestone, words);
  for (const words of ['was pending', 'owner was', 'Account Exec']) await says(buyer, '#item-va-1 > .note', words);
  // Who did it is told nothing new.
  expect(await seller.locator('.note').count()).toBe(0);
  await other.close();
});

test('the plan is read by side, or only one’s own part of it', async () => {
  const sample = shifted(SAMPLE);
  const id = await stage.plan(sample);
  const buyer = await stage.open(id, BUYER);
  await says(buyer, '.safety', 'Saved');
  const all = sample.tasks!.length;
  expect(await buyer.locator('.task').count()).toBe(all);
  const choose = async (name: string) => {
    await buyer.locator('.whose').getByRole('button', { name, exact: true }).click();
    await buyer.locator('.whose [aria-pressed=true]', { hasText: name }).waitFor();
  };
  for (const [side, other] of [
    ['Buyer', 'seller'],
    ['Seller', 'buyer'],
  ] as const) {
    await choose(side);
    const shown = sample.tasks!.filter((each) => each.party !== other).map((each) => `item-${each.id}`);
    await expect
      .poll(() => buyer.locator('.task').evaluateAll((rows) => rows.map((row) => row.id).sort()))
      .toEqual(shown.sort());
  }
  await choose('Mine');
  const mine = sample.tasks!.filter((each) => each.owners?.includes(BUYER.person)).map((each) => `item-${each.id}`);
  await expect
    .poll(() => buyer.locator('.task').evaluateAll((rows) => rows.map((row) => row.id).sort()))
    .toEqual(mine.sort());
  await stage.picture(buyer, 'mine-light');
  // What comes in while the list is short joins it.
  await stage.server.workspace.plan(id).edit({ set: { tasks: { 'va-1': { owners: { [BUYER.person]: true } } } } });
  await buyer.locator('#item-va-1').waitFor();
  await choose('Everything');
  expect(await buyer.locator('.task').count()).toBe(all);
});

test('a plan that nobody touches says so', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const fresh = await stage.open(id, EXECUTIVE);
  await says(fresh, '.version', 'Version of');
  await says(fresh, '.safety', 'Saved');
  expect(await fresh.locator('.version').innerText()).not.toContain('nothing has moved');
  await fresh.context().close();
  await stage.server.down('SIGTERM');
  await stage.server.up({ daysAhead: 22 });
  const reader = await stage.open(id, EXECUTIVE);
  await says(reader, '.version .late', 'nothing has moved for 22 days');
});
