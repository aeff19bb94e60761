/** The timeline: what else moves is shown while a bar is in the hand, and written only with its reason. */

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

const CALENDAR = {
  calendar: [
    {
      id: 'w1',
      kind: 'blackout',
      party: 'buyer',
      title: 'Quarter-end freeze',
      from: '2026-03-28',
      to: '2026-04-02',
      hard: true,
    },
    { id: 'w2', kind: 'customer_event', party: 'buyer', title: 'Sales kickoff', from: '2026-03-09', to: '2026-03-11' },
    {
      id: 'w3',
      kind: 'fiscal_boundary',
      party: 'buyer',
      title: 'Fiscal year ends',
      from: '2026-05-01',
      to: '2026-05-01',
    },
  ],
};

async function timeline(page: Page): Promise<void> {
  await says(page, '.safety', 'Saved');
  await page.locator('#tab-timeline').click();
  await page.locator('.tl-chart').waitFor();
}

const due = async (id: string, item: string) =>
  (await stage.server.workspace.plans.get(id)).plan.milestones?.find((each) => each.id === item);

test('a bar that is dragged shows what else must move, and is written with its reason', async () => {
  const id = await stage.plan(shifted({ ...SAMPLE, ...CALENDAR }));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  await timeline(buyer);
  await timeline(seller);
  await stage.picture(buyer, 'timeline-light');

  const bar = buyer.locator('#bar-ms-05');
  await bar.scrollIntoViewIfNeeded();
  const box = (await bar.boundingBox())!;
  const chart = (await buyer.locator('.tl-lines').boundingBox())!;
  const days = await buyer
    .locator('.tl-chart')
    .evaluate((each) => Number.parseFloat(each.style.getPropertyValue('--days')));
  expect(chart.width).toBeCloseTo(days, 0);
  const px = box.width / 7;
  await buyer.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await buyer.mouse.down();
  await buyer.mouse.move(box.x + box.width / 2 + px * 2, box.y + box.height / 2, { steps: 3 });
  await says(buyer, '.tl-panel', '+2 d');
  await buyer.mouse.move(box.x + box.width / 2 + px * 5, box.y + box.height / 2, { steps: 3 });
  // What the Rust schedule says: ms-06 to Mar 27 (+12 d), ms-07 (+7 d), ms-08 (+2 d); the target holds.
  await says(buyer, '.tl-moves > :first-child h4', 'Must move (3)');
  await says(buyer, '.tl-moves > :first-child li', /POC Success Review.*\+12 d/s);
  await says(buyer, '.tl-moves > :first-child li', /Business Case Presented.*\+2 d/s);
  await says(buyer, '.tl-panel', /target .* holds/);
  await stage.picture(buyer, 'timeline-dragging', false);
  // Nothing is written yet.
  expect(await due(id, 'ms-05')).toMatchObject({ due: shiftedDay('2026-02-20') });
  await buyer.mouse.up();
  await buyer.locator('.tl-panel .reason:focus').waitFor();
  await buyer.keyboard.type('Access credentials pending');
  await buyer.keyboard.press('Enter');
  await buyer.locator('.tl-panel').waitFor({ state: 'detached' });
  await buyer.locator('#bar-ms-05:focus').waitFor();
  await says(buyer, '.safety', 'Saved');
  expect(await due(id, 'ms-05')).toMatchObject({ due: shiftedDay('2026-02-25'), reason: 'Access credentials pending' });
  // The other one sees the ghost of what must move.
  await seller
    .locator('.tl-row', { hasText: 'POC Success Review' })
    .locator('.tl-ghost', { hasText: '+12 d' })
    .waitFor();
});

test('the keyboard does all that a pointer can', async () => {
  const id = await stage.plan(shifted({ ...SAMPLE, ...CALENDAR }));
  const page = await stage.open(id, BUYER);
  await timeline(page);
  await page.locator('#tab-timeline').focus();
  await page.locator('#bar-ms-01').focus();
  await page.keyboard.press('ArrowDown');
  await page.locator('#bar-ms-02:focus').waitFor();
  await page.locator('#bar-ms-06').focus();
  await page.keyboard.press('Alt+ArrowRight');
  await page.keyboard.press('+');
  await page.keyboard.press('Alt+Shift+ArrowRight');
  await says(page, '.tl-panel', '+9 d');
  await page.locator('[role=status].unseen', { hasText: '9 days later' }).waitFor({ state: 'attached' });
  await page.keyboard.press('Escape');
  await page.locator('.tl-panel').waitFor({ state: 'detached' });
  await page.locator('#bar-ms-06:focus').waitFor();

  // With it all that must move, in one edit.
  await page.keyboard.press('+');
  for (let n = 0; n < 11; n += 1) await page.keyboard.press('+');
  await says(page, '.tl-panel', '+12 d');
  await page.getByRole('radio', { name: /what must move/ }).check();
  await page.locator('.tl-panel .reason').fill('The pilot takes thirty days');
  await page.keyboard.press('Enter');
  await page.locator('.tl-panel').waitFor({ state: 'detached' });
  await says(page, '.safety', 'Saved');
  expect(await due(id, 'ms-06')).toMatchObject({ due: shiftedDay('2026-03-27') });
  expect(await due(id, 'ms-07')).toMatchObject({
    due: shiftedDay('2026-03-27'),
    reason: 'The pilot takes thirty days',
  });

  // As a table, with the same words.
  await page.getByRole('button', { name: 'As table' }).click();
  await says(page, 'table.rows tr', /Contract Signature.*drives the target/s);
  await stage.picture(page, 'timeline-table');
});

