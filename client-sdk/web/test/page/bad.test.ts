/** What should not be: texts that want to be markup, references to nothing, wrong clocks, broken copies, a server that lies. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PlanJson } from '../../src/index.js';
import { COLLECTIONS, type CollectionSchema, type Field } from '../../src/schema.js';
import { SAMPLE } from '../server/server.js';
import { BUYER, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const MARKUP = `<img src=x onerror=hit=1>"'></style></title><script>hit=1</script>`;
/** Says where it stands; then markup, a script's address, an override that turns what follows, Arabic, emoji, no blank. */
function hostile(place: string, charsMax: number): string {
  const text = `${place} ${MARKUP} javascript:hit=1 \u202eabc مرحبا بالعالم 👩‍👩‍👧🚀 `;
  return [...(text + 'W'.repeat(charsMax))].slice(0, Math.min(charsMax, 300)).join('');
}

/** A value of a field; references lead to `to`. */
function valueOf(place: string, { name, kind }: Field, to: (of: readonly string[]) => string): unknown {
  switch (kind.type) {
    case 'string':
      return /evidence|url/.test(name) ? 'javascript:hit=1' : hostile(place, kind.charsMax);
    case 'text':
      return hostile(place, 20_000);
    case 'any':
      return hostile(place, 100);
    case 'date':
      return '2026-02-20';
    case 'integer':
      return kind.min + 1;
    case 'number':
      return 7;
    case 'bool':
      return true;
    case 'enum':
      return kind.words[0];
    case 'id':
      return to(kind.of);
    case 'set':
      return kind.member.type === 'id' ? [to(kind.member.of)] : undefined;
    default:
      return undefined;
  }
}

/** One entity with every field that a person may write. */
function entity(collection: CollectionSchema, id: string, to: (of: readonly string[]) => string): object {
  const made: Record<string, unknown> = { id };
  for (const field of collection.fields) {
    const value =
      field.stamped || /^(rank|removed|parent)$/.test(field.name)
        ? undefined
        : valueOf(`${collection.name}/${id}/${field.name}`, field, to);
    if (value === undefined) continue;
    const [group, name] = field.name.split('.');
    if (name) made[group!] = { ...(made[group!] as object), [name]: value };
    else made[field.name] = value;
  }
  return made;
}

/** A plan in which every text is hostile: `x-1` knows others, `x-2` refers to what does not exist. */
function worst(): Partial<PlanJson> {
  const there = (of: readonly string[]) =>
    of.includes('parties') ? 'buyer' : of.includes('people') ? 'b-it-manager' : of.includes('tasks') ? 'x-1' : 'x-1';
  const nowhere = () => 'nowhere';
  const plan: Record<string, unknown> = {};
  for (const each of COLLECTIONS) {
    if (each.documents === 'private' || each.name === 'touchpoints' || each.name === 'proposals') continue;
    if (each.name === 'meta') {
      const { id: _, ...meta } = entity(each, '', there) as { id: string };
      plan['meta'] = { ...meta, tz: 'UTC', trust: 'handshake', target: { kind: 'close', date: '2026-04-30' } };
    } else if (each.name === 'parties')
      plan['parties'] = ['buyer', 'seller', 'partner'].map((kind) => ({ ...entity(each, kind, there), kind }));
    else if (each.name === 'people' || each.name === 'stakeholders')
      plan[each.name] = ['b-it-manager', 's-account-exec', 'nobody'].map((id, n) => ({
        ...entity(each, id, n === 2 ? nowhere : there),
        ...(each.name === 'people' && n === 1 ? { party: 'seller' } : {}),
      }));
    else if (each.ids === 'edge')
      plan[each.name] = [
        { ...entity(each, 'x-1>x-2', there), from: 'x-1', to: 'x-2' },
        { ...entity(each, 'x-1>nowhere', nowhere), from: 'x-1', to: 'nowhere' },
      ];
    else plan[each.name] = [entity(each, 'x-1', there), entity(each, 'x-2', nowhere)];
  }
  const blocked = (row: object, n: number) => ({ ...row, status: n ? 'blocked' : 'pending' });
  for (const name of ['milestones', 'tasks']) plan[name] = (plan[name] as object[]).map(blocked);
  // Ids are an item's own: a task and a milestone of one name are two things to a dependency.
  plan['tasks'] = (plan['tasks'] as { id: string; milestone: string }[]).map((each) => ({
    ...each,
    id: `t-${each.id}`,
  }));
  return shifted(plan as Partial<PlanJson>);
}

