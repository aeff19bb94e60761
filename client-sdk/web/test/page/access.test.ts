/** Everybody can use it: with any eyes, without a mouse, on any screen, on a slow line. */

import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, request as ask, type Server as HttpServer } from 'node:http';
import { connect as dial, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, EXECUTIVE, SELLER, Stage, says, shifted } from './stage.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let stage: Stage;
let id: string;
beforeAll(async () => {
  stage = await Stage.start();
  id = await stage.plan(shifted(SAMPLE));
  // Something to see in every part: an edit since the last visit, a call, another person's answer.
  const { workspace } = stage.server;
  const call = await workspace.plan(id).touchpoints.open({ kind: 'call', title: 'Kickoff' });
  await workspace.plan(id).touchpoints.close(call.id);
});
afterAll(() => stage?.stop());
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

/** What axe finds that is serious or worse, each in one line. */
async function findings(page: Page, place: string): Promise<string[]> {
  await page.evaluate(AXE);
  // Colours are judged as they stand, not on their way.
  await page.evaluate(async () => {
    const roots = [document, ...[...document.querySelectorAll('*')].flatMap((each) => each.shadowRoot ?? [])];
    await Promise.all(roots.flatMap((root) => root.getAnimations().map((each) => each.finished.catch(() => {}))));
  });
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(
          context: Document,
          options: object,
        ): Promise<{
          violations: { impact: string; id: string; nodes: { html: string; failureSummary?: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${(failureSummary ?? '').slice(0, 200)}`),
      );
  });
  return found.map((each) => `${place}: ${each}`);
}

const tabs = (page: Page) => page.locator('plansync-plan [role=tablist] [role=tab]').all();

/** Every view and dialog of the plan's page, one after the other. */
async function everywhere(page: Page, look: (place: string) => Promise<void>): Promise<void> {
  for (const tab of await tabs(page)) {
    await tab.click();
    // What is folded away is looked at too.
    await page.locator('.rest').evaluateAll((all) => all.forEach((each) => ((each as HTMLDetailsElement).open = true)));
    await look(`view ${(await tab.textContent())?.trim()}`);
  }
  for (const name of ['Call', 'Summary', 'Share']) {
    const button = page.getByRole('button', { name, exact: true });
    if (!(await button.count())) continue;
    await button.click();
    await page.getByRole('dialog').waitFor();
    if (name === 'Summary') await page.locator('dialog article.sum').first().waitFor();
    if (name === 'Share') await page.locator('dialog .members li').first().waitFor();
    await look(`dialog ${name}`);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await look('menu');
  await page.keyboard.press('Escape');
}

/** Whatever opens within a view: details, pickers, questions, sheets, the preview of a move. */
async function opened(page: Page, look: (place: string) => Promise<void>): Promise<void> {
  const tab = (name: string) => page.locator(`#tab-${name}`).click();
  const escape = async (gone: string) => {
    await page.keyboard.press('Escape');
    await page.locator(gone).first().waitFor({ state: 'detached' });
  };
  await tab('plan');
  await page.locator('.framing > summary').click();
  await look('what the plan is for');
  await page.locator('.framing > summary').click();

  for (const item of ['ms-05', 'ca-1']) {
    await page.locator(`#item-${item} .more`).first().click();
    const drawer = page.locator('.drawer');
    await drawer.locator('h2').waitFor();
    await drawer.getByText('Who set what', { exact: true }).click();
    await drawer.getByText('Nothing since the plan was made').waitFor();
    await drawer.getByRole('button', { name: /Raise a blocker/ }).click();
    await drawer.getByLabel('Write a comment').fill('Please look @VP');
    await drawer.locator('.mentions button').first().waitFor();
    await look(`details of ${item}`);
    await drawer.getByLabel('Write a comment').fill('');
    await drawer.locator('.close').focus();
    await escape('.drawer');
  }
  await page.locator('.phase-head .more, .phase-head button[aria-label^="Details"]').first().click();
  await page.locator('.drawer h2').waitFor();
  await look('details of a phase');
  await page.locator('.drawer .close').focus();
  await escape('.drawer');

  const owners = page.locator('#item-ca-1 button.owners');
  await owners.click();
  await look('owners');
  await page.locator('.picker').getByRole('combobox').fill('Nobody yet');
  await look('owners, nobody found');
  await page.locator('.picker .foot').getByRole('button', { name: /^Add / }).click();
  await page.locator('.picker form').waitFor();
  await look('owners, naming');
  await page.keyboard.press('Escape');
  await page.locator('.picker').getByRole('combobox').press('Escape');
  await page.locator('.picker').waitFor({ state: 'detached' });

  const due = page.locator('#item-ms-08 plansync-field[name=due]').first();
  await due.locator('button').click();
  await look('a date');
  await due.locator('input').fill('2031-01-02');
  await page.keyboard.press('Enter');
  await due.locator('.why').waitFor();
  await look('why a date moves');
  await page.keyboard.press('Escape');
  const status = page.locator('#item-ms-08 plansync-field[name=status]').first();
  await status.locator('button').click();
  await look('a status');
  await page.keyboard.press('Escape');

  await tab('timeline');
  await page.locator('#bar-ms-06').focus();
  await page.keyboard.press('+');
  await page.locator('.tl-panel .reason').waitFor();
  await look('the preview of a move');
  await escape('.tl-panel');
  await page.locator('#add-calendar').click();
  await look('dates to add');
  await page.keyboard.press('Escape');
  await page.locator('#add-cadence').click();
  await look('a meeting to add');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'As table' }).click();
  await look('the timeline as a table');
  await page.getByRole('button', { name: 'As table' }).click();

  await tab('people');
  await page.locator('[id^=add-to-]').first().click();
  await look('a person to add');
  await page.keyboard.press('Escape');
  await page.locator('.judge').first().click();
  await page.locator('.secret').first().waitFor();
  await look('a private view of a person');

  await tab('risks');
  await page.locator('#add-risk').click();
  await look('a risk to add');
  await page.keyboard.press('Escape');
  await page.locator('#item-rk-1 .picked button').first().click();
  await page.locator('.picks').waitFor();
  await look('what a risk is about');
  await escape('.picks');

  await tab('success');
  for (const of of ['objectives', 'criteria']) {
    await page.locator(`#add-${of}`).click();
    await look(`${of} to add`);
    await page.keyboard.press('Escape');
  }
  await tab('comments');
  await page.getByText('Say something about an item').click();
  await page.locator('.compose textarea').first().fill('@a');
  await page.locator('.naming button').first().waitFor();
  await look('a comment that names somebody');

  await tab('private');
  await page.locator('#add-own').click();
  await page.locator('.ask-sheet [name=title]').fill('Ask for the discount');
  await look('a private task to add');
  await page.keyboard.press('Enter');
  await page.locator('.own-task').first().waitFor();
  await page.locator('#add-risk').click();
  await page.locator('.ask-sheet [name=title]').fill('The champion may leave');
  await page.keyboard.press('Enter');
  await page.locator('.vault .risk').first().waitFor();
  await look('private tasks and risks');
  await tab('plan');
}

const READERS = [
  ['buyer', BUYER],
  ['seller', SELLER],
  ['viewer', EXECUTIVE],
] as const;

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  // Whoever reads sees other controls; in the dark they have the same colours for everybody.
  test.each(colorScheme === 'dark' ? READERS.slice(0, 1) : READERS)(
    'the plan has nothing serious or critical for a %s',
    { timeout: 120_000 },
    async (_, who) => {
      const page = await stage.open(id, who, { colorScheme });
      await says(page, '.safety', 'Saved');
      await says(page, '.thirty', '%');
      const found: string[] = [];
      await everywhere(page, async (place) => void found.push(...(await findings(page, place))));
      expect(found).toEqual([]);
    },
  );

  test('nor has anything that opens within it', { timeout: 240_000 }, async () => {
    const page = await stage.open(id, SELLER, { colorScheme });
    await says(page, '.safety', 'Saved');
    await says(page, '.thirty', '%');
    const found: string[] = [];
    await opened(page, async (place) => void found.push(...(await findings(page, place))));
    expect(found).toEqual([]);
  });

  test('nor have the other pages and states', { timeout: 120_000 }, async () => {
    const page = await stage.tab(await stage.profile({ colorScheme }));
    const found: string[] = [];
    const look = async (place: string) => void found.push(...(await findings(page, place)));
    for (const path of [`/p/${id}`, `/p/${id}#token=abc`, '/join', '/join#0123456789012345678901234567890', '/']) {
      await page.goto('about:blank');
      await page.goto(stage.server.url + path);
      if (path.startsWith('/p/')) await page.locator('[data-state] h1').waitFor();
      await look(path);
    }
    await page
      .getByLabel('The key of your workspace')
      .fill(readFileSync(join(stage.server.dataFolder, 'api-key'), 'utf8').trim());
    await page.getByRole('button', { name: 'Show plans' }).click();
    await page.locator('[data-plan]').first().waitFor();
    await page.locator('[data-plan] summary').first().click();
    await look('the list of plans');
    await page.getByRole('button', { name: 'New plan' }).click();
    await look('a new plan');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('[data-plan] h3 button').first().click();
    await page.getByRole('dialog').waitFor();
    await look('opening a plan');
    expect(found).toEqual([]);
  });
});

