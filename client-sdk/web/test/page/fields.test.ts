/** Every field of a plan that a person may change is changed on the page, where it stands; who may not is shown no control. */

import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PlanJson } from '../../src/index.js';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted, shiftedDay } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

/** The sample with something in every collection. */
function rich(): Partial<PlanJson> {
  const sample = shifted(SAMPLE);
  return {
    ...sample,
    people: [
      ...sample.people!.map((each) =>
        each.id === 's-sales-engineer' ? { ...each, name: 'Sam Engel', placeholder: false } : each,
      ),
      { id: 's-former', party: 'seller', role: 'Former Manager', name: 'Fay Former' },
    ],
    objectives: [{ id: 'ob-1', text: 'No lead waits for a person' }],
    phases: sample.phases!.map((each) => (each.id === 'ph-2' ? { ...each, exitCriteria: 'All have seen it' } : each)),
    calendar: [
      {
        id: 'cal-1',
        kind: 'customer_event',
        party: 'buyer',
        title: 'Quarter-end freeze',
        from: shiftedDay('2026-03-25'),
        to: shiftedDay('2026-04-01'),
      },
    ],
  };
}

/** Changes a field where it stands. */
async function change(within: Locator, label: string, to: string): Promise<void> {
  // By keyboard alone.
  const { keyboard } = within.page();
  await within.locator(`[title="Change ${label.toLowerCase()}"]`).focus();
  await keyboard.press('Enter');
  const control = within.locator('.editing').locator('input, select, textarea');
  if ((await control.evaluate((each) => each.tagName)) === 'SELECT') return void (await control.selectOption(to));
  await control.fill(to);
  await control.press('Control+Enter');
}

/** Ticks one of a set. */
async function tick(within: Locator, name: string, choice: string): Promise<void> {
  await within.getByRole('button', { name }).press('Enter');
  await within.locator('.picks label').filter({ hasText: choice }).locator('input').press('Space');
  await within.page().keyboard.press('Escape');
}

async function unfold(within: Locator): Promise<void> {
  await within.locator('.rest > summary').first().focus();
  await within.page().keyboard.press('Enter');
}
const shared = async (id: string) => (await stage.server.workspace.plans.get(id)).plan;
const row = <T extends { id: string }>(rows: readonly T[] | undefined, id: string) =>
  rows?.find((each) => each.id === id);

async function opened(id: string, tab: string): Promise<Page> {
  const page = await stage.open(id, SELLER);
  await says(page, '.safety', 'Saved');
  await page.locator(`#tab-${tab}`).click();
  return page;
}

/** Waits until the server's plan holds it. */
async function holds(id: string, pick: (plan: PlanJson) => unknown, expected: unknown): Promise<void> {
  await expect.poll(async () => pick(await shared(id))).toEqual(expected);
}

test('how the plan is kept', async () => {
  const id = await stage.plan(rich());
  const page = await opened(id, 'plan');
  await page.locator('.framing > summary').click();
  const framing = page.locator('.framing');
  await change(framing, 'Stage', 'onboarding');
  await change(framing, 'Priority', 'Shorter sales cycle');
  await change(framing, 'Time zone', 'Europe/Berlin');
  await change(framing, 'When one slips', 'keep_gap');
  // Every day goes without saying: without Sunday the others are stated.
  await tick(framing, 'Change working days', 'Sun');
  await stage.picture(page, 'settings-light', false);
  // Their consent is asked, until nobody has to be.
  await change(framing, 'Target', 'go_live');
  await holds(id, (plan) => plan.proposals?.map((each) => each.items?.['meta/target.kind']), [
    { new: 'go_live', old: 'close' },
  ]);
  const buyer = await stage.open(id, BUYER);
  await says(buyer, '.ask', 'change kind of the target from Close to Go live');
  await change(framing, 'Consent', 'open');
  await holds(id, (plan) => plan.meta?.trust, 'open');
  await change(framing, 'Target', 'other');
  await holds(id, (plan) => plan.meta?.target?.kind, 'other');
  expect((await shared(id)).meta).toMatchObject({
    stage: 'onboarding',
    priority: 'Shorter sales cycle',
    tz: 'Europe/Berlin',
    shiftMode: 'keep_gap',
    workingDays: ['fr', 'mo', 'sa', 'th', 'tu', 'we'],
  });
}, 120_000);

