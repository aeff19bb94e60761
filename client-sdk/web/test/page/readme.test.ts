/**
 * A new developer's way, from the README alone: its commands are run and its page is opened, as they stand there. Only the
 * ports are others, so that nobody's own server is in the way.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BINARY, SAMPLE } from '../server/server.js';
import { freePort, launchBrowser, says } from './stage.js';

const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');
const section = readme.split('\n## In your own product\n')[1]?.split('\n## ')[0] ?? '';

const started: ChildProcess[] = [];
let browser: Browser;
/** Where the developer is: a folder in which there is nothing but what `make run` has built. */
let folder: string;
let ports: { server: number; page: number };

beforeAll(async () => {
  browser = await launchBrowser();
  folder = mkdtempSync(join(tmpdir(), 'plansync-readme-'));
  mkdirSync(join(folder, 'target', 'release'), { recursive: true });
  symlinkSync(BINARY, join(folder, 'target', 'release', 'plansync'));
  ports = { server: await freePort(), page: await freePort() };
});
afterAll(async () => {
  await browser?.close();
  // A shell and what it runs are one group.
  for (const { pid, exitCode } of started) if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const withPorts = (text: string) =>
  text.replaceAll('4300', String(ports.server)).replaceAll('8080', String(ports.page));

/** The blocks of the section in a language, in their order. */
const blocks = (language: string) =>
  [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block]) =>
    withPorts(block ?? ''),
  );

/** Runs a block in a terminal of its own; what it prints until `until` stands there, or until it ends. */
function run(block: string | undefined, until?: RegExp): Promise<string> {
  const child = spawn('bash', ['-c', `set -e\n${block ?? 'exit 1'}`], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PYTHONUNBUFFERED: '1',
      PLANSYNC_LISTEN: `127.0.0.1:${ports.server}`,
      PLANSYNC_URL: `http://127.0.0.1:${ports.server}`,
    },
  });
  if (until) started.push(child);
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (bytes: Buffer) => {
      said += bytes.toString();
      if (until?.test(said)) resolve(said);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0 && !until) resolve(said);
      else reject(new Error(`this ended with ${code}:\n${block ?? ''}\nand said:\n${said}`));
    });
  });
}

test('the README’s steps put a plan into an empty page, where it is read and edited', async () => {
  const [serve, link, show] = blocks('sh');
  const [html] = blocks('html');
  await run(serve, /^listening /m);
  const said = await run(link);
  const printed = /^http\S+#token=\S+$/m.exec(said)?.[0];
  expect(printed, said).toBeDefined();
  // The README shows what the command prints.
  const shown = /^# (http\S+#token=)/m.exec(link ?? '')?.[1];
  expect(printed?.startsWith(shown ?? '?'), `${printed} as ${shown}`).toBe(true);

  const file = join(folder, 'page', 'index.html');
  mkdirSync(join(folder, 'page'));
  writeFileSync(file, (html ?? '').replace('token="…"', `token="${printed?.split('#token=')[1] ?? ''}"`));
  await run(show, /Serving HTTP/);

  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  const address = /http:\/\/localhost:\d+(?=:$)/m.exec(withPorts(section))?.[0] ?? '';
  await page.goto(address);
  await says(page, 'plansync-plan .head h1', SAMPLE.meta?.title ?? '?');
  await says(page, '.safety', 'Saved');
  await says(page, '.faces', 'Ann');
  await says(page, '.thirty', '%');

  await page.evaluate(() =>
    document.querySelector('plansync-plan')!.client!.edit((tx) => tx.tasks.set('ca-1', { title: 'From our page' })),
  );
  await says(page, '#item-ca-1', 'From our page');
  await says(page, '.safety', 'Saved');
  const exports = (link ?? '').split('\n').filter((each) => each.startsWith('export '));
  expect(await run([...exports, 'plansync plan show demo --format csv'].join('\n'))).toContain('From our page');
  // A page's icon is its own affair.
  expect(complaints.filter((each) => !/404/.test(each))).toEqual([]);
  expect(existsSync(join(folder, 'page', 'plansync-data'))).toBe(false);
});
