/**
 * What people do with a plan and see then: every scenario of `client-sdk/scenarios`, with this client. The README there
 * says what each step means; the Rust client runs the same files.
 */

import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { fileStore } from '../../src/file.js';
import { PlanError, type Change, type Edit, type Plan, type Refused } from '../../src/index.js';
import type { TokenRequest } from '../../src/workspace.js';
import { Server, until } from './server.js';

/** How long a step may wait for what it expects. */
const WAIT_MS = 20_000;
const FOLDER = fileURLToPath(new URL('../../../scenarios/', import.meta.url));
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

interface Given {
  add?: Record<string, Record<string, object>>;
  set?: Record<string, Record<string, object>>;
  remove?: Record<string, string[]>;
  restore?: Record<string, string[]>;
  reason?: string;
}

interface Step {
  do: string;
  who: string;
  is: unknown;
  at: string;
  edit: Given;
  of: string[];
  are: unknown[];
  collection: string;
  state: Record<string, unknown> | null;
  [more: string]: unknown;
}

interface Scenario {
  title: string;
  people: Record<string, TokenRequest & { private?: boolean }>;
  steps: Step[];
}

type Json = Record<string, unknown>;
type Surface = Record<string, Record<string, (...given: unknown[]) => unknown>>;

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server?.stop());

/** One person of a scenario, their network, and what they have been told. */
class Actor {
  plan!: Plan;
  readonly changes: Change[] = [];
  readonly refused: Refused[] = [];
  #offline = false;
  readonly #sockets = new Set<WebSocket>();
  #copy = mkdtempSync(join(server.dataFolder, 'scenario-'));

  constructor(
    private readonly id: string,
    private readonly token: string,
    private readonly isPrivate: boolean,
  ) {}