test('from 320 to 2560 pixels nothing is wider than the screen', { timeout: 120_000 }, async () => {
  const page = await stage.open(id, SELLER);
  await says(page, '.safety', 'Saved');
  await says(page, '.thirty', '%');
  const wide: string[] = [];
  for (const width of [320, 390, 768, 1280, 2560]) {
    await page.setViewportSize({ width, height: 800 });
    await everywhere(page, async (place) => {
      const over = await page.evaluate(() => {
        const element = document.querySelector('plansync-plan')!.shadowRoot!;
        const dialog = element.querySelector('dialog[open]');
        const root = document.documentElement;
        return [root.scrollWidth - root.clientWidth, dialog ? dialog.scrollWidth - dialog.clientWidth : 0];
      });
      if (over.some((pixels) => pixels > 0)) wide.push(`${width} px, ${place}: ${over.join()} px too wide`);
    });
  }
  for (const path of ['/', '/join#0123456789012345678901234567890', `/p/${id}#token=abc`]) {
    const other = await stage.tab(await stage.profile());
    await other.goto(stage.server.url + path);
    for (const width of [320, 390, 768, 1280, 2560]) {
      await other.setViewportSize({ width, height: 800 });
      const over = await other.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (over > 0) wide.push(`${width} px, ${path}: ${over} px too wide`);
    }
  }
  expect(wide).toEqual([]);
});

