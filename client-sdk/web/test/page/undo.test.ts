/** Taking back: the buttons of the head, and the list of what was removed. */

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted, shiftedDay } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const planOf = async (id: string) => (await stage.server.workspace.plans.get(id)).plan;
const SOON = { timeout: 30_000 };
const undo = (page: Page) => page.getByRole('button', { name: 'Undo my last edit' });
const redo = (page: Page) => page.getByRole('button', { name: 'Redo', exact: true });

test('the head’s buttons take back and make again what one has done oneself', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  const viewer = await stage.open(id, EXECUTIVE);
  for (const page of [buyer, seller, viewer]) await says(page, '.safety', 'Saved');
  expect([await undo(buyer).isDisabled(), await redo(buyer).isDisabled()]).toEqual([true, true]);
  expect(await undo(viewer).count()).toBe(0);

  const due = async () => (await planOf(id)).milestones?.find((each) => each.id === 'ms-05')?.due;
  const move = async (day: string) => {
    await buyer.locator('#item-ms-05 > .line .due button.value').click();
    await buyer.locator('#item-ms-05 > .line input[type=date]').fill(shiftedDay(day));
    await buyer.keyboard.press('Enter');
    await buyer.getByRole('button', { name: 'Move it' }).click();
  };
  await move('2026-02-25');
  await expect.poll(due, SOON).toBe(shiftedDay('2026-02-25'));
  // Somebody else goes on meanwhile.
  await stage.server.workspace.plan(id).edit({ set: { milestones: { 'ms-05': { title: 'Renamed by others' } } } });
  for (const page of [buyer, seller]) await says(page, '#item-ms-05', 'Renamed by others');
  expect(await undo(seller).isDisabled()).toBe(true);

  await undo(buyer).click();
  await says(buyer, '#told', 'Taken back');
  await expect.poll(due, SOON).toBe(shiftedDay('2026-02-20'));
  expect([await undo(buyer).isDisabled(), await redo(buyer).isDisabled()]).toEqual([true, false]);
  await redo(buyer).click();
  await says(buyer, '#told', 'Made again');
  await expect.poll(due, SOON).toBe(shiftedDay('2026-02-25'));
  expect([await undo(buyer).isDisabled(), await redo(buyer).isDisabled()]).toEqual([false, true]);
  // With the keyboard, and another edit ends what could be made again.
  await undo(buyer).focus();
  await buyer.keyboard.press('Enter');
  await expect.poll(due, SOON).toBe(shiftedDay('2026-02-20'));
  await move('2026-02-27');
  await expect.poll(due, SOON).toBe(shiftedDay('2026-02-27'));
  expect([await undo(buyer).isDisabled(), await redo(buyer).isDisabled()]).toEqual([false, true]);
  const day = await buyer.locator('#item-ms-05 > .line .due button.value').innerText();
  await says(seller, '#item-ms-05 > .line .due', day.split('\n')[0]!.trim());
  expect((await planOf(id)).milestones?.find((each) => each.id === 'ms-05')?.title).toBe('Renamed by others');
});

test('what was removed is listed, and each of it comes back by itself', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  const viewer = await stage.open(id, EXECUTIVE);
  for (const page of [buyer, seller, viewer]) await says(page, '.safety', 'Saved');
  const { tasks } = await planOf(id);
  const own = (tasks ?? []).filter((each) => each.milestone === 'ms-05').map((each) => each.id);
  expect(own).toHaveLength(2);

  await buyer.getByRole('button', { name: 'Details of POC Environment Setup' }).click();
  await buyer.locator('.drawer').getByRole('button', { name: 'Remove', exact: true }).click();
  await buyer.locator('#item-ms-05').waitFor({ state: 'detached' });
  await says(seller, '.removed summary', '3 removed');
  await seller.locator('#item-ms-05').waitFor({ state: 'detached' });
  // A list of what can be restored is for those who can.
  await viewer.locator('#item-ms-05').waitFor({ state: 'detached' });
  expect(await viewer.locator('.removed').count()).toBe(0);

  // The other side brings it back: first the milestone, as it was, then its tasks.
  await seller.locator('.removed summary').click();
  await seller.getByRole('button', { name: 'Restore POC Environment Setup' }).click();
  await says(seller, '#told', 'POC Environment Setup is back');
  for (const page of [buyer, seller]) {
    await says(page, '#item-ms-05', 'POC Environment Setup');
    await says(page, '.removed summary', '2 removed');
  }
  expect(await buyer.locator('#item-ms-05 .task').count()).toBe(0);
  await buyer.locator('.removed summary').focus();
  await buyer.keyboard.press('Enter');
  await stage.picture(buyer, 'removed');
  for (const item of own) {
    const title = tasks?.find((each) => each.id === item)?.title ?? '?';
    await buyer.getByRole('button', { name: `Restore ${title}` }).focus();
    await buyer.keyboard.press('Enter');
    await says(seller, `#item-${item}`, title);
  }
  for (const page of [buyer, seller]) await page.locator('.removed').waitFor({ state: 'detached' });
  await says(buyer, '.safety', 'Saved');
  const after = await planOf(id);
  const before = shifted(SAMPLE);
  expect(after.milestones?.map((each) => each.id)).toEqual(before.milestones?.map((each) => each.id));
  expect(after.tasks?.map((each) => each.id).sort()).toEqual(before.tasks?.map((each) => each.id).sort());
});
