/** What has changed since the last visit: its lines, and "Mark as seen", pressed. */

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, Stage, says, shifted, shiftedDay } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

/** The milestones and tasks that are marked. */
const marked = (page: Page) =>
  page.locator('.ms.hot, .task.hot').evaluateAll((all) => all.map((each) => each.id).sort());

/** Somebody else changes an item. */
const change = (id: string, collection: string, item: string, fields: object) =>
  stage.server.workspace.plan(id).edit({ set: { [collection]: { [item]: fields } } });

test('“Show details” opens the lines; “Mark as seen” takes the marks away for good, on every device', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const profile = await stage.profile();
  const first = await stage.open(id, BUYER, {}, profile);
  await says(first, '.safety', 'Saved');
  await says(first, '.thirty', '%');
  expect(await first.locator('.changed').count()).toBe(0);
  await first.close();

  await change(id, 'tasks', 'ca-2', { title: 'Renamed meanwhile' });
  await change(id, 'milestones', 'ms-06', { due: shiftedDay('2026-03-18') });
  const page = await stage.open(id, BUYER, {}, profile);
  await says(page, '.changed', 'Changed since your last visit');
  await page.locator('#item-ms-06.hot').waitFor();
  await page.locator('#item-ca-2.hot').waitFor();

  const details = page.locator('[aria-controls=changed-lines]');
  const lines = page.locator('#changed-lines');
  expect(await details.textContent()).toContain('Show details');
  expect(await details.getAttribute('aria-expanded')).toBe('false');
  await lines.waitFor({ state: 'hidden' });
  await details.click();
  await lines.waitFor();
  await says(page, '#changed-lines li', 'Renamed meanwhile');
  await says(page, '#changed-lines li', 'POC Success Review: due');
  expect(await details.getAttribute('aria-expanded')).toBe('true');
  await stage.picture(page, 'seen-details');
  await page.getByRole('button', { name: 'Hide details' }).click();
  await lines.waitFor({ state: 'hidden' });

  await page.getByRole('button', { name: 'Mark as seen' }).click();
  await page.locator('.changed').waitFor({ state: 'detached' });
  expect(await marked(page)).toEqual([]);

  // At once, so that the press is all there was time for.
  await page.reload();
  await says(page, '.safety', 'Saved');
  await says(page, '.thirty', '%');
  const elsewhere = await stage.open(id, BUYER);
  await says(elsewhere, '.safety', 'Saved');
  await says(elsewhere, '.thirty', '%');

  // What comes later is marked, and it alone: whatever was to be asked about before has been answered by then.
  await change(id, 'tasks', 'va-1', { title: 'Renamed later' });
  for (const each of [page, elsewhere]) {
    await each.locator('#item-va-1.hot').waitFor();
    await says(each, '.changed .legend', '1 changed');
    await each.getByRole('button', { name: 'Show details' }).click();
    expect(await each.locator('#changed-lines li').allInnerTexts()).toEqual([expect.stringContaining('Renamed later')]);
  }
  // Not seen until it is said so.
  await page.reload();
  await page.locator('#item-va-1.hot').waitFor();
  await says(page, '.changed .legend', '1 changed');
  const hot = await page.locator('#item-va-1').evaluate((task) => [task.id, task.closest('.ms')?.id ?? ''].sort());
  expect(await marked(page)).toEqual(hot);
});
