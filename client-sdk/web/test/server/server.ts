/**
 * The real server as a process, for tests: started on a port and a folder of its own, killed, started again.
 *
 * The binary is `PLANSYNC_BIN`, else the one in `target/debug`.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { connect, type ConnectOptions, type Plan, type PlanJson } from '../../src/index.js';
import { Workspace, type TokenRequest } from '../../src/workspace.js';

/** The program. */
export const BINARY =
  process.env['PLANSYNC_BIN'] ?? fileURLToPath(new URL('../../../../target/debug/plansync', import.meta.url));
export const SAMPLE = JSON.parse(
  readFileSync(new URL('../../../../protocol/src/plan/sample.json', import.meta.url), 'utf8'),
) as PlanJson;

/** A person of the sample. */
export const ANN: TokenRequest = { person: 'b-it-manager', party: 'buyer', access: 'owner', name: 'Ann' };
/** Somebody of the other side. */
export const BEN: TokenRequest = { person: 's-account-exec', party: 'seller', access: 'owner', name: 'Ben' };

/** A running server. */
export class Server {
  private readonly data = mkdtempSync(join(tmpdir(), 'plansync-web-'));
  private child: ChildProcess | undefined;
  private port = 0;
  private readonly plans: Plan[] = [];

  /** Starts one. */
  static async start(...flags: string[]): Promise<Server> {
    const server = new Server(flags);
    await server.up();
    return server;
  }

  private constructor(private readonly flags: string[]) {}

  /** Starts it, again on the port it had; `daysAhead` is how many days later it is there. */
  async up({ daysAhead = 0 } = {}): Promise<void> {
    if (!existsSync(BINARY)) throw new Error(`no server at ${BINARY}: build it with cargo, or set PLANSYNC_BIN`);
    const args = [
      'serve',
      '--listen',
      `127.0.0.1:${this.port}`,
      '--data',
      this.data,
      '--settle-ms',
      '100',
      ...this.flags,
    ];
    const child = spawn(BINARY, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.data,
      env: { ...process.env, PLANSYNC_CLOCK_AHEAD_SECONDS: String(daysAhead * 86_400) },
    });
    this.child = child;
    const log: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const listening = /^listening (http:\S+)/.exec(line);
        if (listening) resolve(listening[1] as string);
      });
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${log.join('\n')}`)));
    });
    this.port = Number(new URL(url).port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends it, at once unless asked otherwise. */
  async down(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** Its folder, which goes with it. */
  get dataFolder(): string {
    return this.data;
  }

  /** The workspace. */
  get workspace(): Workspace {
    return new Workspace({ url: this.url, apiKey: readFileSync(join(this.data, 'api-key'), 'utf8').trim() });
  }

  /** A new plan from the sample, or from what is given. */
  async plan(plan: Partial<PlanJson> = SAMPLE, id?: string): Promise<string> {
    return (await this.workspace.plans.create(plan, id)).id;
  }

  /** A token. */
  async token(plan: string, who: TokenRequest = ANN): Promise<string> {
    return (await this.workspace.tokens.create(plan, who)).token;
  }

  /** A person with a plan open; closed with the server. */
  async join(plan: string, who: TokenRequest = ANN, options: Partial<ConnectOptions> = {}): Promise<Plan> {
    const token = options.token ?? (options.getToken ? undefined : await this.token(plan, who));
    return this.keep(connect(settings({ url: this.url, plan, ...(token === undefined ? {} : { token }), ...options })));
  }

  /** Closes a plan with the server. */
  keep(plan: Plan): Plan {
    this.plans.push(plan);
    return plan;
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await Promise.all(this.plans.map((plan) => plan.close()));
    await this.down();
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Quick attempts, and a websocket for Node 20. */
export function settings(options: ConnectOptions): ConnectOptions {
  return { WebSocket, store: 'memory', retry: { first: 20, max: 200, calm: 60_000 }, ...options };
}

/** Waits until something holds, or says what it was instead. */
export async function until<T>(look: () => T, holds: (seen: T) => unknown = Boolean, timeoutMs = 10_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const seen = look();
    if (holds(seen)) return seen;
    if (Date.now() > end) throw new Error(`after ${timeoutMs} ms it was ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
