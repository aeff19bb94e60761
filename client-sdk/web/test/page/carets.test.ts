/** Two people in one text: each sees where the other's caret is, and only while it is there. */

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

/** Opens the details of the first task; gives its notes. */
async function notes(page: Page) {
  await says(page, '.safety', 'Saved');
  await page.locator('#item-ca-1 .more').click();
  await page.locator('.drawer h2').waitFor();
  return page.locator('.drawer').getByLabel('Notes');
}

/** Where the caret of somebody else stands in the notes: pixels from the area's corner, in letters of a line, in lines. */
async function place(page: Page): Promise<{ x: number; line: number } | undefined> {
  return page.evaluate(() => {
    const root = document.querySelector('plansync-plan')!.shadowRoot!;
    const body = root.querySelector('.drawer plansync-text[name=notes] .text-body')!;
    const [area, caret] = [body.querySelector('textarea, p')!, body.querySelector('.caret')];
    if (!caret) return;
    const [from, at] = [area.getBoundingClientRect(), caret.getBoundingClientRect()];
    const { lineHeight } = getComputedStyle(area);
    return { x: at.x - from.x, line: Math.floor((at.y + at.height / 2 - from.y) / parseFloat(lineHeight)) };
  });
}

/** How far from the area's edge a caret behind these letters stands. */
const behind = (page: Page, letters: string) =>
  page.evaluate((text) => {
    const root = document.querySelector('plansync-plan')!.shadowRoot!;
    const area = root.querySelector('.drawer plansync-text[name=notes] textarea')!;
    const { font, paddingLeft, borderLeftWidth } = getComputedStyle(area);
    const pen = document.createElement('canvas').getContext('2d')!;
    pen.font = font;
    return pen.measureText(text).width + parseFloat(paddingLeft) + parseFloat(borderLeftWidth);
  }, letters);

/** Waits until the other's caret stands behind these letters of a line. */
async function stands(page: Page, letters: string, line = 0): Promise<void> {
  const x = await behind(page, letters);
  await expect
    .poll(async () => {
      const found = await place(page);
      return found && Math.abs(found.x - x) < 3 && found.line === line ? 'there' : JSON.stringify({ ...found, not: x });
    })
    .toBe('there');
}

test('a caret and a selection are seen by the other side, move with what is written around them, and go', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER, { colorScheme: 'dark', reducedMotion: 'reduce' });
  const [mine, theirs] = [await notes(buyer), await notes(seller)];
  await mine.click();
  await buyer.keyboard.type('Export rights are needed\nby Friday');
  await expect.poll(() => theirs.inputValue()).toBe('Export rights are needed\nby Friday');
  await stands(seller, 'by Friday', 1);
  await says(seller, '.drawer .caret b', 'IT Manager');
  expect(await seller.locator('.drawer .who.buyer').count()).toBe(1);
  expect(await buyer.locator('.drawer .caret').count()).toBe(0);

  // It moves between the letters, and with what the other writes before it while its owner does nothing.
  await buyer.keyboard.press('Control+Home');
  for (let n = 0; n < 'Export rights'.length; n += 1) await buyer.keyboard.press('ArrowRight');
  await stands(seller, 'Export rights');
  const shown = () =>
    seller.evaluate(() =>
      JSON.stringify(document.querySelector('plansync-plan')!.client!.presence.others.map((each) => each.cursor)),
    );
  const before = await shown();
  await theirs.click();
  await seller.keyboard.press('Control+Home');
  await seller.keyboard.type('🚀 Data: ');
  await stands(seller, '🚀 Data: Export rights');
  expect(await shown()).toBe(before);
  await stands(buyer, '🚀 Data: ');
  await says(buyer, '.drawer .who.seller .caret b', 'Account Exec');

  // What is selected is seen as selected, over more than one line.
  await buyer.keyboard.press('Control+Shift+End');
  await expect.poll(() => seller.locator('.drawer .who.buyer .range').count()).toBeGreaterThan(1);
  await stage.picture(seller, 'carets-dark', false);
  await buyer.keyboard.press('ArrowRight');
  await seller.locator('.drawer .range').first().waitFor({ state: 'detached' });

  // Nobody hears of it, and nothing moves for who wants nothing to move.
  const layer = seller.locator('.drawer plansync-text[name=notes] plansync-carets');
  expect(await layer.getAttribute('aria-hidden')).toBe('true');
  expect(
    await seller.locator('.drawer .caret b').evaluate((each) => getComputedStyle(each).animationTimingFunction),
  ).toBe('steps(1)');
  await theirs.click({ position: { x: 40, y: 16 } });
  expect(await theirs.evaluate((area) => area.matches(':focus'))).toBe(true);

  // It goes with the focus, with the details that are closed, with the page.
  await mine.blur();
  await seller.locator('.drawer .caret').waitFor({ state: 'detached' });
  await mine.focus();
  await seller.locator('.drawer .caret').waitFor();
  await buyer.keyboard.press('Escape');
  await buyer.locator('.drawer').waitFor({ state: 'detached' });
  await seller.locator('.drawer .caret').waitFor({ state: 'detached' });
  await (await notes(buyer)).focus();
  await seller.locator('.drawer .caret').waitFor();
  await buyer.close();
  await seller.locator('.drawer .caret').waitFor({ state: 'detached' });
});

