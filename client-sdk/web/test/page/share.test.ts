/** Who may come, and who may not any more. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

test('an owner invites, the guest joins; access is changed, then taken away, and nothing of the plan stays', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const context = await stage.profile({ permissions: ['clipboard-read', 'clipboard-write'] });
  const owner = await stage.open(id, BUYER, {}, context);
  await stage.open(id, SELLER);
  await owner.getByRole('button', { name: 'Share' }).click();
  const share = owner.getByRole('dialog', { name: 'Share' });
  await says(owner, '.members li', /IT Manager.*you/s);
  // Nobody of the other side is offered to be changed.
  expect(await share.locator('[data-person=s-account-exec] select').count()).toBe(0);

  await share.getByLabel('They may').selectOption('editor');
  await share.getByLabel('Valid for').selectOption('7');
  await share.getByLabel('Passcode').fill('sesame');
  await share.getByRole('button', { name: 'Create the link' }).click();
  const link = await share.getByLabel('Send this link').inputValue();
  expect(link).toMatch(/\/join#.{20,}/);
  await share.getByRole('button', { name: 'Copy' }).click();
  await says(owner, 'dialog [role=status]', 'Copied');
  expect(await owner.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await says(owner, '[data-invite]', /Editor.*0 of 1 used.*with a passcode/s);
  await stage.picture(owner, 'share-open', false);

  const guest = await stage.tab(await stage.profile({ viewport: { width: 390, height: 844 } }));
  await guest.goto(link);
  await guest.getByLabel('Your name').fill('Nora Guest');
  await stage.picture(guest, 'join-phone');
  await guest.getByRole('button', { name: 'Join' }).click();
  await guest.getByLabel('Passcode').fill('sesame');
  await guest.getByRole('button', { name: 'Join' }).click();
  await guest.locator('plansync-plan .head h1').waitFor();
  await says(guest, '.safety', 'Saved');
  await guest.getByRole('button', { name: 'Share' }).waitFor();

  // The link was for one, and is told so; the guest is in the list, and becomes a commenter.
  await owner.keyboard.press('Escape');
  await owner.getByRole('button', { name: 'Share' }).click();
  await says(owner, '.members li', /Nora Guest.*here now/s);
  expect(await share.locator('[data-invite]').count()).toBe(0);
  await share.getByLabel('What Nora Guest may do').selectOption('commenter');
  await says(owner, 'dialog [role=status]', 'Nora Guest is commenter now');
  await guest.getByRole('button', { name: 'Share' }).waitFor({ state: 'detached' });

  const row = share.locator('.members li').filter({ hasText: 'Nora Guest' });
  await row.getByRole('button', { name: 'Revoke' }).click();
  await row.getByRole('button', { name: 'Keep it' }).click();
  await row.getByRole('button', { name: 'Revoke' }).click();
  await says(owner, '.asks', 'Take away the access of Nora Guest?');
  await row.getByRole('button', { name: 'Take it away' }).click();
  await says(owner, '.members li.gone', 'Nora Guest');
  await says(guest, '[data-state]', 'Your access to this plan has ended');
  const left = await guest.evaluate(() => {
    const element = document.querySelector('plansync-plan')!;
    return `${document.title} ${element.shadowRoot!.textContent} ${element.textContent}`;
  });
  for (const word of ['POC', 'Discovery', SAMPLE.meta?.title ?? '?', 'IT Manager']) expect(left).not.toContain(word);
  expect(await guest.title()).toBe('Plan');
  await stage.picture(guest, 'revoked-phone');
});

test('an open invite is withdrawn, and lets nobody in', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const owner = await stage.open(id, SELLER, { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
  await owner.getByRole('button', { name: 'Share' }).click();
  const share = owner.getByRole('dialog', { name: 'Share' });
  await share.getByLabel('How many people').fill('20');
  await share.getByRole('button', { name: 'Create the link' }).click();
  const link = await share.getByLabel('Send this link').inputValue();
  await stage.picture(owner, 'share-phone-dark', false);
  await says(owner, '[data-invite]', '0 of 20 used');
  await share.getByRole('button', { name: 'Withdraw' }).click();
  await share.locator('[data-invite]').waitFor({ state: 'detached' });

  const guest = await stage.tab(await stage.profile({ colorScheme: 'dark' }));
  await guest.goto(link);
  await guest.getByLabel('Your name').fill('Nora Guest');
  await guest.getByRole('button', { name: 'Join' }).click();
  await says(guest, 'h1', 'This invite has been withdrawn');
  await stage.picture(guest, 'join-withdrawn-dark');
});

test('what the server refuses is said, and an editor gives at most what an editor has', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  await stage.open(id, BUYER);
  const editor = await stage.open(id, { ...BUYER, person: 'b-editor', name: 'Eve Editor', access: 'editor' });
  await editor.getByRole('button', { name: 'Share' }).click();
  const share = editor.getByRole('dialog', { name: 'Share' });
  expect(await share.getByLabel('They may').locator('option').count()).toBe(4);
  await says(editor, '.members li', 'IT Manager');
  expect(await share.locator('[data-person=b-it-manager] button').count()).toBe(0);
  await editor.route('**/invites', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 409,
          contentType: 'application/problem+json',
          body: JSON.stringify({ code: 'too_many', detail: 'a plan has at most 1000 invites: withdraw some' }),
        })
      : route.continue(),
  );
  await share.getByRole('button', { name: 'Create the link' }).click();
  await says(editor, 'dialog .wrong', 'A plan has at most 1000 invites: withdraw some.');

  const viewer = await stage.open(id, EXECUTIVE);
  await says(viewer, '.safety', 'Saved');
  expect(await viewer.getByRole('button', { name: 'Share' }).count()).toBe(0);
});
