/** A plan in a page of another origin, as docs/embedding.md says and as examples/embed does it. */

import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SAMPLE } from '../server/server.js';
import { BUYER, SELLER, Stage, freePort, says, shifted } from './stage.js';

const root = new URL('../../../../', import.meta.url);
const guide = readFileSync(new URL('docs/embedding.md', root), 'utf8');

let stage: Stage;
let host: HttpServer;
let origin: string;
/** What the foreign origin answers, by path. */
const answers = new Map<string, () => [body: string, kind: string]>();
const children: ChildProcess[] = [];
const ports = { node: 0, python: 0 };

beforeAll(async () => {
  host = createServer((request, response) => {
    const answer = answers.get(new URL(request.url ?? '', 'http://here').pathname);
    const [body, kind] = answer?.() ?? ['', 'text/plain'];
    response.writeHead(answer ? 200 : 404, { 'content-type': kind }).end(body);
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  ports.node = await freePort();
  ports.python = await freePort();
  const origins = [origin, `http://localhost:${ports.node}`, `http://localhost:${ports.python}`];
  stage = await Stage.start('--origins', origins.join(','), '--embed-origins', origin);
});
afterAll(async () => {
  children.forEach((child) => child.kill());
  await stage?.stop();
  await new Promise((resolve) => host.close(resolve));
});
afterEach(() => expect(stage.complaints.splice(0)).toEqual([]));

const secret = () => readFileSync(join(stage.server.dataFolder, 'token-secret'), 'utf8').trim();

/** The blocks of the guide in a language, in their order. */
function blocks(language: string): string[] {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block]) => block ?? '',
  );
}

/** A block of the guide, for the server of this test. */
const here = (block: string | undefined, plan: string) =>
  (block ?? '').replaceAll('https://plans.example.com', stage.server.url).replaceAll('demo', plan);

test('the three steps of the guide, in an empty page of another origin', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const [lines, who] = blocks('html');
  const [nodeToken] = blocks('js');
  // The guide's own function signs.
  const { planToken } = (await import(
    `data:text/javascript,${encodeURIComponent(`${nodeToken}\nexport { planToken };`)}`
  )) as { planToken(claims: object, secret: string): string };
  let asked = 0;
  answers.set('/', () => [
    `<!doctype html><html lang="en"><title>CRM</title>${here(lines, id)}${here(who, id)}`,
    'text/html',
  ]);
  answers.set('/plan-token', () => {
    asked += 1;
    return [
      planToken({ sub: 'ann@crm.example', name: 'Ann', plan: id, party: 'seller', access: 'editor' }, secret()),
      'text/plain',
    ];
  });
  const page = await stage.tab(await stage.profile());
  await page.goto(`${origin}/`);
  await says(page, 'plansync-plan .head h1', SAMPLE.meta?.title ?? '?');
  await says(page, '.safety', 'Saved');
  await says(page, '.thirty', '22 %');
  expect(asked).toBe(1);

  // It is the real thing: what is edited here, others have.
  const seller = await stage.open(id, SELLER);
  await says(seller, '.faces', 'Ann');
  await page.evaluate(() =>
    document.querySelector('plansync-plan')!.client!.edit((tx) => tx.tasks.set('va-1', { title: 'From the CRM' })),
  );
  await says(seller, '.step, .ms', 'From the CRM');
  await stage.picture(page, 'embedded');

  // Events and theming as the guide says them.
  const [events] = blocks('js').slice(1);
  expect(events).toContain('plansync-title');
  const heard = page.evaluate(
    () =>
      new Promise<string>((resolve) =>
        document.querySelector('plansync-plan')!.addEventListener('plansync-change', (event) => {
          const { data } = (event as CustomEvent<{ data: { new: string } }>).detail;
          // The page's own edit may be told only now.
          if (data.new !== 'From the CRM') resolve(data.new);
        }),
      ),
  );
  await stage.server.workspace.plan(id).edit({ set: { tasks: { 'va-1': { title: 'From elsewhere' } } } });
  expect(await heard).toBe('From elsewhere');
  const [theme] = blocks('css');
  await page.addStyleTag({ content: theme ?? '' });
  const looks = await page.locator('plansync-plan').evaluate((element) => ({
    button: getComputedStyle(element.shadowRoot!.querySelector('button.pri') ?? element)
      .getPropertyValue('--pri')
      .trim(),
    radius: getComputedStyle(element.shadowRoot!.querySelector('[part=thirty]')!).borderRadius,
  }));
  expect(looks).toEqual({ button: '#14213d', radius: '4px' });
  // Nothing was set outside of the element.
  expect(
    await page.evaluate(() => [document.title, document.documentElement.style.length, document.body.style.length]),
  ).toEqual(['CRM', 0, 0]);
});