/** Where the focus is, in words. */
const focus = (page: Page) =>
  page.evaluate(() => {
    let at: Element | null = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (!at || at === document.body) return { words: '', isVisible: true, inDialog: false, y: 0 };
    const box = at.getBoundingClientRect();
    return {
      words:
        (at.getAttribute('aria-label') ?? at.textContent ?? '').trim().replace(/\s+/g, ' ').slice(0, 60) || at.tagName,
      isVisible: box.width > 0 && box.height > 0 && at.checkVisibility(),
      inDialog: at.closest('dialog') !== null,
      y: box.top + scrollY,
    };
  });

test(
  'everything is reached without a mouse, dialogs keep the focus and give it back',
  { timeout: 120_000 },
  async () => {
    const page = await stage.open(id, SELLER);
    await says(page, '.safety', 'Saved');
    const walked: string[] = [];
    let y = 0;
    for (let step = 0; step < 400; step += 1) {
      await page.keyboard.press('Tab');
      const at = await focus(page);
      if (at.words === '') break;
      expect(at.isVisible, `${at.words} can be seen`).toBe(true);
      // Down the page, as it is read; a row has its own order.
      expect(at.y, `${at.words} comes after ${walked.at(-1)}`).toBeGreaterThan(y - 120);
      y = Math.max(y, at.y);
      walked.push(at.words);
    }
    for (const name of ['Call', 'Summary', 'Share', 'More', 'Plan']) expect(walked).toContain(name);
    expect(walked.some((each) => each.includes('Contract Signature') || each.includes('Kickoff'))).toBe(true);

    for (const name of ['Call', 'Summary', 'Share']) {
      await page.getByRole('button', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      if (name === 'Share') await page.locator('dialog .members li').first().waitFor();
      for (let step = 0; step < 25; step += 1) {
        await page.keyboard.press('Tab');
        const at = await focus(page);
        // The browser's own controls may be between the last and the first.
        expect(at.inDialog || at.words === '', `${name}: ${at.words} is in the dialog`).toBe(true);
      }
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect((await focus(page)).words).toBe(name);
    }
    await page.getByRole('button', { name: 'More', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowUp');
    expect((await focus(page)).words).toBe('Copy my link');
    await page.keyboard.press('Escape');
    expect((await focus(page)).words).toBe('More');
  },
);

/** By view: what Enter opens from where, and where Escape leads back to. */
const OPENINGS: readonly (readonly [view: string, from: string, opens: string])[] = [
  ['plan', '#item-ms-05 .more', '.drawer'],
  ['plan', '#item-ca-1 .more', '.drawer'],
  ['plan', '#item-ca-1 button.owners', '.picker'],
  ['plan', '#item-ms-08 plansync-field[name=title] button', '#item-ms-08 plansync-field[name=title] input'],
  ['plan', '#item-ms-08 plansync-field[name=due] button', '#item-ms-08 plansync-field[name=due] input'],
  ['plan', '#item-ms-08 plansync-field[name=status] button', '#item-ms-08 plansync-field[name=status] select'],
  ['timeline', '#bar-ms-06', '.tl-panel'],
  ['timeline', '#add-calendar', '.ask-sheet'],
  ['timeline', '#add-cadence', '.ask-sheet'],
  ['people', '[id^=add-to-]', '.ask-sheet'],
  ['risks', '#add-risk', '.ask-sheet'],
  ['risks', '#item-rk-1 .picked button', '.picks'],
  ['success', '#add-objectives', '.ask-sheet'],
  ['success', '#add-criteria', '.ask-sheet'],
  ['private', '#add-own', '.ask-sheet'],
];

test(
  'whatever opens within a view opens by Enter, is left by Escape, and gives the focus back',
  { timeout: 120_000 },
  async () => {
    const page = await stage.open(id, SELLER);
    await says(page, '.safety', 'Saved');
    const isFocused = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((each) => (each.getRootNode() as ShadowRoot).activeElement === each);
    await page.locator('#tab-plan').focus();
    for (const [key, view] of [
      ['End', 'private'],
      ['ArrowRight', 'plan'],
      ['ArrowLeft', 'private'],
      ['Home', 'plan'],
    ] as const) {
      await page.keyboard.press(key);
      await page.locator(`#tab-${view}[aria-selected=true]:focus`).waitFor();
    }
    for (const [view, from, opens] of OPENINGS) {
      await page.locator(`#tab-${view}`).click();
      await page.locator(from).first().focus();
      await page.keyboard.press('Enter');
      await page.locator(opens).first().waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Escape');
      await page.locator(opens).first().waitFor({ state: 'detached' });
      await expect.poll(() => isFocused(from), { message: `${from} has the focus again` }).toBe(true);
    }
  },
);

test('whoever wants little motion gets none', async () => {
  const page = await stage.open(id, SELLER, { reducedMotion: 'reduce' });
  await says(page, '.safety', 'Saved');
  const moving = () =>
    page.evaluate(() => {
      const root = document.querySelector('plansync-plan')!.shadowRoot!;
      return [...document.getAnimations(), ...root.getAnimations()].length;
    });
  await page.getByRole('button', { name: 'Summary' }).click();
  expect(await moving()).toBe(0);
  await page.keyboard.press('Escape');
  await stage.server.workspace.plan(id).edit({ set: { tasks: { 'va-2': { title: 'Changed while reading' } } } });
  await says(page, '.ms, .step', 'Changed while reading');
  expect(await moving()).toBe(0);
});

/** The server with the pages of now, over a real line; what tests put in its place otherwise comes over none. */
async function front(): Promise<{ url: string; http: HttpServer }> {
  const { port } = new URL(stage.server.url);
  const http = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://here').pathname;
    const name = path.startsWith('/p/') ? 'plan.html' : path.startsWith('/assets/') ? path.slice(8) : '';
    const file = join(stage.folder, `${name}.gz`);
    if (name && existsSync(file)) {
      const kinds = { html: 'text/html', css: 'text/css', js: 'text/javascript' } as Record<string, string>;
      response.writeHead(200, {
        'content-type': kinds[name.split('.').at(-1) ?? ''] ?? 'text/plain',
        'content-encoding': 'gzip',
      });
      return void response.end(readFileSync(file));
    }
    const { method, url: target, headers } = request;
    request.pipe(
      ask(
        { port, host: '127.0.0.1', method, path: target, headers: { ...headers, origin: stage.server.url } },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      ),
    );
  });
  http.on('upgrade', (request, socket, head) => {
    const behind = dial(Number(port), '127.0.0.1', () => {
      const headers = { ...request.headers, origin: stage.server.url, host: `127.0.0.1:${port}` };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
      behind.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      behind.write(head);
      socket.pipe(behind).pipe(socket);
    });
    behind.on('error', () => socket.destroy());
    socket.on('error', () => behind.destroy());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, http };
}

/** When something is seen, in milliseconds since the page was asked for. */
interface Opened {
  /** The plan's shape. */
  readonly shape: number;
  /** Title, sentence, progress, next milestone, and what each side owes. */
  readonly first: number;
  /** The plan itself, to read and to edit. */
  readonly plan: number;
  /** By how many pixels the sentence stands elsewhere in the plan than it stood before. */
  readonly moved: number;
  /** What the server was asked over HTTP. */
  readonly asked: readonly string[];
}

/** A phone on a slow line opens the plan, with nothing of it on the phone. */
async function openSlowly(url: string, token: string, picture?: string): Promise<Opened> {
  const context = await stage.browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-US' });
  await context.addInitScript(() => {
    const seen = { first: 0, plan: 0, top: 0 };
    Object.assign(window, { seen });
    const wanted = ['.head h1', '.thirty h2', '.thirty dl > div:nth-child(3) dd', '.thirty .owes dd b'];
    const look = () => {
      const element = document.querySelector('plansync-plan');
      const before = element?.querySelector('[slot=opening]')?.shadowRoot;
      const isThere = [before, element?.shadowRoot].some((root) =>
        wanted.every((each) => root?.querySelector<HTMLElement>(each)?.innerText.trim()),
      );
      if (isThere) seen.first ||= performance.now();
      seen.top = before?.querySelector('.thirty h2')?.getBoundingClientRect().top || seen.top;
      if (element?.shadowRoot?.querySelector('#view .ms')) seen.plan ||= performance.now();
      if (!seen.first || !seen.plan) requestAnimationFrame(look);
    };
    look();
  });
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/v1/plans/')) asked.push(pathname.split('/')[4] ?? 'plan');
  });
  const line = await context.newCDPSession(page);
  await line.send('Network.enable');
  const bytes = (1.6 * 1_000_000) / 8;
  await line.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: bytes,
    uploadThroughput: bytes,
  });
  await page.goto(`${url}/p/${id}#token=${token}`, { waitUntil: 'commit' });
  const until = (what: 'first' | 'plan') =>
    page.waitForFunction((what) => (window as unknown as { seen: Opened }).seen[what] > 0, what);
  await until('first');
  if (picture) await stage.picture(page, `${picture}-first`, false);
  await until('plan');
  await says(page, '.safety', 'Saved');
  await says(page, '.version', 'Version of');
  if (picture) await stage.picture(page, `${picture}-plan`, false);
  expect(await page.locator('.thirty h2').count()).toBe(1);
  const { top, ...opened } = await page.evaluate(() => ({
    ...(window as unknown as { seen: { first: number; plan: number; top: number } }).seen,
    shape: performance.getEntriesByName('first-paint')[0]?.startTime ?? Infinity,
  }));
  const moved = Math.abs(((await page.locator('.thirty h2').boundingBox())?.y ?? Infinity) - top);
  await context.close();
  return { ...opened, moved, asked };
}

