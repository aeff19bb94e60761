/** Editing the plan in its page: two people, each on their own link. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const planOf = async (id: string) => (await stage.server.workspace.plans.get(id)).plan;

test('tasks, milestones and phases are added, removed, restored; undo takes back one’s own', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  await says(buyer, '.safety', 'Saved');
  await says(seller, '.safety', 'Saved');

  await buyer.locator('#item-ms-06').hover();
  await buyer.getByRole('button', { name: 'Add a task to POC Success Review' }).click();
  await buyer.getByLabel('New task').fill('Agree on the numbers');
  await buyer.keyboard.press('Enter');
  await buyer.getByLabel('New task').fill('<img src=x onerror=alert(1)> ‮abc 🚀');
  await buyer.keyboard.press('Enter');
  await buyer.keyboard.press('Escape');
  await says(seller, '#item-ms-06 .task', 'Agree on the numbers');
  await says(seller, '#item-ms-06 .task', '<img src=x onerror=alert(1)>');
  expect(await seller.locator('plansync-plan img').count()).toBe(0);

  await seller.getByRole('button', { name: 'Add a milestone to Close' }).click({ force: true });
  await seller.getByLabel('New milestone').fill('Champagne');
  await seller.keyboard.press('Enter');
  await seller.keyboard.press('Escape');
  await seller.getByRole('button', { name: 'Add a phase' }).click();
  await seller.getByLabel('New phase').fill('Adoption');
  await seller.keyboard.press('Enter');
  await says(buyer, '.phase-head', 'Adoption');
  await says(buyer, '.ms', 'Champagne');

  // Removed with its tasks, and back by the notice.
  await seller.getByRole('button', { name: 'Details of POC Success Review' }).click();
  await seller.locator('.drawer').getByRole('button', { name: 'Remove', exact: true }).click();
  await says(seller, '.notice', 'and its 2 tasks were removed');
  await buyer.locator('#item-ms-06').waitFor({ state: 'detached' });
  await seller.locator('.notice').getByRole('button', { name: 'Undo' }).click();
  await says(buyer, '#item-ms-06 .task', 'Agree on the numbers');

  // The keys take back the buyer's own last step, and leave the seller's.
  await buyer.locator('body').press('Control+z');
  await says(seller, '.removed summary', /[12] removed/);
  await says(buyer, '.ms', 'Champagne');
  await buyer.locator('body').press('Control+Shift+z');
  await seller.locator('.removed').waitFor({ state: 'detached' });

  await says(buyer, '.safety', 'Saved');
  const plan = await planOf(id);
  const added = plan.tasks?.find((task) => task.title === 'Agree on the numbers');
  expect(added).toMatchObject({ milestone: 'ms-06', party: 'buyer', status: 'pending' });
  expect(added?.due).toBe(plan.milestones?.find((each) => each.id === 'ms-06')?.due);
  expect(plan.phases?.map((phase) => phase.name)).toContain('Adoption');
}, 120_000);

test('milestones and phases fold, and stay folded for this reader on this device', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const profile = await stage.profile();
  const buyer = await stage.open(id, BUYER, {}, profile);
  await buyer.locator('#item-ca-1').waitFor();
  await buyer.getByRole('button', { name: /^Hide 2 tasks of POC Environment Setup/ }).focus();
  await buyer.keyboard.press('Enter');
  await buyer.locator('#item-ca-1').waitFor({ state: 'detached' });
  await buyer.getByRole('button', { name: 'Hide 2 milestones of Evaluation' }).click();
  await buyer.locator('#item-ms-02').waitFor({ state: 'detached' });
  await buyer.reload();
  await says(buyer, '.phase-head', 'Evaluation');
  await buyer.locator('#item-ms-05').waitFor();
  expect(await buyer.locator('#item-ca-1, #item-ms-02').count()).toBe(0);
  await profile.close();
}, 120_000);

test('a viewer reads everything and is offered nothing to change', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const viewer = await stage.open(id, EXECUTIVE);
  await says(viewer, '.safety', 'Saved');
  await viewer.locator('#item-ms-05 > .line .more').click();
  await says(viewer, '.drawer', 'Access credentials pending');
  const drawer = viewer.locator('.drawer');
  expect(await drawer.locator('input, textarea, select, button.value, button.owners').count()).toBe(0);
  await viewer.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  const offered = viewer.locator(
    'plansync-plan :is(button.value, button.owners, .grip, .add, .steps button, .outline-foot button, .phase-head .quiet:not(.more))',
  );
  expect(await offered.count()).toBe(0);
  expect(await viewer.locator('.task input:not(:disabled)').count()).toBe(0);
}, 120_000);

test('owners are found by typing, a role gets its name, a new person joins the own side', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  await says(buyer, '.safety', 'Saved');
  // By keyboard alone.
  await buyer.locator('#item-ca-1 button.owners').focus();
  await buyer.keyboard.press('Enter');
  const picker = buyer.locator('.picker');
  await picker.getByRole('combobox').pressSequentially('legal cou');
  await picker.locator('.option.at', { hasText: 'Legal Counsel' }).waitFor();
  await buyer.keyboard.press('Enter');
  await says(seller, '#item-ca-1 .chip', 'Legal Counsel');
  await picker.getByRole('button', { name: 'Name this role: Legal Counsel' }).click();
  await picker.getByLabel('Name', { exact: true }).fill('Lena <b>Meyer</b>');
  await picker.getByLabel('Mail').fill('lena@example.com');
  await buyer.keyboard.press('Enter');
  await says(seller, '#item-ca-1 .chip', 'Lena <b>Meyer</b>');
  await says(seller, '#item-ms-13 .chip', 'Lena');

  await picker.getByRole('combobox').fill('Data Protection Officer');
  await picker.getByRole('button', { name: /^Add .*Data Protection Officer.* to Buyer/ }).click();
  await picker.getByLabel('Name', { exact: true }).fill('Dora');
  await buyer.keyboard.press('Enter');
  await says(seller, '#item-ca-1 .chip', 'Dora');
  await picker.getByRole('combobox').fill('Ghost');
  await picker.getByRole('button', { name: /^Ask Seller for the role .*Ghost/ }).click();
  await says(seller, '#item-ca-1 .chip', 'Ghost');
  await picker.getByText('Both').click();
  await picker.getByRole('combobox').press('Escape');
  await picker.waitFor({ state: 'detached' });
  expect(
    await buyer.evaluate(() => document.querySelector('plansync-plan')!.shadowRoot!.activeElement?.className),
  ).toBe('owners');
  await says(buyer, '.safety', 'Saved');
  const plan = await planOf(id);
  expect(plan.people?.find((each) => each.id === 'b-legal-counsel')).toMatchObject({
    name: 'Lena <b>Meyer</b>',
    email: 'lena@example.com',
  });
  expect(plan.people?.find((each) => each.name === 'Dora')).toMatchObject({ party: 'buyer' });
  expect(plan.people?.find((each) => each.role === 'Ghost')).toMatchObject({ party: 'seller', placeholder: true });
  expect(plan.tasks?.find((each) => each.id === 'ca-1')).toMatchObject({ party: 'joint' });
}, 120_000);

test('details: fields, blocker, dependencies, comments, links, and texts typed together', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  await says(buyer, '.safety', 'Saved');
  await says(seller, '.safety', 'Saved');
  for (const page of [buyer, seller]) {
    await page.locator('#item-ca-1 .more').click();
    await page.locator('.drawer h2').waitFor();
  }
  const [mine, theirs] = [buyer.locator('.drawer'), seller.locator('.drawer')];

  // Both type into one text; the caret stays between its letters.
  const [notes, other] = [mine.getByLabel('Notes'), theirs.getByLabel('Notes')];
  await notes.click();
  await buyer.keyboard.type('hello world');
  await says(seller, '.drawer .there-name', 'IT Manager');
  await expect.poll(() => other.inputValue()).toBe('hello world');
  for (let n = 0; n < 6; n += 1) await buyer.keyboard.press('ArrowLeft');
  await other.click();
  await seller.keyboard.press('Control+Home');
  await Promise.all([seller.keyboard.type('🚀 Well, ', { delay: 20 }), buyer.keyboard.type(' dear', { delay: 20 })]);
  await expect.poll(() => other.inputValue()).toBe('🚀 Well, hello dear world');
  await expect.poll(() => notes.inputValue()).toBe('🚀 Well, hello dear world');
  expect(await notes.evaluate((area: HTMLTextAreaElement) => area.selectionStart)).toBe('🚀 Well, hello dear'.length);

  // Only http and https become links.
  const evidence = mine.getByRole('button', { name: /^Evidence/ });
  await evidence.click();
  await mine.getByRole('textbox', { name: 'Evidence' }).fill('javascript:alert(1)');
  await buyer.keyboard.press('Enter');
  await says(seller, '.drawer .facts', 'javascript:alert(1)');
  expect(await theirs.locator('a').count()).toBe(0);
  await evidence.click();
  await mine.getByRole('textbox', { name: 'Evidence' }).fill('https://files.example.com/data.csv');
  await buyer.keyboard.press('Enter');
  await theirs.locator('a[href="https://files.example.com/data.csv"]').waitFor();

  // A blocker, raised by one and cleared by the other, visible in the row.
  await theirs.getByRole('button', { name: /Raise a blocker/ }).click();
  await theirs.getByLabel('What is in the way').fill('No export rights');
  await theirs.getByLabel('What it needs').fill('An admin account');
  await seller.keyboard.press('Enter');
  await says(buyer, '#item-ca-1 .note.blocked', 'Blocked: No export rights · needs An admin account');
  await mine.getByRole('button', { name: 'Clear the blocker' }).click();
  await seller.locator('#item-ca-1 .note.blocked').waitFor({ state: 'detached' });

  // A dependency with its strength and its gap.
  await mine.getByLabel('Add what it waits for').focus();
  await mine.getByLabel('Add what it waits for').selectOption('ms-04');
  await says(seller, '.drawer .deps', 'POC Scope Agreement');
  await mine.getByLabel('How strictly it waits for POC Scope Agreement').selectOption('soft');
  await mine.getByLabel('Days between, POC Scope Agreement').fill('3');
  await buyer.keyboard.press('Tab');

  // A comment that calls somebody.
  await mine.getByLabel('Write a comment').fill('Please look <script>x</script> @VP Mark');
  await mine.getByLabel('Write a comment').fill('Please look <script>x</script> @VP');
  await mine.getByRole('button', { name: '@VP Marketing' }).click();
  await mine.getByRole('button', { name: 'Comment', exact: true }).click();
  await says(seller, '.drawer .said', 'Please look <script>x</script> @VP Marketing');
  await says(seller, '#item-ca-1 .what', '1 comment');
  await mine.getByRole('button', { name: 'Resolve' }).click();
  await says(seller, '.drawer .said', 'resolved');

  // Who set what.
  await theirs.getByText('Who set what', { exact: true }).click();
  await says(seller, '.drawer .past', 'data.csv');
  await says(buyer, '.safety', 'Saved');
  const plan = await planOf(id);
  expect(plan.dependencies?.find((each) => each.id === 'ms-04>ca-1')).toMatchObject({
    strength: 'soft',
    minGapDays: 3,
  });
  expect(plan.comments?.[0]).toMatchObject({ on: 'ca-1', mentions: ['b-vp-marketing'] });
  expect(plan.tasks?.find((each) => each.id === 'ca-1')).toMatchObject({ status: 'in_progress' });
  await stage.picture(buyer, 'drawer-desktop', false);

  // Escape closes, and the focus is where it was.
  await mine.getByRole('button', { name: 'Close' }).focus();
  await buyer.keyboard.press('Escape');
  await mine.waitFor({ state: 'detached' });
  expect(
    await buyer.evaluate(() =>
      document.querySelector('plansync-plan')!.shadowRoot!.activeElement?.getAttribute('aria-label'),
    ),
  ).toBe('Details of Provide data sample for POC');
}, 180_000);
