/** A third party at the table: what its people are offered, and what comes of it. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const EDITOR = { person: 'p-consultant', party: 'guide', access: 'editor', name: 'Robin Guide' } as const;
const OWNER = { person: 'p-lead', party: 'guide', access: 'owner', name: 'Sam Lead' } as const;

test('a partner adds its own tasks and risks; its owner the rest of the plan too', async () => {
  const sample = shifted(SAMPLE);
  const id = await stage.plan({
    ...sample,
    parties: [...(sample.parties ?? []), { id: 'guide', kind: 'partner', name: 'Guide Consulting' }],
  });
  const buyer = await stage.open(id, BUYER);
  const partner = await stage.open(id, EDITOR);
  await says(partner, '.safety', 'Saved');

  // What is the buyer's and the seller's is there to read.
  expect(await partner.locator('#item-ms-05 > .line .due button').count()).toBe(0);
  expect(await partner.getByRole('button', { name: '+ Add a phase' }).count()).toBe(0);
  expect(await partner.getByRole('button', { name: '+ Milestone' }).count()).toBe(0);

  await partner.locator('#item-ms-06').hover();
  await partner.getByRole('button', { name: /^Add a task to POC Environment/ }).click();
  await partner.keyboard.type('Set up the data model');
  await partner.keyboard.press('Enter');
  const task = buyer.locator('.task', { hasText: 'Set up the data model' });
  await task.waitFor();
  await partner.locator('.task', { hasText: 'Set up the data model' }).locator('.what button.value').click();
  await partner.keyboard.type('Model the data');
  await partner.keyboard.press('Enter');
  await says(buyer, '.task', 'Model the data');

  await partner.locator('#tab-risks').click();
  await partner.locator('#add-risk').click();
  await partner.keyboard.type('Our consultant is away in May');
  await partner.getByRole('button', { name: 'Add', exact: true }).click();
  await says(buyer, '#tab-risks .badge', '5');

  // Its private document is its own, an editor's too.
  await partner.locator('#tab-private').click();
  await partner.locator('plansync-private').getByRole('button', { name: '+ Add a task' }).waitFor();

  const { plan } = await stage.server.workspace.plans.get(id);
  expect(plan.tasks?.find((each) => each.title === 'Model the data')).toMatchObject({ party: 'guide' });
  expect(plan.risks?.map((each) => each.title)).toContain('Our consultant is away in May');
  expect(await partner.locator('.notices .refused').count()).toBe(0);

  const lead = await stage.open(id, OWNER);
  await says(lead, '.safety', 'Saved');
  await lead.getByRole('button', { name: '+ Add a phase' }).first().click();
  await lead.keyboard.type('Rollout');
  await lead.keyboard.press('Enter');
  await says(buyer, '.phase-head', 'Rollout');
});
