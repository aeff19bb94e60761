/** A call and its summary, as those who lead it and those who only read see it. */

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

test('a call runs for everybody, ends in a summary, and that can be read, copied and kept', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const context = await stage.profile({ permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true });
  const seller = await stage.open(id, SELLER, {}, context);
  const executive = await stage.open(id, EXECUTIVE);
  await says(seller, '.safety', 'Saved');
  expect(await executive.getByRole('button', { name: 'Call', exact: true }).count()).toBe(0);

  await seller.getByRole('button', { name: 'Call', exact: true }).click();
  await seller.getByLabel('What is it?').fill('Weekly review');
  await seller.getByRole('button', { name: 'Start' }).click();
  await says(seller, '.runs', /Weekly review since \d/);
  await says(executive, 'span.runs', /Weekly review since \d/);
  await seller.locator('dialog').waitFor({ state: 'detached' });
  expect(await seller.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent)).toMatch(
    /Weekly review/,
  );

  // During the call a task is done, with stock words of the API, and somebody of the seller notes something privately.
  const api = stage.server.workspace.actingFor('s-account-exec');
  await api.plan(id).edit({ set: { tasks: { 'va-1': { status: 'complete' } } } });
  const token = await stage.server.token(id, SELLER);
  const noted = await fetch(`${stage.server.url}/v1/plans/${id}/edits?scope=private`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ set: { risks: { 'pr-1': { title: 'Champion may leave', probability: 'high' } } } }),
  });
  expect(noted.status).toBe(200);

  await seller.locator('button.runs').click();
  await seller.getByRole('button', { name: 'End and make the summary' }).click();
  const summary = seller.getByRole('dialog', { name: 'Summary' });
  await summary.waitFor();
  await says(seller, 'dialog article.sum', 'Provide POC environment access');
  await executive.locator('span.runs').waitFor({ state: 'detached' });
  expect(await summary.locator('.sum > section > h3').allTextContents()).toEqual(
    expect.arrayContaining(['Completed', 'At risk and overdue', 'Next', 'The plan now']),
  );
  await says(seller, 'dialog .addendum', 'Champion may leave');
  expect(await summary.locator('article.sum').first().textContent()).not.toContain('Champion');
  await stage.picture(seller, 'summary-whole', false);

  await summary.getByRole('button', { name: 'Copy as mail' }).click();
  await says(seller, 'dialog [role=status]', 'Copied');
  // Read where it is pasted: in a page with a policy of its own.
  const mail = await stage.tab(context);
  await mail.route('**/mail', (route) => route.fulfill({ contentType: 'text/html', body: '<p contenteditable>' }));
  await mail.goto('http://localhost/mail');
  const pasted = mail.evaluate(
    () =>
      new Promise<{ html: string; text: string }>((resolve) =>
        document.addEventListener('paste', ({ clipboardData: data }) =>
          resolve({ html: data!.getData('text/html'), text: data!.getData('text/plain') }),
        ),
      ),
  );
  await mail.locator('p').focus();
  await mail.keyboard.press('Control+V');
  const { html, text } = await pasted;
  expect(html).toContain('Provide POC environment access');
  expect(html).toContain('<table');
  expect(html).toContain('style="');
  expect(text).toContain('Provide POC environment access');
  expect(html + text).not.toContain('Champion');
  await mail.close();
  await seller.bringToFront();

  await summary.getByRole('button', { name: 'Copy Markdown' }).click();
  await says(seller, 'dialog [role=status]', 'Markdown');
  expect(await seller.evaluate(() => navigator.clipboard.readText())).toMatch(/^# .*\n[\s\S]*## Completed/);

  for (const [name, start] of [
    ['.md', /^# /],
    ['.html', /^<!doctype html>/i],
  ] as const) {
    const [file] = await Promise.all([
      seller.waitForEvent('download'),
      summary.getByRole('button', { name, exact: true }).click(),
    ]);
    expect(file.suggestedFilename()).toBe(`${id}-summary${name}`);
    expect(readFileSync(await file.path(), 'utf8')).toMatch(start);
  }

  // From any earlier moment.
  await summary.getByLabel('What changed').selectOption({ label: 'Since my last visit' });
  await says(seller, 'dialog article.sum', /Since/);
  await summary.getByLabel('What changed').selectOption({ label: 'Since the beginning' });
  await says(seller, 'dialog article.sum', 'The plan now');
  await seller.keyboard.press('Escape');
  await summary.waitFor({ state: 'detached' });
});

test('a viewer reads the summary of the last call, and of the own visit', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const { touchpoints } = stage.server.workspace.plan(id);
  const call = await touchpoints.open({ kind: 'call', title: 'Kickoff' });
  await stage.server.workspace.plan(id).edit({ set: { tasks: { 'ca-1': { due: '2027-01-04' } } } });
  await touchpoints.close(call.id);
  const executive = await stage.open(id, EXECUTIVE, { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
  await executive.getByRole('button', { name: 'Summary' }).click();
  await says(executive, 'dialog article.sum', 'Provide data sample for POC');
  await says(executive, 'dialog select', 'In the last call: Kickoff');
  await stage.picture(executive, 'summary-phone-dark', false);
});

test('the plan as a file, on paper, and by link', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const context = await stage.profile({ permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true });
  const buyer = await stage.open(id, BUYER, {}, context);
  await says(buyer, '.safety', 'Saved');
  const wanted = { Spreadsheet: /ca-1/, Markdown: /^# /, Calendar: /^BEGIN:VCALENDAR/, JSON: /"plansync\.plan\/1"/ };
  for (const [label, content] of Object.entries(wanted)) {
    await buyer.getByRole('button', { name: 'More' }).click();
    const [file] = await Promise.all([
      buyer.waitForEvent('download'),
      buyer.getByRole('menuitem', { name: label }).click(),
    ]);
    expect(readFileSync(await file.path(), 'utf8')).toMatch(content);
  }
  await buyer.getByRole('button', { name: 'More' }).press('Enter');
  await stage.picture(buyer, 'menu', false);
  await buyer.keyboard.press('End');
  await buyer.keyboard.press('Enter');
  await says(buyer, '.notice', 'Copied');
  const link = await buyer.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(new RegExp(`^${stage.server.url}/p/${id}#token=`));
  expect(await buyer.title()).toBe(SAMPLE.meta?.title);

  await buyer.evaluate(() => {
    window.print = () => document.body.setAttribute('data-printed', '');
  });
  await buyer.getByRole('button', { name: 'More' }).click();
  await buyer.getByRole('menuitem', { name: 'Print' }).click();
  await buyer.locator('body[data-printed]').waitFor();
  await buyer.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await stage.picture(buyer, 'print');
  const shown = await buyer.locator('plansync-plan').evaluate((element) => {
    const buttons = [...element.shadowRoot!.querySelectorAll<HTMLElement>('button:not(.value)')];
    return buttons
      .filter((button) => button.checkVisibility({ visibilityProperty: true }))
      .map((button) => button.textContent);
  });
  expect(shown).toEqual([]);
  expect(await buyer.evaluate(() => getComputedStyle(document.querySelector('plansync-plan')!).backgroundColor)).toBe(
    'rgb(255, 255, 255)',
  );
});
