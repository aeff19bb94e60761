/** The front page: for whoever has a link, and for whoever runs the plans. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const apiKey = () => readFileSync(join(stage.server.dataFolder, 'api-key'), 'utf8').trim();

async function home(options = {}): Promise<Page> {
  const page = await stage.tab(await stage.profile(options));
  await page.goto(`${stage.server.url}/`);
  return page;
}

async function enter(page: Page, key = apiKey()): Promise<void> {
  await page.getByLabel('The key of your workspace').fill(key);
  await page.getByRole('button', { name: 'Show plans' }).click();
}

test('whoever has a link opens the plan with it, and only with a link of this server', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const page = await home();
  await page.getByLabel('The link you were sent').fill('https://elsewhere.example/p/x#token=y');
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await says(page, '#open-error', 'another server, elsewhere.example');
  await stage.picture(page, 'home-doors');
  const token = await stage.server.token(id, BUYER);
  await page.getByLabel('The link you were sent').fill(`${stage.server.url}/p/${id}#token=${token}`);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.locator('plansync-plan .head h1').waitFor();
});

test('the holder of the key sees how every plan stands, opens one, and the key stays in the page', async () => {
  const { workspace } = stage.server;
  await stage.plan(shifted(SAMPLE), 'sample');
  await stage.plan(
    { ...shifted(SAMPLE), meta: { ...shifted(SAMPLE).meta, title: 'Renewal', account: 'Hooli', stage: 'won' } },
    'renewal',
  );
  for (let n = 0; n < 55; n += 1) await workspace.plans.create({ meta: { title: `Plan ${n}`, stage: 'draft' } });
  const page = await home();
  await enter(page, 'not-a-key');
  await says(page, '#key-error', 'not the key of a workspace');
  await enter(page);
  await says(page, '#plans-heading', 'Plans');
  expect(await page.locator('[data-plan]').count()).toBe(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.locator('[data-plan]').nth(56).waitFor();

  await page.getByLabel('Search').fill('hooli');
  await says(page, '[data-plan=renewal]', 'Renewal');
  expect(await page.locator('[data-plan]').count()).toBe(1);
  await page.getByLabel('Search').fill('');
  await page.getByLabel('Stage').selectOption('won');
  expect(await page.locator('[data-plan]').count()).toBe(1);
  await page.getByLabel('Stage').selectOption('');
  await page.getByLabel('Search').fill(SAMPLE.meta?.title ?? '');
  const row = page.locator('[data-plan=sample]');
  const { figures } = (await workspace.plans.list({ limit: 100 })).plans.find((each) => each.id === 'sample')!;
  await says(page, '[data-plan=sample] .badge', /on track|at risk/i);
  expect(await row.textContent()).toContain(`${figures.completion.complete} of ${figures.completion.counted}`);
  await row.locator('summary').click();
  await says(page, '[data-plan=sample] li', figures.health.reasons[0]!.message);

  await row.getByRole('button').first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^As/).selectOption('s-account-exec');
  const [opened] = await Promise.all([
    page.context().waitForEvent('page'),
    dialog.getByRole('button', { name: 'Open', exact: true }).click(),
  ]);
  await opened.locator('plansync-plan .head h1').waitFor();
  await says(opened, '.face', 'Account Exec');
  expect(await opened.evaluate(() => window.opener)).toBeNull();
  expect(
    await opened.evaluate((key) => JSON.stringify({ ...sessionStorage, ...localStorage }).includes(key), apiKey()),
  ).toBe(false);
  await dialog.getByRole('button', { name: 'Done' }).click();
  expect(
    await page.evaluate((key) => JSON.stringify({ ...sessionStorage, ...localStorage }).includes(key), apiKey()),
  ).toBe(false);
  await page.getByRole('button', { name: 'Forget the key' }).click();
  await page.getByLabel('The link you were sent').waitFor();
  expect(await page.locator('[data-plan]').count()).toBe(0);
});

test('a plan is made of a pasted table; a row that cannot be read is named and nothing is made', async () => {
  const page = await home({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await page.getByLabel('Keep it until this tab is closed').check();
  await enter(page);
  await page.getByRole('button', { name: 'New plan' }).click();
  const dialog = page.getByRole('dialog');
  const paste = dialog.getByRole('tab', { name: 'Paste a table' });
  if (await paste.count()) await paste.click();
  await dialog.getByLabel('Title').fill('Pasted');
  const table = (due: string) => `Phase,Milestone,Due Date,Status\nPilot,Agree the scope,${due},Pending\n`;
  await dialog.getByLabel('A table from a spreadsheet').fill(table('someday'));
  await dialog.getByRole('button', { name: 'Create the plan' }).click();
  await says(page, 'dialog .wrongs', /row 2, column Due Date.*someday/s);
  await stage.picture(page, 'home-bad-row-dark', false);
  const before = (await stage.server.workspace.plans.list({ limit: 100 })).plans.length;
  await dialog.getByLabel('A table from a spreadsheet').fill(table('2027-03-01'));
  await dialog.getByRole('button', { name: 'Create the plan' }).click();
  await says(page, '[role=status]', 'The plan is there');
  const { plans } = await stage.server.workspace.plans.list({ limit: 100 });
  expect(plans.length).toBe(before + 1);
  const made = plans.find((each) => each.title === 'Pasted')!;
  expect((await stage.server.workspace.plans.get(made.id)).plan.milestones).toMatchObject([
    { title: 'Agree the scope', due: '2027-03-01' },
  ]);
  await page.getByLabel('Search').fill('Pasted');
  await stage.picture(page, 'home-phone-dark');

  // Kept for this tab, as was asked.
  await page.reload();
  await page.locator('#plans-heading').waitFor();
  await page.getByRole('button', { name: 'New plan' }).click();
  if (await paste.count()) await paste.click();
  await dialog.getByLabel('Title').fill('Written');
  await dialog
    .getByLabel('A table from a spreadsheet')
    .fill('# Written\n\n| Milestone | Due |\n| --- | --- |\n| Sign | 2027-05-01 |\n');
  await dialog.getByRole('button', { name: 'Create the plan' }).click();
  await says(page, '[role=status]', 'The plan is there');
});

test('a plan is made from each template, planned backwards from its target', async () => {
  const answer = await fetch(`${stage.server.url}/v1/templates`, { headers: { authorization: `Bearer ${apiKey()}` } });
  const { templates } = (await answer.json()) as {
    templates: { id: string; milestones: number; tasks: number; parties: string[] }[];
  };
  expect(templates.map((each) => each.id).sort()).toEqual(['enterprise', 'expansion', 'light', 'partner']);
  const page = await home();
  await enter(page);
  for (const { id, milestones, tasks, parties } of templates) {
    await page.getByRole('button', { name: 'New plan' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator(`input[type=radio][value=${id}]`).check();
    await dialog.getByLabel('on', { exact: true }).fill('2027-12-15');
    await dialog.getByLabel('Title').fill(`From ${id}`);
    await dialog.getByLabel('Account').fill('Hooli');
    await dialog.getByLabel('The buyer is called').fill('Hooli');
    if (id === 'enterprise') await stage.picture(page, 'home-template', false);
    await dialog.getByRole('button', { name: 'Create the plan' }).click();
    await dialog.waitFor({ state: 'detached' });
    await says(page, '[role=status]', 'The plan is there');
    const lines = await stage.server.workspace.plans.list({ limit: 100 });
    const made = lines.plans.find((each) => each.title === `From ${id}`);
    const { plan } = await stage.server.workspace.plans.get(made!.id);
    expect(plan.meta).toMatchObject({ account: 'Hooli', target: { kind: 'close', date: '2027-12-15' } });
    expect([plan.milestones?.length, plan.tasks?.length ?? 0, plan.parties?.length]).toEqual([
      milestones,
      tasks,
      parties.length,
    ]);
    expect(plan.milestones?.some((each) => each.due === '2027-12-15')).toBe(true);
    expect(plan.milestones?.at(-1)?.title).toContain('Optimization');
  }
});