test('parties and people', async () => {
  const id = await stage.plan(rich());
  const page = await opened(id, 'people');
  const seller = page.locator('.team[aria-label="Seller"]');
  await unfold(seller);
  const about = seller.locator('> .rest');
  await change(about, 'Mail domains', 'vendor.example, vendor.test');
  await change(about, 'Fiscal year from', '4');
  await says(page, '.team', 'April');
  await change(about, 'Name', 'Vendor Ltd');
  // The other side keeps its own.
  expect(await page.locator('.team[aria-label="Buyer"] > .rest').count()).toBe(0);
  await page.getByRole('button', { name: '+ Add a partner' }).click();
  await page.keyboard.type('Integrator GmbH');
  await page.keyboard.press('Enter');
  const partner = page.locator('.team[aria-label="Integrator GmbH"]');
  await partner.waitFor();

  const sam = page.locator('#item-s-sales-engineer');
  await change(sam, 'Name', 'Samantha Engel');
  await unfold(sam);
  await change(sam, 'Role', 'Lead Engineer');
  await change(sam, 'Email', 'sam@vendor.example');
  await change(sam, 'Stands for', 'yes');
  await change(sam, 'Id elsewhere', '003-77');
  await stage.picture(page, 'people-fields-light');
  const former = page.locator('#item-s-former');
  await unfold(former);
  await former.getByRole('button', { name: 'Remove Fay Former' }).press('Enter');
  await former.waitFor({ state: 'detached' });
  await page.locator('#add-to-seller:focus').waitFor();
  await holds(id, (plan) => row(plan.people, 's-former'), undefined);
  const { people, parties } = await shared(id);
  expect(row(people, 's-sales-engineer')).toMatchObject({
    name: 'Samantha Engel',
    role: 'Lead Engineer',
    email: 'sam@vendor.example',
    team: true,
    externalRef: '003-77',
  });
  expect(row(parties, 'seller')).toMatchObject({
    name: 'Vendor Ltd',
    domains: ['vendor.example', 'vendor.test'],
    fiscalYearStartMonth: 4,
  });
  expect(parties?.find((each) => each.kind === 'partner')).toMatchObject({ name: 'Integrator GmbH' });
  await unfold(partner);
  await partner.getByRole('button', { name: 'Remove Integrator GmbH' }).click();
  await holds(id, (plan) => plan.parties?.length, 2);
}, 120_000);

test('objectives, criteria, risks', async () => {
  const id = await stage.plan(rich());
  const page = await opened(id, 'success');
  await change(page.locator('#item-ob-1'), 'Whose words', 'yes');
  await says(page, '#item-ob-1', '“No lead waits for a person”');
  const criterion = page.locator('#item-cr-1');
  await change(criterion, 'Measure', 'time from lead to call');
  await unfold(criterion);
  await change(criterion, 'Unit', 'hours');
  await change(criterion, 'It should', 'reach');
  await change(criterion, 'Whose', 'joint');
  await change(criterion, 'Milestone', 'ms-05');
  await says(page, '#item-cr-1 .link', 'POC Environment Setup');
  await stage.picture(page, 'success-fields-light', false);
  await holds(id, (plan) => row(plan.objectives, 'ob-1')?.inBuyersWords, true);
  await holds(id, (plan) => row(plan.criteria, 'cr-1')?.milestone, 'ms-05');
  expect(row((await shared(id)).criteria, 'cr-1')).toMatchObject({
    metric: 'time from lead to call',
    unit: 'hours',
    direction: 'reach',
    party: 'joint',
  });

  await page.locator('#tab-risks').click();
  const risk = page.locator('#item-rk-1');
  await change(risk, 'Kind', 'blocker');
  await change(risk, 'Whose', 'buyer');
  await says(page, '#item-rk-1', '⚠ blocker');
  await stage.picture(page, 'risks-fields-light', false);
  await holds(id, (plan) => [row(plan.risks, 'rk-1')?.kind, row(plan.risks, 'rk-1')?.party], ['blocker', 'buyer']);
}, 120_000);