test.each([
  ['reads', EXECUTIVE],
  ['leads', BUYER],
])('on a slow line who %s has the thirty seconds within one', { timeout: 240_000 }, async (does, who) => {
  const { url, http } = await front();
  const token = await stage.server.token(id, who);
  const rounds: Opened[] = [];
  for (let round = 0; round < 5; round += 1)
    rounds.push(await openSlowly(url, token, round ? undefined : `slow-${does}`));
  // The quickest: whatever else the machine does makes the others slower, and none quicker.
  const best = (of: 'shape' | 'first' | 'plan') => Math.round(Math.min(...rounds.map((each) => each[of])));
  console.log(
    `on 1.6 Mbit/s with 150 ms, who ${does} sees the shape after ${best('shape')} ms, the thirty seconds after ` +
      `${best('first')} ms, the plan after ${best('plan')} ms`,
  );
  // Within one second on a machine of its own; half as much again where others work beside.
  expect(best('first')).toBeLessThan(1_500);
  // The element takes the place of what stood there, and asks for nothing again.
  expect(Math.min(...rounds.map((each) => each.moved))).toBeLessThan(2);
  const [quickest] = [...rounds].sort((a, b) => a.asked.length - b.asked.length);
  expect(quickest?.asked.filter((each) => each === 'plan' || each === 'summary').sort()).toEqual(['plan', 'summary']);
  await new Promise((resolve) => {
    http.close(resolve);
    http.closeAllConnections();
  });
});