test('in a long text that scrolls, on a phone, and for whoever only reads', async () => {
  const long = Array.from({ length: 60 }, (_, n) => `Line ${n + 1} of what both sides have to know`).join('\n');
  const plan = shifted(SAMPLE);
  const id = await stage.plan({
    ...plan,
    tasks: (plan.tasks ?? []).map((each) => (each.id === 'ca-1' ? { ...each, notes: long } : each)),
  });
  const buyer = await stage.open(id, BUYER, { viewport: { width: 390, height: 844 } });
  const seller = await stage.open(id, SELLER);
  const viewer = await stage.open(id, EXECUTIVE);
  const [mine, theirs] = [await notes(buyer), await notes(seller)];
  await notes(viewer);
  await theirs.focus();
  await seller.keyboard.press('Control+End');
  await seller.keyboard.type(' – see you');
  // Above what is seen there is none; it is there as soon as one looks.
  await viewer.locator('.drawer .caret').waitFor({ state: 'attached' });
  await mine.evaluate((area) => (area.scrollTop = 0));
  await expect.poll(() => buyer.locator('.drawer .who.seller').count()).toBe(1);
  expect(await buyer.locator('.drawer .caret').count()).toBe(0);
  await mine.evaluate((area) => (area.scrollTop = area.scrollHeight));
  await buyer.locator('.drawer .caret').waitFor();
  await mine.scrollIntoViewIfNeeded();
  const inside = await buyer.evaluate(() => {
    const body = document
      .querySelector('plansync-plan')!
      .shadowRoot!.querySelector('.drawer plansync-text[name=notes]')!;
    const [area, caret] = [body.querySelector('textarea')!, body.querySelector('.caret')!].map((each) =>
      each.getBoundingClientRect(),
    ) as [DOMRect, DOMRect];
    return caret.top >= area.top && caret.bottom <= area.bottom && caret.left > area.left && caret.right < area.right;
  });
  expect(inside).toBe(true);
  await mine.focus();
  await buyer.keyboard.press('Control+Home');
  await theirs.evaluate((area) => (area.scrollTop = 0));
  await stands(seller, '');
  await stage.picture(seller, 'carets-long', false);
  await buyer.keyboard.press('Control+End');
  await seller.keyboard.press('Control+Home');
  await seller.keyboard.press('Shift+ArrowDown');
  await mine.evaluate((area) => (area.scrollTop = 0));
  await buyer.locator('.drawer .range').first().waitFor();
  await stage.picture(buyer, 'carets-phone', false);
});

test('a cursor that is none is passed over', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const buyer = await stage.open(id, BUYER);
  const seller = await stage.open(id, SELLER);
  await says(buyer, '.safety', 'Saved');
  const theirs = await notes(seller);
  await theirs.fill('Something');
  const show = (cursor: unknown) =>
    buyer.evaluate(
      (given) =>
        document.querySelector('plansync-plan')!.client!.presence.set({ at: 'tasks/ca-1/notes', cursor: given }),
      cursor,
    );
  const ids = [{ client: 1, clock: 1e15 }, { client: -1, clock: 0 }, { client: 'x', clock: null }, 7, 'x', [], true];
  const positions = [...ids.flatMap((each) => [{ item: each }, { type: each }]), { tname: 'hostile' }, {}, null, 3];
  for (const [n, each] of positions.entries()) {
    await show({ anchor: each, head: each, n });
    await expect
      .poll(() =>
        seller.evaluate(
          () =>
            (
              document.querySelector('plansync-plan')!.client!.presence.others.find((one) => one.cursor)?.cursor as
                { n: number } | undefined
            )?.n,
        ),
      )
      .toBe(n);
  }
  expect(await seller.locator('.drawer .who').count()).toBe(0);
  expect(await seller.evaluate(() => document.querySelector('plansync-plan')!.client!.doc.share.has('hostile'))).toBe(
    false,
  );
});