test('phases, parts of tasks, dependencies', async () => {
  const id = await stage.plan({
    ...rich(),
    tasks: [
      ...rich().tasks!,
      ...['Fill the sample', 'Check the sample', 'Send it'].map((title, n) => ({
        id: `part-${n}`,
        rank: `a${'ABC'[n]}`,
        title,
        milestone: 'ms-05',
        party: 'seller',
        due: shiftedDay('2026-02-18'),
      })),
    ],
  });
  const page = await opened(id, 'plan');
  const drawer = page.locator('.drawer');
  await page.getByRole('button', { name: 'Details of the phase Evaluation' }).click();
  await change(drawer, 'Kind', 'evaluation');
  await drawer.getByLabel('Done when').fill('Both sides have seen it work');
  await stage.picture(page, 'phase-light', false);
  await page.keyboard.press('Escape');
  await holds(id, (plan) => row(plan.phases, 'ph-2')?.kind, 'evaluation');
  await holds(id, (plan) => row(plan.phases, 'ph-2')?.exitCriteria, 'Both sides have seen it work');

  const rest = ['Provide POC environment access', 'Fill the sample'];
  const order = () => page.locator('#item-ms-05 .task .what button.value').allInnerTexts();
  await page.getByRole('button', { name: 'Details of Send it' }).click();
  await drawer.getByLabel('Part of').selectOption('ca-1');
  await page.keyboard.press('Escape');
  await says(page, '#item-part-2.part', 'part of');
  await page.getByRole('button', { name: 'Details of Check the sample' }).click();
  await drawer.getByLabel('Part of').selectOption('ca-1');
  // What is a part of a task cannot be above it.
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Details of Provide data sample for POC' }).click();
  expect(await drawer.getByLabel('Part of').locator('option').allInnerTexts()).not.toContain('Check the sample');
  await page.keyboard.press('Escape');
  await expect.poll(order).toEqual(['Provide data sample for POC', 'Send it', 'Check the sample', ...rest]);
  await holds(id, (plan) => [row(plan.tasks, 'part-1')?.parent, row(plan.tasks, 'part-2')?.parent], ['ca-1', 'ca-1']);
  await page.locator('#item-ms-05').scrollIntoViewIfNeeded();
  await stage.picture(page, 'parts-light', false);
  // Arrow keys move it among the parts, and out of them.
  await page.locator('#item-part-1 .grip').focus();
  await page.keyboard.press('ArrowUp');
  await expect.poll(order).toEqual(['Provide data sample for POC', 'Check the sample', 'Send it', ...rest]);
  await page.locator('#item-part-1 .grip:focus').waitFor();
  await page.keyboard.press('ArrowUp');
  await expect.poll(order).toEqual(['Check the sample', 'Provide data sample for POC', 'Send it', ...rest]);
  await holds(id, (plan) => row(plan.tasks, 'part-1')?.parent, undefined);
  await page.getByRole('button', { name: 'Details of Send it' }).click();
  await drawer.getByLabel('Part of').selectOption('');
  await holds(id, (plan) => row(plan.tasks, 'part-2')?.parent, undefined);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Details of Provide data sample for POC' }).click();
  const edge = drawer.locator('.deps li').first();
  await edge.locator('.how .value').first().click();
  await edge.locator('.how select').selectOption('SS');
  await says(page, '.deps .how', 'starts after this starts');
  await edge.locator('.how .value').nth(1).click();
  await edge.locator('textarea').fill('The environment needs real data');
  await page.keyboard.press('Control+Enter');
  await edge.scrollIntoViewIfNeeded();
  await stage.picture(page, 'waits-light', false);
  await holds(
    id,
    (plan) => plan.dependencies?.filter((each) => each.note).map(({ id, type, note }) => ({ id, type, note })),
    [{ id: 'ca-1>ms-06', type: 'SS', note: 'The environment needs real data' }],
  );
}, 120_000);

test('calendar and cadence', async () => {
  const id = await stage.plan(rich());
  const page = await opened(id, 'timeline');
  const window = page.locator('.entries li').filter({ hasText: 'Quarter-end freeze' });
  await change(window, 'Kind', 'blackout');
  await change(window, 'Whose', 'joint');
  await change(window, 'What it means', 'yes');
  await says(page, '.entries li', 'nobody works: dates move around it');

  const call = page.locator('.entries li').filter({ hasText: 'Weekly MAP Review' });
  await unfold(call);
  await change(call, 'Kind', 'executive_update');
  await change(call, 'How often', '2');
  await change(call, 'On', 'SU');
  await change(call, 'At', '09:30');
  await change(call, 'Time zone', 'Europe/Berlin');
  await change(call, 'Within days', '3');
  await change(call, 'Within hours', '48');
  await tick(call, 'Change with whom', 'CFO');
  await says(
    page,
    '.entries .more',
    'Sunday, every 2 weeks · 09:30 Berlin time · within 3 days · within 48 hours · with CFO',
  );
  await call.scrollIntoViewIfNeeded();
  await stage.picture(page, 'calendar-light', false);
  await holds(id, (plan) => row(plan.cadence, 'cd-1')?.audience, ['b-cfo']);
  // Every two weeks, on no day yet.
  const update = page.locator('.entries li').filter({ hasText: 'Executive Updates' });
  await says(page, '.entries .more', 'Executive update · every 2 weeks');
  await unfold(update);
  await change(update, 'On', 'FR');
  await says(page, '.entries .more', 'Friday, every 2 weeks');
  const { calendar, cadence } = await shared(id);
  expect(row(calendar, 'cal-1')).toMatchObject({ kind: 'blackout', party: 'joint', hard: true });
  expect(row(cadence, 'cd-1')).toMatchObject({
    kind: 'executive_update',
    rrule: 'FREQ=WEEKLY;INTERVAL=2;BYDAY=SU',
    time: '09:30',
    tz: 'Europe/Berlin',
    withinDays: 3,
    withinHours: 48,
  });
}, 120_000);