  async join(step: Step): Promise<void> {
    const network = this;
    class Socket extends WebSocket {
      constructor(...given: ConstructorParameters<typeof WebSocket>) {
        if (network.#offline) throw new Error('no network');
        super(...given);
        network.#sockets.add(this);
        this.on('close', () => network.#sockets.delete(this));
      }
    }
    this.plan = await server.join(this.id, undefined, {
      token: this.token,
      WebSocket: Socket,
      scope: this.isPrivate ? 'private' : 'shared',
      ...(step['keeps'] ? { store: fileStore(this.#copy) } : {}),
    });
    this.plan.on('change', (change) => this.changes.push(change));
    this.plan.on('refused', (refused) => this.refused.push(refused));
    await this.plan.ready;
    if (step['live'] !== false) await this.plan.live({ timeoutMs: WAIT_MS });
  }

  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async offline(): Promise<void> {
    this.#offline = true;
    this.cut();
    await until(
      () => this.plan.status.state,
      (state) => state === 'offline',
      WAIT_MS,
    );
  }

  online(): void {
    this.#offline = false;
  }

  /** What is on disk now is what the next program finds; the dying one does no more with it. */
  async crash(): Promise<void> {
    const next = mkdtempSync(join(server.dataFolder, 'scenario-'));
    cpSync(this.#copy, next, { recursive: true });
    for (const file of readdirSync(next).filter((each) => each.endsWith('.lock'))) rmSync(join(next, file));
    this.#copy = next;
    await this.plan.close();
  }

  heard(subject: string): unknown[] {
    const places = this.changes.map((change) => change.id.split('/').slice(-2).map(Number) as [number, number]);
    const isSorted = places.every(
      ([seq, n], at) => at === 0 || seq > places[at - 1]![0] || (seq === places[at - 1]![0] && n > places[at - 1]![1]),
    );
    if (!isSorted) throw new Error(`each once and in order: ${JSON.stringify(places)}`);
    const of = this.changes.filter((change) => change.subject === subject && change.data.field !== undefined);
    return of.map((change) => [change.data.field, change.data.new ?? null]);
  }
}

function write(tx: Edit, given: Given): void {
  const surface = tx as unknown as Surface;
  for (const [name, entities] of Object.entries(given.add ?? {})) {
    for (const [id, fields] of Object.entries(entities)) surface[name]!['add']!({ ...fields, id });
  }
  for (const [name, entities] of Object.entries(given.set ?? {})) {
    if (name === 'meta') surface['meta']!['set']!(entities);
    else for (const [id, fields] of Object.entries(entities)) surface[name]!['set']!(id, fields);
  }
  for (const list of ['remove', 'restore'] as const) {
    for (const [name, ids] of Object.entries(given[list] ?? {})) ids.forEach((id) => surface[name]![list]!(id));
  }
}

function edit(plan: Plan, given: Given): void {
  plan.edit((tx) => write(tx, given), given.reason === undefined ? {} : { reason: given.reason });
}

function valueAt(plan: Json, path: string): unknown {
  const [collection, ...rest] = path.split('/') as [string, ...string[]];
  const rows = plan[collection] as Json[] | undefined;
  const row = collection === 'meta' ? plan['meta'] : rows?.find((each) => each['id'] === rest[0]);
  const field = collection === 'meta' ? rest.join('/') : rest.slice(1).join('/');
  return field.split('.').reduce<unknown>((value, name) => (value as Json | undefined)?.[name], row) ?? null;
}

/** What a plan as canonical JSON has to say to a step: what was found, and what should be. */
function found(step: Step, plan: Json): [unknown, unknown] {
  if (step.do === 'expect') return [valueAt(plan, step.at), step.is];
  if (step.do === 'lacks') return [JSON.stringify(plan).includes(step['text'] as string), false];
  const rows = (plan[step.collection] ?? []) as { id: string }[];
  return [rows.map((row) => row.id).filter((id) => step.of.includes(id)), step.of];
}

/** Waits until what is found is what should be. */
async function become(look: () => Promise<[unknown, unknown]> | [unknown, unknown]): Promise<void> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const [seen, wanted] = await look();
    if (JSON.stringify(seen) === JSON.stringify(wanted)) return;
    if (Date.now() > end) return expect(seen).toEqual(wanted);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function act(actor: Actor, step: Step): Promise<string | undefined> {
  const { plan } = actor;
  switch (step.do) {
    case 'join':
      await actor.join(step);
      return;
    case 'leave':
      return void (await plan.close());
    case 'crash':
      return void (await actor.crash());
    case 'offline':
      return void (await actor.offline());
    case 'online':
      return void actor.online();
    case 'cut':
      return void actor.cut();
    case 'edit':
      return void edit(plan, step.edit);
    case 'malformed': {
      let thrown: unknown;
      try {
        edit(plan, step.edit);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(PlanError);
      expect((thrown as PlanError).kind).toBe(step['kind']);
      if (step['path'] !== undefined) expect((thrown as PlanError).path).toBe(step['path']);
      return;
    }
    case 'move': {
      const { do: _, who: __, collection, id, ...place } = step;
      plan.edit((tx) => (tx as unknown as Surface)[collection]!['move']!(id, place));
      return;
    }
    case 'undo':
      return void expect(plan.undo()).toBe(true);
    case 'redo':
      return void expect(plan.redo()).toBe(true);
    case 'flush':
      return void (await plan.flush({ timeoutMs: WAIT_MS }));
    case 'saved':
      return void (await until(
        () => plan.stored,
        (stored) => stored === plan.pending,
        WAIT_MS,
      ));
    case 'pending':
      return void expect(plan.pending).toBe(step.is);
    case 'status':
      return void (await become(() => [plan.status.state, step.is]));
    case 'present':
      return void plan.presence.set(step.state);
    case 'refused': {
      const isIt = (each: Refused) =>
        each.code === step['code'] &&
        (step.at === undefined || step.at === (each.id ? `${each.entity}/${each.id}` : each.entity)) &&
        (step['field'] === undefined || step['field'] === each.field);
      const refused = await until(() => actor.refused.find(isIt), Boolean, WAIT_MS);
      return refused?.proposal;
    }
    case 'sees':
    case 'misses':
      return void (await become(() => {
        const shows = (other: object) =>
          Object.entries(step.state ?? {}).every(([name, value]) => (other as Json)[name] === value);
        const is = plan.presence.others.some((other) => other.person === step['person'] && shows(other));
        return [is, step.do === 'sees'];
      }));
    case 'changes':
      return void (await become(() => [actor.heard(step['subject'] as string), step.are]));
    case 'expect':
    case 'lacks':
    case 'order':
      return void (await become(() => found(step, plan.toJSON({ removed: true }) as unknown as Json)));
    default:
      throw new Error(`no such step: ${step.do}`);
  }
}

async function play(id: string, scenario: Scenario): Promise<void> {
  await server.plan(undefined, id);
  const actors = new Map<string, Actor>();
  for (const [name, { private: isPrivate = false, ...who }] of Object.entries(scenario.people)) {
    actors.set(name, new Actor(id, await server.token(id, who), isPrivate));
  }
  const onServer = async () => (await server.workspace.plans.get(id, { removed: true })).plan as unknown as Json;
  const remembered = new Map<string, string>();
  for (const [n, given] of scenario.steps.entries()) {
    let text = JSON.stringify(given);
    for (const [name, value] of remembered) text = text.replaceAll(`$${name}`, value);
    const step = JSON.parse(text) as Step;
    const run = async () => {
      if (step.do === 'kill-server') return server.down('SIGKILL');
      if (step.do === 'start-server') return server.up();
      if (step.do === 'recreate') {
        const key = readFileSync(join(server.dataFolder, 'api-key'), 'utf8').trim();
        const headers = { authorization: `Bearer ${key}` };
        const erased = await fetch(`${server.url}/v1/plans/${id}?erase=true`, { method: 'DELETE', headers });
        expect(erased.status).toBe(200);
        return void (await server.plan(undefined, id));
      }
      if (step.do === 'settle')
        return void (await server.workspace.plan(id).touchpoints.open({ kind: 'call', title: 'Settle' }));
      if (step.do === 'same') {
        return become(async () => {
          const held = step.of.map((name) =>
            name === 'server' ? onServer() : (actors.get(name)?.plan.toJSON({ removed: true }) as unknown as Json),
          );
          const plans = await Promise.all(held);
          return [plans, plans.map(() => plans[0])];
        });
      }
      if (step.who === 'server') return become(async () => found(step, await onServer()));
      const actor = actors.get(step.who);
      if (!actor) throw new Error(`nobody is called ${step.who}`);
      const value = await act(actor, step);
      if (value !== undefined && typeof step['as'] === 'string') remembered.set(step['as'], value);
    };
    await run().catch((error: unknown) => {
      throw new Error(`step ${n + 1}: ${text}: ${String(error)}`, { cause: error });
    });
  }
  await Promise.all([...actors.values()].map((actor) => actor.plan?.close()));
}

describe('every scenario goes as it is told', () => {
  test('there are some', () => expect(FILES.length).toBeGreaterThanOrEqual(10));

  for (const file of FILES) {
    const scenario = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Scenario;
    test(`${file}: ${scenario.title}`, { timeout: 120_000 }, () => play(file.replace('.json', ''), scenario));
  }
});