test('the guide’s TypeScript, bundled: the element is made by the program, which edits the typed plan behind it', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const source = (file: string) => fileURLToPath(new URL(`client-sdk/web/src/${file}`, root));
  const { outputFiles } = await build({
    stdin: { contents: here(blocks('ts')[0], id), loader: 'ts', resolveDir: source('') },
    alias: { '@plansync/client/element': source('element/index.ts') },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
  });
  const token = await stage.server.token(id, BUYER);
  answers.set('/bundled', () => [
    '<!doctype html><html lang="en"><title>CRM</title><script type="module" src="/bundle.js"></script>',
    'text/html',
  ]);
  answers.set('/bundle.js', () => [outputFiles[0]?.text ?? '', 'text/javascript; charset=utf-8']);
  answers.set('/plan-token', () => [token, 'text/plain']);
  const page = await stage.tab(await stage.profile());
  const told = page.waitForEvent('console', (message) => message.text() === 'plansync.task.completed');
  await page.goto(`${origin}/bundled`);
  await says(page, 'plansync-plan .head h1', SAMPLE.meta?.title ?? '?');
  const status = async () =>
    (await stage.server.workspace.plans.get(id)).plan.tasks?.find((each) => each.id === 'ca-1')?.status;
  await expect.poll(status, { timeout: 30_000 }).toBe('complete');
  await told;
});

test('the plan’s page in a frame, where the server was told so', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const [, , frame] = blocks('html');
  const token = await stage.server.token(id, SELLER);
  answers.set('/frame', () => [`<!doctype html>${here(frame, id).replace('token=…', `token=${token}`)}`, 'text/html']);
  const page = await stage.tab(await stage.profile());
  await page.goto(`${origin}/frame`);
  await page.frameLocator('iframe').locator('plansync-plan .head h1').waitFor();
});

test.each([
  ['node', 'node', 'server.mjs', 'Ann'],
  ['python', 'python3', 'server.py', 'Ben'],
] as const)('the example runs: its server in %s signs who is reading', async (kind, program, file, name) => {
  const id = await stage.plan(shifted(SAMPLE), `demo-${kind}`);
  const child = spawn(program, [fileURLToPath(new URL(`examples/embed/${file}`, root))], {
    env: {
      ...process.env,
      PLANSYNC_URL: stage.server.url,
      PLANSYNC_TOKEN_SECRET: secret(),
      PORT: String(ports[kind]),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise<void>((resolve) => createInterface({ input: child.stdout! }).once('line', () => resolve()));
  const context = await stage.profile();
  const page = await stage.tab(context);
  // The example shows the plan `demo`; every test has one of its own.
  await page.route(`http://localhost:${ports[kind]}/`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace('plan="demo"', `plan="${id}"`) });
  });
  await page.goto(`http://localhost:${ports[kind]}/`);
  await says(page, 'plansync-plan .head h1', SAMPLE.meta?.title ?? '?');
  await says(page, '.safety', 'Saved');
  await says(page, '.faces', name);
});

test('the guide’s Python signs what the server takes', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const [python] = blocks('python');
  const claims = { sub: 'ben@crm.example', plan: id, party: 'buyer', access: 'viewer' };
  const child = spawn('python3', [
    '-c',
    `${python}\nimport sys\nprint(plan_token(json.loads(sys.argv[1]), sys.argv[2]))`,
    JSON.stringify(claims),
    secret(),
  ]);
  const token = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  const answer = await fetch(`${stage.server.url}/v1/plans/${id}`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
});

test('a page that the server was not told of opens nothing, and says so', async () => {
  const id = await stage.plan(shifted(SAMPLE));
  const token = await stage.server.token(id, SELLER);
  const port = await freePort();
  const stranger = createServer((_, response) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<!doctype html>${here(blocks('html')[0], id).replace('plan=', `token="${token}" plan=`)}`),
  );
  await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve));
  const page = await (await stage.profile()).newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  await says(page, '[data-state=away]', 'The server cannot be reached');
  await page.close();
  await new Promise((resolve) => stranger.close(resolve));
});
