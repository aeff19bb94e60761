/** Another order: by dragging, and by keyboard alone. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { SAMPLE } from '../server/server.js';
import { BUYER, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const idsOf = (page: Page, selector: string) =>
  page.locator(selector).evaluateAll((all) => all.map((each) => each.id.replace('item-', '')));
const focused = (page: Page) =>
  page.evaluate(
    () => document.querySelector('plansync-plan')!.shadowRoot!.activeElement?.closest('[data-item]')?.id ?? '',
  );

/** Takes the handle of one row and lets it go over another. */
async function drag(page: Page, from: string, to: string, at: 'top' | 'bottom'): Promise<void> {
  const grip = page.locator(`#item-${from} > .line > .grip`);
  await grip.scrollIntoViewIfNeeded();
  await grip.hover({ force: true });
  const target = (await page.locator(`#item-${to}`).boundingBox())!;
  await page.mouse.down();
  await page.mouse.move(target.x + 200, target.y + target.height / 2, { steps: 4 });
  await page.mouse.move(target.x + 200, target.y + (at === 'top' ? 3 : target.height - 3), { steps: 3 });
  await page.mouse.up();
}

test('tasks move within a milestone and into another, by keys', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  for (const page of [buyer, seller]) await says(page, '.safety', 'Saved');
  const tasksOf = (page: Page, milestone: string) => idsOf(page, `#item-${milestone} .task`);
  const [first, second] = await tasksOf(buyer, 'ms-05');

  await buyer.locator(`#item-${first} .grip`).focus();
  await buyer.keyboard.press('ArrowDown');
  await expect.poll(() => tasksOf(seller, 'ms-05')).toEqual([second, first]);
  await says(buyer, '#told', /moved to place 2 of 2 in .*POC Environment Setup/);
  await expect.poll(() => focused(buyer)).toBe(`item-${first}`);
  // Over the end of the milestone into the next one, and back.
  await buyer.keyboard.press('ArrowDown');
  await expect.poll(() => tasksOf(seller, 'ms-06')).toEqual([first]);
  await expect.poll(() => focused(buyer)).toBe(`item-${first}`);
  await buyer.keyboard.press('ArrowUp');
  await expect.poll(() => tasksOf(seller, 'ms-05')).toEqual([second, first]);

  // A milestone over the end of its phase.
  const inPhase = (page: Page, name: string) => idsOf(page, `.phase[aria-label="${name}"] .ms`);
  await seller.locator('#item-ms-06 > .line > .grip').focus();
  await seller.keyboard.press('ArrowDown');
  await expect.poll(() => inPhase(buyer, 'Business Case')).toEqual(['ms-06', 'ms-07', 'ms-08']);
  await expect.poll(() => focused(seller)).toBe('item-ms-06');
  await seller.keyboard.press('ArrowDown');
  await expect.poll(() => inPhase(buyer, 'Business Case')).toEqual(['ms-07', 'ms-06', 'ms-08']);
}, 120_000);

test('tasks and milestones are dragged to another place; Escape leaves them', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER, { viewport: { width: 1280, height: 2200 } });
  const seller = await stage.open(id, SELLER);
  for (const page of [buyer, seller]) await says(page, '.safety', 'Saved');
  const [first, second] = await idsOf(buyer, '#item-ms-05 .task');
  await drag(buyer, second!, first!, 'top');
  await expect.poll(() => idsOf(seller, '#item-ms-05 .task')).toEqual([second, first]);
  const [theirs] = await idsOf(buyer, '#item-ms-08 .task');
  await drag(buyer, first!, theirs!, 'bottom');
  await expect.poll(async () => (await idsOf(seller, '#item-ms-08 .task')).slice(0, 2)).toEqual([theirs, first]);
  await drag(buyer, 'ms-02', 'ms-03', 'bottom');
  await expect.poll(() => idsOf(seller, '.phase[aria-label="Evaluation"] .ms')).toEqual(['ms-03', 'ms-02']);

  const grip = buyer.locator('#item-ms-02 > .line > .grip');
  await grip.hover({ force: true });
  await buyer.mouse.down();
  await buyer.mouse.move(400, 300, { steps: 4 });
  await buyer.keyboard.press('Escape');
  await buyer.mouse.up();
  expect(await idsOf(buyer, '.phase[aria-label="Evaluation"] .ms')).toEqual(['ms-03', 'ms-02']);
  expect(await buyer.locator('.moving, .drop-before, .drop-after, .drop-into').count()).toBe(0);
}, 120_000);