/** What is wrong with what a page shows: markup, scripts, links, width, text that turns what stands behind it. */
const wrongs = (page: Page) =>
  page.evaluate(() => {
    // The pages beside the plan's have no element.
    const root = document.querySelector('plansync-plan')?.shadowRoot ?? document.body;
    const found: string[] = [];
    if ('hit' in window) found.push('a script has run');
    for (const each of root.querySelectorAll('img, script, iframe, object, embed')) found.push(each.outerHTML);
    for (const each of root.querySelectorAll('a')) if (!/^https?:$/.test(each.protocol)) found.push(each.outerHTML);
    const wide = (frame: Element, name: string) => {
      const over = frame.scrollWidth - frame.clientWidth;
      if (over <= 0) return;
      const edge = frame.getBoundingClientRect().left + frame.clientWidth;
      const inside = [
        ...(frame.shadowRoot ?? (frame === document.documentElement ? root : frame)).querySelectorAll('*'),
      ];
      const out = inside.filter((each) => each.getBoundingClientRect().right > edge + 1 && each.checkVisibility());
      const who = out.slice(-3).map((each) => `${each.tagName}.${each.className} in .${each.parentElement?.className}`);
      found.push(`${name} is ${over} px too wide: ${who.join(', ')}`);
    };
    wide(document.documentElement, 'the page');
    for (const each of root.querySelectorAll('dialog[open]')) wide(each, 'the dialog');
    // An override ends with its paragraph or with what isolates it.
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode() as Text | null; text; text = walker.nextNode() as Text | null) {
      if (!text.data.includes('\u202e') || !text.parentElement?.checkVisibility()) continue;
      if (text.parentElement.closest('option, title, textarea')) continue;
      // One that ends itself, or that nothing stands behind until its paragraph or its own box ends, turns nothing.
      const bare = text.data.replace(/\u2068[^\u2069]*\u2069/g, '');
      if (!bare.includes('\u202e')) continue;
      let at: Element = text.parentElement;
      const isLast = () => at.textContent!.trim().endsWith(text!.data.trim());
      const isBox = () => {
        const { display, unicodeBidi } = getComputedStyle(at);
        return /isolate|plaintext/.test(unicodeBidi) || (display !== 'inline' && display !== 'contents');
      };
      while (isLast() && !isBox()) at = at.parentElement!;
      const isMixed = /\u202e[^\u2069]*?W{8}[^\u2069]*[^W\s\u2069]/.test(bare);
      if (isLast() && !isMixed) continue;
      found.push(
        `turns what stands behind it: ${at.tagName}.${at.className} ${text.data.trim().slice(0, 30)} before ${at.textContent!.trim().slice(-30)}`,
      );
    }
    return [...new Set(found)];
  });

