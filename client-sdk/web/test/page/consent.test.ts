/** What one side asks of the other: the target, another's status, commitments; and what is put back. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted, shiftedDay } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const planOf = async (id: string) => (await stage.server.workspace.plans.get(id)).plan;

/** Sets the target in the thirty-second box. */
async function setTarget(page: Page, day: string): Promise<void> {
  await page
    .locator('.thirty')
    .getByRole('button', { name: /^Target/ })
    .click();
  await says(page, '.thirty .editing', 'will be asked to agree');
  await page.locator('.thirty input[type=date]').fill(day);
  await page.keyboard.press('Enter');
}

test('moving the target asks the other side, who accepts, counters or declines in place', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  const viewer = await stage.open(id, EXECUTIVE);
  for (const page of [buyer, seller, viewer]) await page.locator('.thirty dl').waitFor();
  const [first, second, third] = ['2026-05-08', '2026-05-15', '2026-05-22'].map(shiftedDay) as [string, string, string];

  await setTarget(seller, first);
  const asked = buyer.locator('.changed .ask');
  await asked.filter({ hasText: 'Seller asks to move the target from' }).waitFor();
  await says(seller, '.changed .ask', 'waiting for Buyer');
  // A viewer reads it and is offered no answer.
  await says(viewer, '.changed .ask', 'waiting for Buyer');
  expect(await viewer.locator('.ask button').count()).toBe(0);
  await stage.picture(buyer, 'proposal-desktop', false);

  // Counter: theirs is declined, ours is asked for.
  await asked.getByRole('button', { name: 'Counter' }).click();
  await asked.getByLabel('Another day').fill(second);
  await asked.getByRole('button', { name: 'Offer' }).click();
  const countered = seller.locator('.changed .ask');
  await countered.filter({ hasText: 'Buyer asks to move the target' }).waitFor();
  await countered.getByRole('button', { name: 'Accept' }).click();
  await seller.locator('.changed .ask').waitFor({ state: 'detached' });
  await expect.poll(async () => (await planOf(id)).meta?.target?.date).toBe(second);

  // Withdrawn by who asked; declined by who was asked.
  await setTarget(seller, third);
  await buyer.locator('.ask').getByRole('button', { name: 'Decline' }).waitFor();
  await seller.locator('.changed .ask').getByRole('button', { name: 'Withdraw' }).click();
  await buyer.locator('.ask').waitFor({ state: 'detached' });
  await setTarget(seller, third);
  await buyer.locator('.changed .ask').getByRole('button', { name: 'Decline' }).click();
  await seller.locator('.ask').waitFor({ state: 'detached' });
  const plan = await planOf(id);
  expect(plan.meta?.target?.date).toBe(second);
  expect(plan.proposals?.map((each) => each.state).sort()).toEqual(['accepted', 'declined', 'declined', 'withdrawn']);
}, 180_000);

