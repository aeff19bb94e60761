/** The plan on a phone and in the dark: pictures, and what is different there. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

test('hostile texts stay texts, long names break, and nothing is wider than a phone', async () => {
  const sample = shifted(SAMPLE);
  const long = `${'Donaudampfschifffahrtsgesellschaft'.repeat(8)} 🚀‮abc`.slice(0, 300);
  const hostile = '<img src=x onerror=alert(1)>"\'><script>alert(2)</script>';
  const id = await stage.plan({
    ...sample,
    meta: { ...sample.meta, title: hostile, account: long, valueProposition: hostile },
    phases: sample.phases!.map((each, n) => (n === 0 ? { ...each, name: long } : each)),
    people: sample.people!.map((each) => (each.id === 'b-it-manager' ? { ...each, role: long, name: hostile } : each)),
    milestones: sample.milestones!.map((each) =>
      each.id === 'ms-05'
        ? {
            ...each,
            title: long,
            status: 'blocked',
            blocked: { reason: hostile, needs: long },
            notes: hostile,
            buyerGets: hostile,
            doneWhen: long,
          }
        : each,
    ),
    tasks: sample.tasks!.map((each) =>
      each.id === 'ca-1' ? { ...each, title: hostile, evidence: 'javascript:alert(1)', resources: hostile } : each,
    ),
    objectives: [{ id: 'ob-1', text: hostile }],
  });
  for (const width of [320, 390, 2560]) {
    const page = await stage.open(id, SELLER, { viewport: { width, height: 844 } });
    await says(page, '.safety', 'Saved');
    await says(page, '#item-ms-05 .note', hostile);
    await says(page, '#item-ca-1', hostile);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over, `${width} px`).toBeLessThanOrEqual(0);
    await page.locator('.framing > summary').click();
    await page.locator('#item-ca-1 .more').click();
    await says(page, '.drawer', hostile);
    const drawer = page.locator('.drawer');
    expect(await drawer.evaluate((each) => each.scrollWidth - each.clientWidth), `${width} px`).toBeLessThanOrEqual(0);
    expect(await page.locator('plansync-plan :is(img, script, a)').count()).toBe(0);
    await page.close();
  }
}, 180_000);

test('on a phone the details take the whole window, by a tap, and everything can be reached', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const phone = await stage.open(id, BUYER, PHONE);
  const seller = await stage.open(id, SELLER, { colorScheme: 'dark' });
  await phone.locator('.thirty dl').waitFor();
  await stage.picture(phone, 'plan-phone-light');
  await seller.locator('.thirty dl').waitFor();
  await stage.picture(seller, 'plan-desktop-dark');
  await phone.getByRole('button', { name: 'Details of POC Environment Setup' }).tap();
  const drawer = phone.locator('.drawer');
  await drawer.locator('h2').waitFor();
  expect((await drawer.boundingBox())!.width).toBe(390);
  await drawer.getByLabel('New task').fill('Call the help desk');
  await drawer.getByRole('button', { name: 'Add', exact: true }).tap();
  await says(seller, '#item-ms-05 .task', 'Call the help desk');
  await drawer.getByLabel('Phase').selectOption('ph-4');
  await seller.locator('.phase[aria-label="Business Case"] #item-ms-05').waitFor();
  await stage.picture(phone, 'drawer-phone', false);
  await drawer.getByRole('button', { name: 'Close' }).tap();
  await drawer.waitFor({ state: 'detached' });
  const small = await phone.locator('plansync-outline :is(button, input, select)').evaluateAll((all) =>
    all
      .map((each) => ({ each, box: each.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && box.height > 0 && (box.height < 23.5 || box.width < 17.5))
      .map(({ each, box }) => `${each.className} ${each.getAttribute('aria-label')} ${box.width}×${box.height}`),
  );
  expect(small.filter((each) => !/Complete:/.test(each))).toEqual([]);
}, 120_000);

test('what another has just changed is lit up, and goes out by itself', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER, { reducedMotion: 'reduce' });
  for (const page of [buyer, seller]) await says(page, '.safety', 'Saved');
  await buyer.locator('#item-ms-07 > .line h4 button.value').click();
  await says(seller, '#item-ms-07 .there-name', 'IT Manager');
  await buyer.locator('#item-ms-07 h4 input').fill('Numbers agreed');
  await buyer.keyboard.press('Enter');
  await seller.locator('#item-ms-07.flash').waitFor();
  await seller.locator('#item-ms-07:not(.flash)').waitFor();
  await says(seller, '#item-ms-07', 'Numbers agreed');
}, 60_000);
