/** What only one party sees: framed, named, opened when asked for, and never anywhere else. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

test('private tasks, risks and notes are the own party’s alone', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const context = await stage.profile();
  const sockets: string[] = [];
  const seller = await stage.open(id, SELLER, {}, context);
  seller.on('websocket', (socket) => sockets.push(socket.url()));
  await seller.reload();
  await says(seller, '.safety', 'Saved');
  expect(sockets.filter((url) => url.endsWith('/private'))).toEqual([]);
  const buyer = await stage.open(id, BUYER);
  await says(buyer, '.safety', 'Saved');

  // Opened when it is first shown.
  await seller.locator('#tab-plan').focus();
  await seller.keyboard.press('ArrowLeft');
  await says(seller, '.seal', 'Only Seller sees this');
  await seller.locator('#add-own').waitFor();
  expect(sockets.filter((url) => url.endsWith('/private'))).toHaveLength(1);

  await seller.locator('#add-own').click();
  await seller.keyboard.type('Canary one: get the discount <b>approved</b>');
  await seller.locator('.ask-sheet [name=notes]').fill('Canary two: 18 % at most');
  await seller.getByRole('button', { name: 'Add', exact: true }).click();
  await says(seller, '.own-task', 'Canary one: get the discount <b>approved</b>');
  await seller.locator('#add-risk').click();
  await seller.keyboard.type('Canary three: the champion may leave');
  await seller.keyboard.press('Enter');
  await says(seller, '.vault .risk', 'Canary three');
  await seller.getByText('Say something about an item').click();
  await seller.locator('.compose textarea').first().fill('Canary four: do not offer the pilot for free');
  await seller.keyboard.press('Control+Enter');
  await says(seller, '.vault .thread', 'Canary four');
  await says(seller, '.own-safety', 'Saved');
  await seller.locator('.own-task input[type=checkbox]').check();
  await says(seller, '.vault', '0 are open');
  await stage.picture(seller, 'private-light');

  // A colleague has it.
  const colleague = await stage.open(
    id,
    { person: 's-sales-engineer', party: 'seller', access: 'editor' },
    { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  );
  await colleague.locator('#tab-private').click();
  await says(colleague, '.vault', 'Canary two');
  await stage.picture(colleague, 'private-dark-phone');

  // The other side has a page of its own, without a word of it.
  await buyer.locator('#tab-private').click();
  await says(buyer, '.seal', 'Only Buyer sees this');
  await says(buyer, '.vault', 'No private tasks yet');
  const { token } = await stage.server.workspace.tokens.create(id, BUYER);
  const places = ['', '?removed=true', '/changes', '/summary', '/summary?format=json', '/export?format=json'];
  for (const place of [...places, '/export?format=csv', '/export?format=md', '/touchpoints', '/refusals']) {
    const answer = await fetch(`${stage.server.url}/v1/plans/${id}${place}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status, place).toBe(200);
    expect(await answer.text(), place).not.toContain('Canary');
  }
  for (const tab of ['plan', 'timeline', 'people', 'risks', 'success', 'comments', 'private']) {
    await buyer.locator(`#tab-${tab}`).click();
    await buyer.locator(`#tab-${tab}[aria-selected=true]`).waitFor();
    const all = await buyer.evaluate(() => document.querySelector('plansync-plan')!.shadowRoot!.textContent);
    expect(all).not.toContain('Canary');
  }
  // Nor has the shared document of the party itself.
  const shared = await seller.evaluate(() => JSON.stringify(document.querySelector('plansync-plan')!.client!.toJSON()));
  expect(shared).toContain('POC Environment Setup');
  expect(shared).not.toContain('Canary');
});