test('who has only a look may try, and write nothing', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const page = await stage.open(id, EXECUTIVE, { colorScheme: 'dark' });
  await timeline(page);
  await stage.picture(page, 'timeline-dark');
  await page.locator('#bar-ms-05').click();
  await page.getByRole('button', { name: 'A week later' }).click();
  await says(page, '.tl-panel', 'This is a preview');
  await page.locator('.tl-panel .reason').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await page.locator('.tl-panel').waitFor({ state: 'detached' });
});

test('on a phone the bars scroll beside their names', async () => {
  const id = await stage.plan(shifted({ ...SAMPLE, ...CALENDAR }));
  const page = await stage.open(id, SELLER, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await timeline(page);
  await page.getByRole('button', { name: 'Weeks' }).click();
  await stage.picture(page, 'timeline-phone');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.locator('#bar-ms-05').tap();
  await page.getByRole('button', { name: 'A day later' }).tap();
  await says(page, '.tl-panel', '+1 d');
  await stage.picture(page, 'timeline-phone-move', false);
});

test('both sides keep a calendar and a cadence', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  await timeline(buyer);
  await timeline(seller);
  await buyer.getByRole('button', { name: 'Add dates' }).click();
  const title = '<img src=x onerror=alert(1)> Holidays';
  await buyer.keyboard.type(title);
  await buyer.locator('.ask-sheet [name=from]').fill(shiftedDay('2026-03-21'));
  await buyer.locator('.ask-sheet [name=to]').fill(shiftedDay('2026-03-26'));
  await buyer.getByLabel('Nobody of theirs works then').check();
  await buyer.keyboard.press('Enter');
  await says(seller, '.entries .title', title);
  await says(seller, '.entries li', 'nobody works');
  await seller.locator('.tl-band.closed').waitFor({ state: 'attached' });
  // The review must move around it: the buyer is away until the 26th.
  await seller
    .locator('.tl-row', { hasText: 'POC Success Review' })
    .locator('.tl-ghost', { hasText: '+12 d' })
    .waitFor();
  expect(await seller.locator('.entries img').count()).toBe(0);
  await buyer.getByRole('button', { name: 'Add a meeting' }).click();
  await buyer.keyboard.type('Weekly pilot review');
  await buyer.locator('.ask-sheet [name=time]').fill('10:00');
  await buyer.getByRole('button', { name: 'Add', exact: true }).click();
  await says(seller, '.entries li', /Weekly pilot review.*every Tuesday.*10:00/s);
});

test('a plan of a thousand tasks stays usable', async () => {
  const day = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10);
  const milestones = Array.from({ length: 20 }, (_, n) => ({ id: `m${n}`, title: `Milestone ${n}`, due: day(n * 8) }));
  const tasks = Array.from({ length: 1000 }, (_, n) => ({
    id: `t${n}`,
    milestone: `m${n % 20}`,
    title: `Task ${n}`,
    party: 'buyer',
    due: day((n % 20) * 8 - 1),
  }));
  const dependencies = Array.from({ length: 900 }, (_, n) => ({
    id: `t${n}>t${n + 1}`,
    from: `t${n}`,
    to: `t${n + 1}`,
  })).filter((_, n) => n % 20 !== 19);
  const id = await stage.plan({ ...SAMPLE, milestones, tasks, dependencies, risks: [], criteria: [] } as typeof SAMPLE);
  const page = await stage.open(id, BUYER);
  await timeline(page);
  expect(await page.locator('.tl-lane > .tl-bar').count()).toBe(20);
  await page.getByRole('button', { name: 'Show all tasks' }).click();
  await page.locator('#bar-t999').waitFor();
  await page.locator('#bar-t3').focus();
  const taken = await page.evaluate(async () => {
    const host = document.querySelector('plansync-plan')!.shadowRoot!;
    const chart = host.querySelector('plansync-timeline') as HTMLElement & { updateComplete: Promise<unknown> };
    const bar = host.querySelector<HTMLElement>('#bar-t3')!;
    const begun = performance.now();
    for (let n = 0; n < 10; n += 1) {
      bar.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true, cancelable: true }));
      await chart.updateComplete;
    }
    return (performance.now() - begun) / 10;
  });
  await says(page, '.tl-panel', '+10 d');
  if (process.env['PLANSYNC_FIGURES']) console.log(`a step of a preview with 1,000 tasks: ${Math.round(taken)} ms`);
  expect(taken).toBeLessThan(400);
});