test('one’s own comment, and whose a private task is', async () => {
  const id = await stage.plan(rich());
  const other = await stage.open(id, { ...SELLER, person: 's-sales-engineer', name: 'Sam Engel' });
  await says(other, '.safety', 'Saved');
  await other.locator('#tab-comments').click();
  await other.getByText('Say something about an item').click();
  await other.locator('.compose textarea').first().fill('Theirs');
  await other.keyboard.press('Control+Enter');
  const page = await opened(id, 'comments');
  await says(page, '.remark', 'Theirs');
  await page.locator('.thread .compose[data-on^=ms] textarea').fill('We meet on Munday, @CFO');
  await page.keyboard.press('Control+Enter');
  const mine = page.locator('.remark').filter({ hasText: 'Munday' });
  await mine.locator('[title="Change what you said"]').click();
  await page.locator('.remark textarea').fill('We meet on Monday, @CFO');
  await page.keyboard.press('Control+Enter');
  await says(other, '.remark', 'We meet on Monday');
  expect(await page.locator('.remark').filter({ hasText: 'Theirs' }).locator('button.value').count()).toBe(0);
  await holds(id, (plan) => plan.comments?.map((each) => each.text).sort(), ['Theirs', 'We meet on Monday, @CFO']);
  await stage.picture(page, 'comments-fields-light', false);
  // The same where the item's details are.
  await page.locator('.thread .link').first().click();
  await page
    .locator('plansync-outline .ms', { hasText: '2 comments' })
    .getByRole('button', { name: '2 open comments' })
    .click();
  await change(page.locator('.drawer'), 'What you said', 'We meet on Tuesday');
  await says(other, '.remark', 'We meet on Tuesday');
  await page.keyboard.press('Escape');
  await page.locator('#tab-comments').click();
  await page.getByRole('button', { name: 'Remove what you said' }).click();
  await other.locator('.remark', { hasText: 'Tuesday' }).waitFor({ state: 'detached' });

  await page.locator('#tab-private').click();
  await page.locator('#add-own').click();
  await page.keyboard.type('Get the discount approved');
  await page.keyboard.press('Enter');
  const task = page.locator('.own-task');
  await tick(task, 'Change owners of get the discount approved', 'Sam Engel');
  await says(page, '.own-task .picked', 'Sam Engel');
  expect(await task.locator('.picks label', { hasText: 'CFO' }).count()).toBe(0);
  await stage.picture(page, 'private-fields-light', false);
  await says(page, '.own-safety', 'Saved');
  await other.locator('#tab-private').click();
  await says(other, '.own-task .picked', 'Sam Engel');
}, 120_000);

test('a viewer reads it all, exit criteria too, and is offered no control', async () => {
  const id = await stage.plan(rich());
  const page = await stage.open(id, EXECUTIVE, { viewport: { width: 320, height: 800 } });
  await says(page, '.safety', 'Saved');
  const controls = page.locator('plansync-plan :is(button.value, plansync-pick .icon, .editing, dd select)');
  await page.locator('.framing > summary').click();
  await says(page, '.framing', /Stage.*Active.*Time zone.*America\/Los Angeles.*Mon.*Fri/s);
  await stage.picture(page, 'viewer-phone', true);
  await page.getByRole('button', { name: 'Details of the phase Evaluation' }).click();
  await says(page, '.drawer', 'All have seen it');
  expect(await page.locator('.drawer').locator('input, textarea, select, button.value').count()).toBe(0);
  await page.keyboard.press('Escape');
  for (const tab of ['plan', 'timeline', 'people', 'risks', 'success', 'comments', 'private']) {
    await page.locator(`#tab-${tab}`).click();
    await page.locator(`#tab-${tab}[aria-selected=true]`).waitFor();
    expect(await controls.count(), tab).toBe(0);
    expect(await page.getByRole('button', { name: /^(\+ )?(Add|Remove)/ }).count(), tab).toBe(0);
  }
}, 120_000);