test.each([320, 1280])(
  'every field of every collection stays text, on every tab, at %i px',
  { timeout: 240_000 },
  async (width) => {
    const id = await stage.plan(worst());
    const page = await stage.open(id, SELLER, { viewport: { width, height: 800 } });
    await says(page, '.safety', 'Saved');
    await says(page, '.thirty', '%');
    const found: string[] = [];
    let seen = '';
    const look = async (place: string) => {
      found.push(...(await wrongs(page)).map((each) => `${place}: ${each}`));
      seen += await page.evaluate(() => {
        const root = document.querySelector('plansync-plan')!.shadowRoot!;
        const areas = [...root.querySelectorAll('textarea')].map((each) => each.value);
        return [root.textContent, ...areas].join(' ');
      });
    };
    await page.locator('.framing > summary').click();
    for (const tab of ['plan', 'timeline', 'people', 'risks', 'success', 'comments', 'private']) {
      await page.locator(`#tab-${tab}`).click();
      await page.locator(`#tab-${tab}[aria-selected=true]`).waitFor();
      await look(tab);
      await stage.picture(page, `bad-${tab}-${width}`);
    }
    await page.locator('#tab-timeline').click();
    await page.getByRole('button', { name: 'As table' }).click();
    await look('table');
    await page.locator('#tab-plan').click();
    for (const item of ['x-1', 'x-2', 't-x-1', 't-x-2']) {
      await page.locator(`#item-${item} .more`).first().click();
      await page.locator('.drawer h2').waitFor();
      await look(`details of ${item}`);
      await stage.picture(page, `bad-details-${item}-${width}`, false);
      await page.locator('.drawer .close').click();
      await page.locator('.drawer').waitFor({ state: 'detached' });
    }
    await page.locator('.phase-head .more').first().click();
    await page.locator('.drawer h2').waitFor();
    await look('details of a phase');
    await page.locator('.drawer .close').click();
    await page.locator('#item-t-x-1 button.owners').first().click();
    await page.locator('.picker [role=option]').first().waitFor();
    await look('owners');
    await stage.picture(page, `bad-owners-${width}`, false);
    await page.keyboard.press('Escape');
    for (const name of ['Summary', 'Share']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.locator('dialog :is(article.sum, .members li)').first().waitFor();
      await look(name);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    expect(found).toEqual([]);
    const places = [
      'meta//title meta//account meta//valueProposition parties/seller/name people/b-it-manager/name',
      'people/nobody/role stakeholders/b-it-manager/needs objectives/x-1/text criteria/x-2/title criteria/x-1/unit',
      'criteria/x-1/target phases/x-1/name phases/x-1/exitCriteria milestones/x-1/title milestones/x-2/buyerGets',
      'milestones/x-1/doneWhen milestones/x-2/notes milestones/x-2/blocked.reason tasks/x-1/title tasks/x-2/title',
      'tasks/x-1/resources tasks/x-1/notes tasks/x-2/blocked.needs risks/x-1/title risks/x-2/mitigation',
      'risks/x-1/contingency cadence/x-1/title calendar/x-1/title comments/x-1/text comments/x-2/text',
    ].flatMap((each) => each.split(' '));
    expect(places.filter((each) => !seen.includes(`${each} ${MARKUP.slice(0, 20)}`))).toEqual([]);
  },
);

test.each([320, 1280])('on the front page’s list of plans every text stays text, at %i px', async (width) => {
  const id = await stage.plan(worst());
  const page = await stage.tab(await stage.profile({ viewport: { width, height: 800 } }));
  await page.goto(`${stage.server.url}/`);
  await page.getByLabel('The link you were sent').fill(`https://elsewhere.example/p/x#token=${MARKUP}`);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await says(page, '#open-error', 'another server');
  const found = (await wrongs(page)).map((each) => `doors: ${each}`);
  const key = readFileSync(join(stage.server.dataFolder, 'api-key'), 'utf8').trim();
  await page.getByLabel('The key of your workspace').fill(key);
  await page.getByRole('button', { name: 'Show plans' }).click();
  const row = page.locator(`[data-plan="${id}"]`);
  await row.locator('summary').click();
  await row.locator('li').first().waitFor();
  const look = async (place: string) => found.push(...(await wrongs(page)).map((each) => `${place}: ${each}`));
  await look('list');
  await stage.picture(page, `bad-home-${width}`);
  for (const field of ['title', 'account', 'opportunity'])
    expect(await row.textContent()).toContain(`meta//${field} ${MARKUP.slice(0, 20)}`);

  await row.getByRole('button').first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^As/).waitFor();
  expect(await dialog.locator('option').allTextContents()).toContainEqual(
    expect.stringContaining(`people/b-it-manager/name ${MARKUP.slice(0, 20)}`),
  );
  await look('open as');
  await stage.picture(page, `bad-home-open-${width}`, false);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'New plan' }).click();
  await dialog.getByRole('tab', { name: 'Paste a table' }).click();
  await dialog.getByLabel('Title').fill(hostile('title', 300));
  await dialog
    .getByLabel('A table from a spreadsheet')
    .fill(`Milestone,Due Date\nSign,"${hostile('day', 300).replaceAll('"', '')}"\n`);
  await dialog.getByRole('button', { name: 'Create the plan' }).click();
  await says(page, 'dialog .wrongs', 'day <img src=x');
  await look('a cell that cannot be read');
  await stage.picture(page, `bad-home-paste-${width}`, false);
  expect(found).toEqual([]);
});