test('dates are proposed back from the target, and only those that are ticked are taken', async () => {
  const sample = shifted(SAMPLE);
  const id = await stage.plan(sample);
  const workspace = stage.server.workspace.plan(id);
  const target = sample.meta!.target!.date!;
  // One has no day, one is due after the target that waits for it.
  await workspace.edit({ set: { milestones: { 'ms-06': { due: null }, 'ms-10': { due: dayAfter(target, 9) } } } });
  const { proposed } = await workspace.backward();
  const latest = new Map(proposed.map(({ id, to }) => [id, to]));
  const seller = await stage.open(id, SELLER);
  await says(seller, '.safety', 'Saved');
  await seller.locator('#tab-timeline').click();
  await seller.getByRole('button', { name: 'Dates back from the target' }).click();
  await expect.poll(() => seller.locator('.back-days tbody tr').count()).toBe(proposed.length);
  const ticked = () =>
    seller
      .locator('.back-days input:checked')
      .evaluateAll((all) => all.map((each) => (each as HTMLInputElement).value).sort());
  expect(await ticked()).toEqual(['ms-06', 'ms-10']);
  await stage.picture(seller, 'backward-light', false);
  // One that has room takes it, one that should move is left.
  await seller.locator('.back-days input[value=ms-09]').check();
  await seller.locator('.back-days input[value=ms-10]').uncheck();
  await seller.getByRole('button', { name: 'Take these days' }).click();
  await seller.locator('dialog').waitFor({ state: 'detached' });
  await says(seller, '.safety', 'Saved');
  const { plan } = await stage.server.workspace.plans.get(id);
  const due = (of: string) => plan.milestones!.find((each) => each.id === of)?.due;
  expect([due('ms-06'), due('ms-09'), due('ms-10')]).toEqual([
    latest.get('ms-06'),
    latest.get('ms-09'),
    dayAfter(target, 9),
  ]);
});

const dayAfter = (day: string, days: number) =>
  new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);

test('what waits for what, what drives the target, the target, today, and the days nobody works or somebody meets', async () => {
  const sample = shifted(SAMPLE);
  const from = dayAfter(sample.meta!.target!.date!, -20);
  const id = await stage.plan({
    ...sample,
    calendar: [
      {
        id: 'w-1',
        title: 'Year-end freeze',
        kind: 'blackout',
        party: 'buyer',
        from,
        to: dayAfter(from, 3),
        hard: true,
      },
      {
        id: 'w-2',
        title: 'Sales kick-off',
        kind: 'event',
        party: 'seller',
        from: dayAfter(from, 8),
        to: dayAfter(from, 9),
      },
    ],
  });
  const { plan, schedule } = await stage.server.workspace.plans.get(id);
  const page = await stage.open(id, EXECUTIVE);
  await says(page, '.safety', 'Saved');
  await page.locator('#tab-timeline').click();
  await page.locator('#bar-ms-14').waitFor();
  const drawn = new Set(await page.locator('.tl-bar[id]').evaluateAll((bars) => bars.map((bar) => bar.id.slice(4))));
  const edges = plan.dependencies!.filter((each) => drawn.has(each.from!) && drawn.has(each.to!));
  expect(edges.length).toBeGreaterThan(10);
  expect(await page.locator('.tl-lines > path').count()).toBe(edges.length);
  const path = schedule.drivingPath;
  const driving = edges.filter((each) => path.some((at, n) => n > 0 && path[n - 1] === each.from && at === each.to));
  expect(driving.length).toBeGreaterThan(1);
  expect(await page.locator('.tl-lines > path.drives').count()).toBe(driving.length);
  const critical = await page.locator('.tl-bar.critical[id]').evaluateAll((bars) => bars.map((bar) => bar.id.slice(4)));
  const status = new Map([...plan.milestones!, ...plan.tasks!].map((each) => [each.id, each.status]));
  expect(critical.sort()).toEqual(
    schedule.critical.filter((each) => drawn.has(each) && status.get(each) !== 'complete').sort(),
  );

  // Days stand where they are: the target's line at the end of its milestone's bar, the windows over their days.
  const box = async (selector: string) => (await page.locator(selector).first().boundingBox())!;
  const [target, bar, today] = [await box('.tl-target'), await box('#bar-ms-14'), await box('.tl-today')];
  expect(Math.abs(target.x - (bar.x + bar.width))).toBeLessThan(3);
  expect(today.x).toBeLessThan(bar.x);
  await says(page, '.tl-flag.target', 'Target');
  await says(page, '.tl-scale', 'Year-end freeze');
  await says(page, '.tl-scale', 'Sales kick-off');
  const [freeze, kickoff] = [
    await box('.tl-window:has-text("Year-end")'),
    await box('.tl-window:has-text("kick-off")'),
  ];
  expect(freeze.x).toBeLessThan(kickoff.x);
  expect(kickoff.x).toBeLessThan(target.x);
});
