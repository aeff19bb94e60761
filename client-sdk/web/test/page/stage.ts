/**
 * A stage for tests of the page: a real server with a plan, a headless Chromium, and people who have their link open.
 *
 * The page and its script are built from the sources as they are now, and stand in for those that the server holds, so a
 * test needs no new server for a new page. `PLANSYNC_SCREENSHOTS` names a folder for pictures.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, mkdtempSync, rmSync, existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import type { PlanJson } from '../../src/index.js';
import type { TokenRequest } from '../../src/workspace.js';
import { SAMPLE, Server } from '../server/server.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  // A page that a test has put in place comes from no address, and would not be let into the local network.
  '--disable-features=LocalNetworkAccessChecks',
];
const BROWSERS = [
  process.env['PLANSYNC_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const KINDS: Record<string, string> = { html: 'text/html', css: 'text/css', js: 'text/javascript' };

/** A day of the sample: four milestones are done, the fifth is under way. */
export const SAMPLE_DAY = '2026-02-17';

/** A plan with every day of it moved, so that {@link SAMPLE_DAY} is today in the plan's zone. */
export function shifted(plan: Partial<PlanJson>): Partial<PlanJson> {
  const zone = plan.meta?.tz ?? 'UTC';
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(Date.now());
  const by = Date.parse(today) - Date.parse(SAMPLE_DAY);
  const move = (_: string, value: unknown): unknown =>
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)
      ? new Date(Date.parse(value) + by).toISOString().slice(0, 10)
      : value;
  return JSON.parse(JSON.stringify(plan, move)) as Partial<PlanJson>;
}

/** The day that a day of the sample has become in {@link shifted}. */
export function shiftedDay(day: string): string {
  return shifted({ meta: { tz: SAMPLE.meta?.tz, goLive: day } } as Partial<PlanJson>).meta?.goLive ?? day;
}

/** People of the sample. */
export const BUYER: TokenRequest = { person: 'b-it-manager', party: 'buyer', access: 'owner', name: 'IT Manager' };
export const SELLER: TokenRequest = {
  person: 's-account-exec',
  party: 'seller',
  access: 'owner',
  name: 'Account Exec',
};
export const EXECUTIVE: TokenRequest = {
  person: 'b-vp-marketing',
  party: 'buyer',
  access: 'viewer',
  name: 'VP Marketing',
};

/** A browser. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = BROWSERS.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium: install it or set PLANSYNC_CHROMIUM');
  return chromium.launch({ executablePath, args: FLAGS });
}

/** A port of this device that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A stage. */
export class Stage {
  /** What pages complained of: errors, violated policies. */
  readonly complaints: string[] = [];

  /** Starts a server and a browser. */
  static async start(...flags: string[]): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'plansync-page-'));
    const script = fileURLToPath(new URL('../../scripts/page.mjs', import.meta.url));
    execFileSync(process.execPath, [script, folder], { stdio: 'pipe' });
    const server = await Server.start(...flags);
    return new Stage(server, await launchBrowser(), folder);
  }

  private constructor(
    readonly server: Server,
    readonly browser: Browser,
    readonly folder: string,
  ) {}

  /** A plan: the sample, unless another is given. */
  plan(plan: Partial<PlanJson> = SAMPLE, id?: string): Promise<string> {
    return this.server.plan(plan, id);
  }

  /** A browser profile of its own. `day` is the day it is there. */
  async profile(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 900 },
      locale: 'en-US',
      ...options,
    });
    const isOurs = (url: URL) =>
      url.origin === this.server.url && /^\/(assets\/[^/]+|p\/[^/]+|join|)$/.test(url.pathname);
    await context.route(isOurs, async (route) => {
      const path = new URL(route.request().url()).pathname;
      const name = path.startsWith('/assets/')
        ? path.slice('/assets/'.length)
        : path.startsWith('/p/')
          ? 'plan.html'
          : path === '/join'
            ? 'join.html'
            : 'home.html';
      const file = join(this.folder, name);
      if (!existsSync(file)) return route.fulfill({ status: 404, body: 'no such file' });
      // The server's own headers stay, its policy above all.
      const response = await route.fetch();
      const headers: Record<string, string> = {
        ...response.headers(),
        'content-type': KINDS[name.split('.').at(-1) ?? ''] ?? 'text/plain',
        ...(path.startsWith('/assets/') ? { 'access-control-allow-origin': '*' } : {}),
      };
      delete headers['content-encoding'];
      delete headers['content-length'];
      return route.fulfill({ status: 200, headers, body: readFileSync(file) });
    });
    return context;
  }

  /** A tab that listens to what the page complains of. */
  async tab(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(error.stack ?? error.message));
    page.on('console', (message) => {
      // An aborted connection is what a test wants now and then; a violated policy never is.
      if (message.type() === 'error' && !/ERR_|WebSocket|Failed to load/.test(message.text()))
        this.complaints.push(message.text());
    });
    return page;
  }

  /** Somebody opens their link, in a profile of their own unless one is given. */
  async open(
    plan: string,
    who: TokenRequest,
    options: BrowserContextOptions = {},
    context?: BrowserContext,
  ): Promise<Page> {
    const page = await this.tab(context ?? (await this.profile(options)));
    const { token } = await this.server.workspace.tokens.create(plan, who);
    await page.goto(`${this.server.url}/p/${plan}#token=${token}`);
    await page.locator('plansync-plan .head h1').waitFor();
    return page;
  }

  /** A picture, where pictures are wanted. */
  async picture(page: Page, name: string, fullPage = true): Promise<void> {
    const folder = process.env['PLANSYNC_SCREENSHOTS'];
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A profile's line to the server, which can be pulled out: no request, no websocket, and no goodbye. */
export async function line(context: BrowserContext): Promise<{ pull(): Promise<void>; plug(): Promise<void> }> {
  const sockets = new Set<{ close(options: { code: number }): Promise<void> }>();
  let isOut = false;
  await context.routeWebSocket(/\/v1\/sync\//, (socket) => {
    if (isOut) return void socket.close({ code: 3000 });
    socket.connectToServer();
    sockets.add(socket);
  });
  return {
    async pull() {
      isOut = true;
      await context.setOffline(true);
      for (const socket of sockets) await socket.close({ code: 3000 });
      sockets.clear();
    },
    async plug() {
      isOut = false;
      await context.setOffline(false);
      for (const page of context.pages())
        await page.evaluate(() => document.querySelector('plansync-plan')?.client?.reconnect());
    },
  };
}

/** Waits until a page says so; where it does not, tells what it says instead. */
export async function says(page: Page, selector: string, text: string | RegExp, timeoutMs = 30_000): Promise<void> {
  try {
    await page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: timeoutMs });
  } catch (error) {
    const there = await page.locator(`${selector}, .safety, .notices`).allInnerTexts();
    throw new Error(`the page does not say ${text} at ${selector}: it says ${JSON.stringify(there)}`, { cause: error });
  }
}