test.each([320, 1280])('who joins says a name that stays text, on every page, at %i px', async (width) => {
  const id = await stage.plan(worst());
  const seller = await stage.open(id, SELLER, { viewport: { width, height: 800 } });
  const { url } = await stage.server.workspace.json<{ url: string }>(
    'POST',
    `v1/plans/${id}/invites`,
    {},
    { party: 'buyer', access: 'editor', passcode: 'told on the phone' },
  );
  const page = await stage.tab(await stage.profile({ viewport: { width, height: 800 } }));
  const found: string[] = [];
  const look = async (of: Page, place: string) => found.push(...(await wrongs(of)).map((each) => `${place}: ${each}`));
  await page.goto(`${stage.server.url}/join#${encodeURIComponent(MARKUP)}`);
  await page.getByLabel('Your name').fill('Ann');
  await page.getByRole('button', { name: 'Join the plan' }).click();
  await says(page, '#title', 'There is no such invite');
  await look(page, 'no invite');

  const name = hostile('joined', 200);
  await page.goto('about:blank');
  await page.goto(`${stage.server.url}/join${new URL(url).hash}`);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Join the plan' }).click();
  await page.getByLabel('Passcode').fill(MARKUP);
  await page.keyboard.press('Enter');
  await says(page, '#said', /passcode/i);
  await look(page, 'wrong passcode');
  await stage.picture(page, `bad-join-${width}`);
  await page.getByLabel('Passcode').fill('told on the phone');
  await page.keyboard.press('Enter');
  await page.locator('plansync-plan .head h1').waitFor();
  await says(page, '.safety', 'Saved');
  await look(page, 'the plan');
  await says(seller, '.faces', 'joined <img src=x');
  await seller.locator('#tab-people').click();
  await says(seller, '.person', 'joined <img src=x');
  await look(seller, 'people');
  await seller.getByRole('button', { name: 'Share', exact: true }).click();
  await says(seller, 'dialog .members li', 'joined <img src=x');
  await look(seller, 'members');
  await stage.picture(seller, `bad-joined-${width}`, false);
  expect(found).toEqual([]);
});

test('on paper every text stays text and within the sheet', async () => {
  const id = await stage.plan(worst());
  // A4 between margins of a centimetre.
  const page = await stage.open(id, SELLER, { viewport: { width: 718, height: 1000 } });
  await says(page, '.safety', 'Saved');
  await says(page, '.thirty', '%');
  await page.locator('.framing > summary').click();
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const found: string[] = [];
  let seen = '';
  for (const tab of ['plan', 'timeline', 'people', 'risks', 'success', 'comments']) {
    await page.evaluate((view) => (document.querySelector('plansync-plan')!.view = view), tab);
    await page.locator(`#view[aria-labelledby=tab-${tab}]`).waitFor();
    found.push(...(await wrongs(page)).map((each) => `${tab}: ${each}`));
    seen += await page.locator('#view').innerText();
    await stage.picture(page, `bad-print-${tab}`);
  }
  expect(found).toEqual([]);
  const places =
    'milestones/x-1/title tasks/x-1/title people/b-it-manager/name risks/x-1/title criteria/x-1/title comments/x-1/text';
  expect(places.split(' ').filter((each) => !seen.includes(`${each} ${MARKUP.slice(0, 20)}`))).toEqual([]);
  // What the browser makes of it for a printer.
  const sheets = (await page.pdf({ format: 'A4' })).toString('latin1');
  expect(sheets.startsWith('%PDF-')).toBe(true);
  expect(sheets).not.toMatch(/\/(JavaScript|JS)\b/);
});

test('a clock that is a day off: the days and the ages are the server’s', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const right = await stage.open(id, BUYER);
  const pages = [right];
  for (const days of [-1, 1]) {
    const context = await stage.profile();
    await context.addInitScript((by) => {
      const now = Date.now;
      Date.now = () => now() + by;
      window.Date = new Proxy(Date, {
        construct: (of, given: []) => (given.length ? new of(...given) : new of(Date.now())),
      });
    }, days * 86_400_000);
    pages.push(await stage.open(id, SELLER, {}, context));
  }
  await stage.server.workspace.plan(id).edit({ set: { tasks: { 'ca-1': { title: 'Set just now' } } } });
  const [said] = await Promise.all(
    pages.map(async (page) => {
      await says(page, '.safety', 'Saved');
      await says(page, '.thirty', '%');
      await says(page, '#item-ca-1', 'Set just now');
      return page.locator('.thirty dl > div:nth-child(-n+3)').allInnerTexts();
    }),
  );
  for (const page of pages.slice(1)) {
    expect(await page.locator('.thirty dl > div:nth-child(-n+3)').allInnerTexts()).toEqual(said);
    await page.locator('#tab-comments').click();
    await page.getByText('Say something about an item').click();
    await page.locator('.compose textarea').first().fill('What time is it?');
    await page.keyboard.press('Control+Enter');
    await says(page, '.remark', /now|seconds? ago/);
    await page.locator('#tab-timeline').click();
    await says(page, '.tl-flag', 'Today');
  }
  const marks = await Promise.all(
    pages.slice(1).map((page) => page.locator('.tl-today').evaluate((each) => (each as HTMLElement).style.left)),
  );
  expect(new Set(marks).size).toBe(1);
});

