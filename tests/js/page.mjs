/**
 * A headless Chromium with any number of pages, driven by JSON lines (see `lines.mjs`, README.md).
 *
 * Events: `console` (errors and warnings), `pageerror`, `csp` (a violated policy). Every request of a
 * page is kept, so a test can say that none went to another origin and none carried a token.
 *
 * The browser is the one of `PLANSYNC_CHROMIUM`, else Debian's.
 */

import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { chromium } from 'playwright-core';
import { say, serve } from './lines.mjs';

const WAIT_MS = 10_000;
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const BROWSERS = [process.env.PLANSYNC_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * @typedef {object} Opened
 * @property {import('playwright-core').Page} page
 * @property {{console: string[], pageErrors: string[], csp: object[]}} errors
 * @property {{method: string, url: string, status: number | null}[]} requests
 */

/** @type {Promise<import('playwright-core').Browser> | null} */
let browser = null;
/** @type {Map<string, Opened>} */
const pages = new Map();

function launched() {
  const executablePath = BROWSERS.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium: install it or set PLANSYNC_CHROMIUM');
  browser ??= chromium.launch({ executablePath, args: FLAGS });
  return browser;
}

/** @param {{page: string}} command */
function named({ page }) {
  const found = pages.get(page);
  if (!found) throw new Error(`no page ${JSON.stringify(page)}`);
  return found;
}

/** Opens a fresh context, so pages share no storage, and listens to everything it complains of. @param {any} command */
async function open(command) {
  const { page: name, viewport = { width: 1280, height: 800 }, colorScheme = 'light', reducedMotion = 'no-preference', locale = 'en-US', timezone } = command;
  const context = await (await launched()).newContext({ viewport, colorScheme, reducedMotion, locale, timezoneId: timezone });
  const page = await context.newPage();
  /** @type {Opened} */ const opened = { page, errors: { console: [], pageErrors: [], csp: [] }, requests: [] };
  pages.set(name, opened);

  await page.exposeBinding('plansyncViolated', (_source, violation) => {
    opened.errors.csp.push(violation);
    say({ event: 'csp', page: name, violation });
  });
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      // @ts-expect-error the binding above
      window.plansyncViolated({ directive: event.effectiveDirective, blocked: event.blockedURI, source: event.sourceFile, line: event.lineNumber });
    });
  });
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    opened.errors.console.push(message.text());
    say({ event: 'console', page: name, level: message.type(), text: message.text() });
  });
  page.on('pageerror', (error) => {
    opened.errors.pageErrors.push(error.message);
    say({ event: 'pageerror', page: name, error: error.message });
  });
  page.on('request', (request) => opened.requests.push({ method: request.method(), url: request.url(), status: null }));
  page.on('response', (response) => {
    const request = opened.requests.findLast((r) => r.url === response.url() && r.status === null);
    if (request) request.status = response.status();
  });
  page.on('websocket', (socket) => opened.requests.push({ method: 'WS', url: socket.url(), status: null }));
  return opened;
}

serve({
  async goto(command) {
    const opened = pages.get(command.page) ?? (await open(command));
    const response = await opened.page.goto(command.url, { waitUntil: 'domcontentloaded', timeout: command.timeoutMs ?? WAIT_MS });
    return { status: response?.status() ?? null, csp: response ? await response.headerValue('content-security-policy') : null };
  },
  /** Waits until the text stands (or, with `gone`, no longer stands) in the visible text of `selector`. */
  async waitText(command) {
    const { selector = 'body', text, gone = false, timeoutMs = WAIT_MS } = command;
    const found = named(command).page.locator(selector);
    const end = Date.now() + timeoutMs;
    for (;;) {
      // Locators look into open shadow roots too.
      const seen = await found.allInnerTexts().catch(() => []);
      if (seen.some((each) => each.includes(text)) !== gone) return;
      if (Date.now() > end)
        throw new Error(`not within ${timeoutMs} ms: ${JSON.stringify(text)}${gone ? ' gone' : ''}; ${selector} says ${JSON.stringify(seen).slice(0, 2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
  /** The visible texts of every element a selector finds. */
  text: (command) => named(command).page.locator(command.selector ?? 'body').allInnerTexts(),
  attribute: (command) => named(command).page.locator(command.selector).first().getAttribute(command.name, { timeout: WAIT_MS }),
  count: (command) => named(command).page.locator(command.selector).count(),
  click: (command) => named(command).page.locator(command.selector).first().click({ timeout: WAIT_MS }),
  fill: (command) => named(command).page.locator(command.selector).first().fill(command.text, { timeout: WAIT_MS }),
  press: (command) => named(command).page.keyboard.press(command.key),
  /** Where the keyboard is: the focused element's tag and text. */
  focus: (command) => named(command).page.evaluate(() => ({
    tag: document.activeElement?.tagName ?? null, text: (document.activeElement?.textContent ?? '').trim().slice(0, 200),
  })),
  /** How far the page is wider than its window; 0 means no sideways scrolling. */
  overflow: (command) => named(command).page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  async screenshot(command) {
    mkdirSync(dirname(command.path), { recursive: true });
    await named(command).page.screenshot({ path: command.path, fullPage: command.fullPage ?? true });
  },
  offline: (command) => named(command).page.context().setOffline(command.on),
  errors: (command) => named(command).errors,
  requests: (command) => named(command).requests,
  async close(command) {
    await named(command).page.context().close();
    pages.delete(command.page);
  },
}, async () => (await browser)?.close());
