/** The people of a plan: both teams, who decides what, and what one party alone thinks of somebody. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const HOSTILE = '<img src=x onerror=alert(1)> "Ann" \u202e';
const SECRET = 'Canary: she prefers the other vendor';

test('each side names its own people, adds roles of the other, and sees who is here', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  for (const page of [buyer, seller]) {
    await says(page, '.safety', 'Saved');
    await page.locator('#tab-people').click();
  }
  await says(seller, '#item-b-it-manager', 'here now');

  // The buyer names a role of theirs, with the keyboard.
  await buyer.locator('#name-b-it-manager').focus();
  await buyer.keyboard.press('Enter');
  await buyer.locator('.ask-sheet [name=name]:focus').waitFor();
  await buyer.keyboard.type(HOSTILE);
  await buyer.keyboard.press('Enter');
  await says(seller, '#item-b-it-manager h3', '<img src=x onerror=alert(1)>');
  expect(await seller.locator('.person img').count()).toBe(0);
  await says(buyer, '.safety', 'Saved');
  const named = (await stage.server.workspace.plans.get(id)).plan.people?.find((each) => each.id === 'b-it-manager');
  expect(named).toMatchObject({ role: 'IT Manager' });
  expect(named?.placeholder).toBeUndefined();
  // The seller cannot name the buyer's people, but adds a role.
  expect(await seller.locator('#name-b-vp-marketing').count()).toBe(0);
  await seller.locator('#add-to-buyer').click();
  await seller.keyboard.type('Chief Information Officer');
  await seller.locator('.ask-sheet [name=decisionRole]').selectOption('economic_buyer');
  await seller.keyboard.press('Enter');
  await says(buyer, '.person', /Chief Information Officer.*Name this role.*Economic buyer/s);

  // What they need to say yes: somebody without a row yet.
  const needs = buyer.locator('#item-b-vp-marketing').getByRole('button', { name: 'What they need to say yes' });
  await needs.click();
  await buyer.locator('#item-b-vp-marketing textarea').fill('payback shown in the ROI analysis');
  await buyer.keyboard.press('Control+Enter');
  await says(seller, '#item-b-vp-marketing', 'payback shown in the ROI analysis');
  await seller.getByRole('button', { name: 'Make executive sponsor: VP Marketing' }).click();
  await says(buyer, '#item-b-vp-marketing', 'Executive sponsor');
  await stage.picture(buyer, 'people-light');
});

test('what a party thinks of somebody never leaves its own document', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const seller = await stage.open(id, SELLER, { colorScheme: 'dark' });
  const buyer = await stage.open(id, BUYER);
  for (const page of [buyer, seller]) {
    await says(page, '.safety', 'Saved');
    await page.locator('#tab-people').click();
  }
  const person = seller.locator('#item-b-vp-marketing');
  await person.getByRole('button', { name: 'Private view of VP Marketing' }).click();
  await person.locator('.secret').waitFor();
  await says(seller, '#item-b-vp-marketing .secret', 'Only Seller sees this');
  await person.getByRole('button', { name: /Stance, private/ }).click();
  await person.locator('.secret select').selectOption('sceptic');
  await says(seller, '#item-b-vp-marketing .secret', 'Sceptic');
  await person.getByRole('button', { name: /Note, private/ }).click();
  await person.locator('.secret textarea').fill(SECRET);
  await seller.keyboard.press('Control+Enter');
  await says(seller, '#item-b-vp-marketing .secret', SECRET);
  await stage.picture(seller, 'people-dark');
  // A colleague sees it.
  const colleague = await stage.open(id, { person: 's-sales-engineer', party: 'seller', access: 'editor' });
  await colleague.locator('#tab-people').click();
  await says(colleague, '#item-b-vp-marketing .secret', SECRET);
  // The other side does not: not on the page, not from the server.
  const all = await buyer.evaluate(() => document.querySelector('plansync-plan')!.shadowRoot!.textContent);
  expect(all).toContain('VP Marketing');
  expect(all).not.toContain('Canary');
  expect(all).not.toContain('Sceptic');
  const { plan } = await stage.server.workspace.plans.get(id);
  expect(JSON.stringify(plan)).not.toContain('Canary');
});

test('a viewer on a phone reads it all and is offered nothing', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const page = await stage.open(id, EXECUTIVE, { viewport: { width: 390, height: 844 } });
  await says(page, '.safety', 'Saved');
  await page.locator('#tab-people').click();
  await page.locator('.person').first().waitFor();
  expect(await page.locator('plansync-people button').count()).toBe(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await stage.picture(page, 'people-phone');
});
