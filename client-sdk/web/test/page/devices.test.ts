/** One person with two devices, both without a line for a while. */

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, SELLER, Stage, line, says, shifted, shiftedDay } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const planOf = async (id: string) => (await stage.server.workspace.plans.get(id)).plan;

/** Adds a task to POC Success Review, in its details: so it is done on any screen. */
async function add(page: Page, title: string): Promise<void> {
  await page.locator('#item-ms-06 .more').first().click();
  const drawer = page.locator('.drawer');
  await drawer.getByLabel('New task').fill(title);
  await page.keyboard.press('Enter');
  await drawer.locator('.close').click();
  await drawer.waitFor({ state: 'detached' });
  await says(page, '#item-ms-06 .task', title);
}

test('two devices of one person, both offline, both edited: everything is there once when both are back', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const contexts = [await stage.profile(), await stage.profile({ viewport: { width: 390, height: 844 } })];
  const [laptopLine, phoneLine] = [await line(contexts[0]!), await line(contexts[1]!)];
  const laptop = await stage.open(id, BUYER, {}, contexts[0]);
  const phone = await stage.open(id, BUYER, {}, contexts[1]);
  const seller = await stage.open(id, SELLER);
  const all = [laptop, phone, seller];
  for (const page of all) await says(page, '.safety', 'Saved');
  await laptopLine.pull();
  await phoneLine.pull();
  for (const page of [laptop, phone]) await says(page, '.banner', 'You are offline');

  await add(laptop, 'From the laptop');
  await add(phone, 'From the phone');
  // Different fields of one item, and one text in two places.
  const edit = (page: Page, fields: object) =>
    page.evaluate(
      (given) => document.querySelector('plansync-plan')!.client!.edit((tx) => tx.milestones.set('ms-06', given)),
      fields,
    );
  const { notes = '' } = (await planOf(id)).milestones?.find((each) => each.id === 'ms-06') ?? {};
  await edit(laptop, { title: 'Renamed on the laptop', notes: `Laptop first. ${notes}` });
  await edit(phone, { due: shiftedDay('2026-03-18'), notes: `${notes} Phone last.` });
  for (const page of [laptop, phone]) await says(page, '.safety', /Offline · \d+ edits kept here/);
  expect(await seller.locator('#item-ms-06 .task').count()).toBe(0);

  await laptopLine.plug();
  await says(laptop, '.safety', '✓ Saved');
  await says(seller, '#item-ms-06', 'From the laptop');
  await phoneLine.plug();
  for (const page of all) {
    await says(page, '#item-ms-06', 'Renamed on the laptop');
    await says(page, '#item-ms-06 .task', 'From the phone');
    await says(page, '#item-ms-06 .task', 'From the laptop');
    await page.locator('.banner').waitFor({ state: 'detached' });
    await says(page, '.safety', 'Saved');
    expect(await page.locator('#item-ms-06 .task').count()).toBe(2);
  }
  await stage.picture(laptop, 'two-devices');
  const plan = await planOf(id);
  const titles = (plan.tasks ?? []).map((each) => each.title);
  for (const title of ['From the laptop', 'From the phone'])
    expect(titles.filter((each) => each === title)).toHaveLength(1);
  expect(titles).toHaveLength((SAMPLE.tasks?.length ?? 0) + 2);
  const item = plan.milestones?.find((each) => each.id === 'ms-06');
  expect(item).toMatchObject({ title: 'Renamed on the laptop', due: shiftedDay('2026-03-18') });
  expect(item?.notes?.match(/Laptop first\./g)).toHaveLength(1);
  expect(item?.notes?.match(/Phone last\./g)).toHaveLength(1);

  // Each device still has everything after it is opened again, and sends nothing twice.
  for (const page of [laptop, phone]) {
    await page.reload();
    await says(page, '.safety', 'Saved');
    await says(page, '#item-ms-06 .task', 'From the phone');
    expect(await page.locator('#item-ms-06 .task').count()).toBe(2);
  }
  expect((await planOf(id)).tasks?.map((each) => each.title).sort()).toEqual(titles.sort());
});
