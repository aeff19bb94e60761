/**
 * A headless Chromium and the pages it opens, for tests: the package bundled as a page would have it, on an address of
 * its own. The browser is `PLANSYNC_CHROMIUM`, else the system's.
 */

import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser as Chromium, type BrowserContext, type Page } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const BROWSERS = [
  process.env['PLANSYNC_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** A browser with an address for its pages. */
export class Browser {
  /** What pages complained of. */
  readonly complaints: string[] = [];

  static async start(): Promise<Browser> {
    const executablePath = BROWSERS.find((path) => path && existsSync(path));
    if (!executablePath) throw new Error('no Chromium: install it or set PLANSYNC_CHROMIUM');
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
    });
    const script = outputFiles[0]?.text ?? '';
    const http = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(
        isScript ? script : '<!doctype html><title>page</title><script type="module" src="/page.js"></script>',
      );
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new Browser(http, await chromium.launch({ executablePath, args: FLAGS }));
  }

  private constructor(
    private readonly http: HttpServer,
    private readonly chromium: Chromium,
  ) {}

  /** Where the pages are. */
  get origin(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** A browser profile of its own. */
  context(): Promise<BrowserContext> {
    return this.chromium.newContext();
  }

  /** A tab of a profile. */
  async tab(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(error.message));
    await page.goto(this.origin);
    await page.waitForFunction(() => 'plansync' in window);
    return page;
  }

  async stop(): Promise<void> {
    await this.chromium.close();
    await new Promise((resolve) => this.http.close(resolve));
  }
}