test('another side’s status is asked for at the item; commitments are asked, countered, accepted', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  for (const page of [buyer, seller]) await says(page, '.safety', 'Saved');

  await seller.locator('#item-ca-1 input[type=checkbox]').click();
  await says(buyer, '#item-ca-1 .ask', 'Seller asks to set “⁨Provide data sample for POC⁩” to Complete');
  await buyer.locator('#item-ca-1 .ask').getByRole('button', { name: 'Accept' }).focus();
  await buyer.keyboard.press('Enter');
  await seller.locator('#item-ca-1.complete').waitFor();

  await seller.locator('#item-ca-2 .more').click();
  await seller.locator('.drawer').getByRole('button', { name: 'Ask Buyer to commit' }).click();
  await seller.keyboard.press('Escape');
  const ask = buyer.locator('#item-ca-2 .ask');
  await ask.filter({ hasText: 'Asked of you: commit to' }).waitFor();
  await ask.getByRole('button', { name: 'Counter' }).click();
  const day = shiftedDay('2026-03-05');
  await ask.getByLabel('Another day').fill(day);
  await ask.getByRole('button', { name: 'Offer' }).click();
  await seller.locator('#item-ca-2').getByRole('button', { name: /^Take/ }).click();
  await buyer.locator('#item-ca-2 .ask').getByRole('button', { name: 'Accept' }).click();
  await says(seller, '#item-ca-2 .note', 'Buyer committed to');
  await expect
    .poll(async () => (await planOf(id)).tasks?.find((each) => each.id === 'ca-2'))
    .toMatchObject({ due: day, commitment: { state: 'accepted', by: 'b-it-manager' } });

  // What has been accepted moves with consent.
  await seller.locator('#item-ca-2 .due button.value').click();
  await seller.locator('#item-ca-2 input[type=date]').fill(shiftedDay('2026-03-09'));
  await seller.keyboard.press('Enter');
  await seller.locator('#item-ca-2 .reason').fill('Board moved');
  await seller.keyboard.press('Enter');
  await says(buyer, '#item-ca-2 .ask', 'Board moved');
}, 180_000);

test('an edit that is refused is put back and says why at its place', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const seller = await stage.open(id, SELLER);
  await says(seller, '.safety', 'Saved');
  // The page would not offer this: the plan behind it is asked directly.
  await seller.evaluate(() => {
    const { client } = document.querySelector('plansync-plan')!;
    client!.edit((tx) => tx.meta.set({ title: 'Mine' }));
    client!.edit((tx) => tx.people.set('b-cfo', { name: 'Nobody' }));
  });
  await says(seller, '.notice.refused', 'was put back');
  const buyer = await stage.open(id, { ...BUYER, access: 'contributor', person: 'b-infosec' });
  await says(buyer, '.safety', 'Saved');
  await buyer.evaluate(() => {
    const { client } = document.querySelector('plansync-plan')!;
    client!.edit((tx) => tx.milestones.set('ms-05', { title: 'Renamed' }));
  });
  await says(buyer, '#item-ms-05 > .line h4 .put-back', 'Put back');
  await says(buyer, '#item-ms-05 > .line h4', 'POC Environment Setup');
}, 120_000);

test('header and framing: who may, writes; the others read', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  for (const page of [buyer, seller]) await says(page, '.safety', 'Saved');
  await seller.locator('.head h1 button').click();
  await seller.locator('.head h1 input').fill('<b>Lead</b> ‮processing 🚀');
  await seller.keyboard.press('Enter');
  await says(buyer, '.head h1', '<b>Lead</b>');
  expect(await buyer.locator('.head h1 b').count()).toBe(0);
  expect(await buyer.locator('.head h1 button').count()).toBe(0);
  await buyer.locator('.head .deal button').first().click();
  await buyer.locator('.head .deal input').fill('Northwind');
  await buyer.keyboard.press('Enter');
  await says(seller, '.head .deal', 'Northwind');

  for (const page of [buyer, seller]) await page.locator('.framing > summary').click();
  const pitch = seller.getByLabel('In one breath');
  await pitch.fill('Leads reach the right person in three days');
  await says(seller, '.framing .text-head', '8 of 20–30 words');
  await says(buyer, '.framing .proposition', 'Leads reach the right person');
  await buyer.getByLabel('New objective').fill('Process a lead in 3 days, not 5');
  await buyer.keyboard.press('Enter');
  await seller.getByLabel('In the buyer’s words').waitFor();
  await buyer.locator('.framing button.owners').click();
  await buyer.locator('.picker').getByRole('combobox').fill('VP Marketing');
  await buyer.keyboard.press('Enter');
  await says(seller, '.framing .chip', 'VP Marketing');
  await expect.poll(async () => (await planOf(id)).meta?.sponsors).toEqual(['b-vp-marketing']);
  await stage.picture(seller, 'framing-desktop', false);
}, 120_000);
