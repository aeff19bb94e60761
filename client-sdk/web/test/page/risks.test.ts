/** Risks, success and comments: what one side writes the other reads, as text and nothing else. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const HOSTILE = '</style><script>alert(1)</script> Summer holidays';

test('a risk is added, linked, owned and closed, and the other side sees each step', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER, { colorScheme: 'dark' });
  for (const page of [buyer, seller]) {
    await says(page, '.safety', 'Saved');
    await says(page, '#tab-risks .badge', '4');
    await page.locator('#tab-risks').click();
  }
  // The worst stand first.
  await says(buyer, '.risk:first-child .score', '6');
  await buyer.locator('#add-risk').focus();
  await buyer.keyboard.press('Enter');
  await buyer.keyboard.type(HOSTILE);
  await buyer.locator('.ask-sheet [name=probability]').selectOption('high');
  await buyer.locator('.ask-sheet [name=impact]').selectOption('high');
  await buyer.locator('.ask-sheet [name=mitigation]').fill('Agree on deputies');
  await buyer.getByRole('button', { name: 'Add', exact: true }).click();
  await buyer.locator('#add-risk:focus').waitFor();
  await says(seller, '.risk:first-child h3', HOSTILE);
  await says(seller, '.risk:first-child .score', /9.*grave/s);
  await says(seller, '.risk:first-child', /new.*Agree on deputies/s);
  await says(seller, '#tab-risks .badge', '5');

  // Linked and owned with the keyboard.
  const mine = buyer.locator('.risk').filter({ hasText: 'Summer holidays' });
  await mine.getByRole('button', { name: 'Change what it puts at risk' }).click();
  await buyer.locator('.picks input[type=search]:focus').waitFor();
  await buyer.keyboard.type('contract sig');
  await buyer.keyboard.press('Tab');
  await buyer.keyboard.press('Space');
  await buyer.keyboard.press('Escape');
  await says(seller, '.risk:first-child .link', 'Contract Signature');
  await mine.getByRole('button', { name: 'Change owners' }).click();
  await buyer.locator('.picks label', { hasText: 'CFO' }).click();
  await buyer.keyboard.press('Escape');
  await says(seller, '.risk:first-child', 'CFO');

  // Whoever leaves a long text by pressing a button means the button, though all below the text moves up.
  const risk = buyer.locator('#item-rk-1');
  await risk.locator('[title="Change what we do about it"]').click();
  await risk.locator('textarea').fill('Short');
  await risk.locator('textarea').evaluate((area) => (area.style.height = '20rem'));
  await risk.getByRole('button', { name: 'Change what it puts at risk' }).click();
  await risk.locator('.picks input').first().waitFor();
  await buyer.keyboard.press('Escape');
  await says(seller, '#item-rk-1', 'Short');

  // A changed field shows what it was.
  await buyer.locator('#item-rk-1').locator('[title="Change how likely"]').click();
  await buyer.locator('#item-rk-1 select').selectOption('high');
  await says(seller, '#item-rk-1', /was “.?Medium/);
  await stage.picture(seller, 'risks-dark');
  await stage.picture(buyer, 'risks-light');
  await seller.locator('.risk:first-child .link').first().click();
  await says(seller, '#tab-plan[aria-selected=true]', 'Plan');

  await mine.getByRole('button', { name: 'Close' }).click();
  await mine.waitFor({ state: 'detached' });
  await buyer.getByRole('button', { name: 'Show 1 accepted or closed' }).click();
  await says(buyer, '.risk.over', HOSTILE);
  await says(buyer, '.safety', 'Saved');
  const kept = (await stage.server.workspace.plans.get(id)).plan.risks?.find((each) => each.title === HOSTILE);
  expect(kept).toMatchObject({ state: 'closed', linked: ['ms-14'], probability: 'high', party: 'buyer' });
  expect(kept?.owners).toHaveLength(2);
});

test('success is told in the buyer’s words and in numbers', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER, { viewport: { width: 390, height: 844 } });
  for (const page of [buyer, seller]) {
    await says(page, '.safety', 'Saved');
    await page.locator('#tab-success').click();
  }
  await buyer.locator('#add-objectives').click();
  await buyer.keyboard.type('No lead waits for a person');
  await buyer.getByLabel('In the buyer’s own words').check();
  await buyer.keyboard.press('Enter');
  await says(seller, '.objective', '“No lead waits for a person”');
  const criterion = buyer.locator('#item-cr-1');
  await criterion.locator('[title="Change measured"]').click();
  await criterion.locator('input[type=number]').fill('4');
  await buyer.keyboard.press('Enter');
  await says(seller, '#item-cr-1', '50 % of the way');
  expect(await seller.locator('#item-cr-1 [role=meter]').getAttribute('aria-valuenow')).toBe('50');
  await stage.picture(buyer, 'success-light');
  await stage.picture(seller, 'success-phone');
});

test('a criterion is frozen by both sides, what changes after it says so, and it is opened again by both', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER, { colorScheme: 'dark' });
  for (const page of [buyer, seller]) {
    await says(page, '.safety', 'Saved');
    await page.locator('#tab-success').click();
  }
  const [mine, theirs] = [seller.locator('#item-cr-1'), buyer.locator('#item-cr-1')];
  await mine.getByRole('button', { name: /^Freeze/ }).focus();
  await seller.keyboard.press('Enter');
  await says(seller, '#item-cr-1 .frost', 'Buyer will be asked to agree');
  await stage.picture(seller, 'freeze-asking-dark', false);
  await mine.getByRole('button', { name: 'Ask to freeze' }).click();
  await says(buyer, '#item-cr-1 .ask', 'asks to freeze');
  expect(await mine.getByRole('button', { name: /^Freeze/ }).count()).toBe(0);
  expect(await theirs.getByText('❄ agreed').count()).toBe(0);
  await theirs.getByRole('button', { name: 'Accept' }).click();
  for (const page of [buyer, seller]) await says(page, '#item-cr-1', '❄ agreed');
  await stage.picture(buyer, 'frozen-light', false);
  await theirs.locator('[title="Change target"]').click();
  await theirs.locator('input[type=number]').fill('2');
  await buyer.keyboard.press('Enter');
  await says(buyer, '.safety', 'Saved');
  await expect
    .poll(async () => JSON.stringify(await stage.server.workspace.plan(id).changes({ entity: 'criteria/cr-1' })))
    .toContain('"afterFreeze":true');

  await theirs.getByRole('button', { name: /^Unfreeze/ }).click();
  await theirs.getByRole('button', { name: 'Ask to unfreeze' }).click();
  await says(seller, '#item-cr-1 .ask', 'asks to unfreeze');
  await mine.getByRole('button', { name: 'Accept' }).click();
  await theirs.getByText('❄ agreed').waitFor({ state: 'detached' });
});

test('comments are threads by item, with mentions, and are resolved by who wrote them', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  const viewer = await stage.open(id, EXECUTIVE);
  for (const page of [buyer, seller, viewer]) {
    await says(page, '.safety', 'Saved');
    await page.locator('#tab-comments').click();
  }
  expect(await viewer.locator('plansync-comments textarea').count()).toBe(0);
  await buyer.getByText('Say something about an item').click();
  await buyer.locator('.about').selectOption('ms-14');
  await buyer.locator('.compose textarea').first().click();
  await buyer.keyboard.type(`${HOSTILE} @account`);
  await buyer.getByRole('button', { name: '@Account Exec' }).click();
  await buyer.keyboard.type('what do you think?');
  await buyer.keyboard.press('Control+Enter');
  await says(seller, '.thread h3', 'Contract Signature');
  await says(seller, '.remark .text', `${HOSTILE} @Account Exec what do you think?`);
  await says(seller, '.remark .text b', '@Account Exec');
  await says(seller, '#tab-comments .badge', '1');
  await seller.locator('.thread[aria-label="On Contract Signature"] textarea').fill('We sign in April.');
  await seller.keyboard.press('Control+Enter');
  await says(buyer, '.remark .text', 'We sign in April.');
  await stage.picture(seller, 'comments-light');
  const said = (await stage.server.workspace.plans.get(id)).plan.comments?.find((each) => each.by === 'b-it-manager');
  expect(said).toMatchObject({ on: 'ms-14', mentions: ['s-account-exec'] });
  expect(await buyer.locator('.remark', { hasText: 'We sign in April' }).getByRole('button').count()).toBe(0);
  await buyer.locator('.remark', { hasText: 'Summer' }).getByRole('button', { name: 'Resolve' }).click();
  await seller.locator('.remark', { hasText: 'We sign' }).getByRole('button', { name: 'Resolve' }).click();
  await buyer.getByRole('button', { name: 'Show 1 resolved thread' }).click();
  await says(buyer, '.remark.over', 'resolved');
});