test('copies that are broken or have no room: the plan comes from the server, and what is written arrives', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const context = await stage.profile();
  const first = await stage.open(id, BUYER, {}, context);
  await says(first, '.safety', 'Saved');
  await first.getByRole('button', { name: 'Hide 2 milestones of Evaluation' }).click();
  // What this device has kept is made nonsense of, every value of it.
  const broken = await first.evaluate(async () => {
    let count = 0;
    for (const { name = '' } of await indexedDB.databases()) {
      const open = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error!);
      });
      for (const store of open.objectStoreNames) {
        await new Promise((resolve) => {
          const transaction = open.transaction(store, 'readwrite');
          const cursor = transaction.objectStore(store).openCursor();
          cursor.onsuccess = () => {
            if (!cursor.result) return;
            cursor.result.update(new Uint8Array([255, 255, 255, 255, 255, 1, 2, 3]));
            count += 1;
            cursor.result.continue();
          };
          transaction.oncomplete = transaction.onabort = resolve;
        });
      }
      open.close();
    }
    for (const key of Object.keys(localStorage)) localStorage.setItem(key, '{"nonsense');
    return count;
  });
  expect(broken).toBeGreaterThan(0);
  await first.close();
  const second = await stage.open(id, BUYER, {}, context);
  await says(second, '#item-ca-1', 'Provide data sample');
  await says(second, '.safety', 'Saved');
  const edit = (page: Page, title: string) =>
    page.evaluate(
      (to) => document.querySelector('plansync-plan')!.client!.edit((tx) => tx.tasks.set('ca-1', { title: to })),
      title,
    );
  const titled = async () =>
    (await stage.server.workspace.plans.get(id)).plan.tasks?.find((each) => each.id === 'ca-1')?.title;
  await edit(second, 'After the nonsense');
  await says(second, '.safety', 'Saved');
  await expect.poll(titled).toBe('After the nonsense');

  const full = await stage.profile();
  await full.addInitScript(() => {
    for (const name of ['put', 'add'] as const)
      IDBObjectStore.prototype[name] = () => {
        throw new DOMException('no room', 'QuotaExceededError');
      };
    Storage.prototype.setItem = () => {
      throw new DOMException('no room', 'QuotaExceededError');
    };
  });
  const third = await stage.open(id, BUYER, {}, full);
  await says(third, '#item-ca-1', 'After the nonsense');
  await third.getByRole('button', { name: 'Hide 2 milestones of Evaluation' }).click();
  await third.locator('#item-ms-02').waitFor({ state: 'detached' });
  await edit(third, 'Without room');
  await says(third, '.safety', 'Saved');
  await expect.poll(titled).toBe('Without room');
});

test('a server that answers nonsense: the plan is there, and what could not be asked is said', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const answers: [string, string][] = [
    ['application/json', '{}'],
    ['application/json', '{"figures":7,"standing":null,"plan":[],"schedule":"x"}'],
    ['application/json', 'null'],
    ['text/html', '<h1>Please log in to this network</h1>'],
  ];
  for (const [contentType, body] of answers) {
    const context = await stage.profile();
    await context.route(/\/v1\/plans\//, (route) => route.fulfill({ status: 200, contentType, body }));
    const page = await stage.open(id, BUYER, {}, context);
    await says(page, '#item-ca-1', 'Provide data sample');
    await says(page, '.safety', 'Saved');
    await says(page, '.notice', 'could not say how the plan stands');
    for (const tab of ['timeline', 'people', 'risks', 'success', 'comments', 'private', 'plan']) {
      await page.locator(`#tab-${tab}`).click();
      await page.locator(`#tab-${tab}[aria-selected=true]`).waitFor();
    }
    await page.evaluate(() =>
      document.querySelector('plansync-plan')!.client!.edit((tx) => tx.tasks.set('ca-2', { title: 'Written anyway' })),
    );
    await says(page, '#item-ca-2', 'Written anyway');
    // And when it speaks sense again, it is heard.
    await context.unroute(/\/v1\/plans\//);
    await says(page, '.thirty', '%');
    await context.close();
  }
});
