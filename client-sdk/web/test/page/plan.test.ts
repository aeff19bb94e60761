/** The plan's page, as buyer, seller and executive see it. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { BUYER, SELLER, Stage, says } from './stage.js';

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
