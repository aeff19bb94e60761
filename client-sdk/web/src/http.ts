/**
 * The HTTP side of one plan. (`workspace.ts` is that of all plans.)
 *
 * In: calls. Out: what the server answers (`docs/http.md`). What a caller sees when it fails: a {@link PlanError}; of kind
 * `unreachable` it is worth trying again.
 */

import { PlanError, words, type Malformed, type PlanErrorKind } from './error.js';
import type { EditJson } from './edit.js';
import type { Change } from './machine.js';
import type { ChangeClass, PlanJson } from './schema.js';

/** How long a request may take. */
const ANSWER_MAX_MS = 30_000;

/** A share: how many of how many. */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly percent?: number;
}

/** The first 20 of a list, and how many there are. */
export interface Listed<T> {
  readonly count: number;
  readonly items: readonly T[];
}

/** How a plan stands on a day, as `docs/http.md` describes it. */
export interface Figures {
  readonly asOf: string;
  readonly completion: { readonly complete: number; readonly counted: number; readonly percent?: number };
  readonly milestones: { readonly complete: number; readonly total: number };
  readonly status: 'draft' | 'stalled' | 'at_risk' | 'not_started' | 'on_track' | (string & {});
  readonly health: {
    readonly score: number;
    readonly parts: Readonly<Record<string, number>>;
    readonly reasons: readonly { readonly code: string; readonly lost: number; readonly message: string }[];
  };
  readonly feasible: boolean;
  readonly target?: { readonly date: string; readonly item?: string; readonly projected?: string };
  readonly targetSlip?: number;
  readonly nextMilestone?: {
    readonly id: string;
    readonly title?: string;
    readonly due?: string;
    readonly projected?: string;
  };
  readonly overdue: Listed<{ readonly id: string; readonly days: number }>;
  readonly dueSoon: Listed<string>;
  readonly mustMove: Listed<{ readonly id: string; readonly from: string; readonly to: string; readonly days: number }>;
  readonly atRisk: Listed<string>;
  readonly criticalItems: Listed<string>;
  /** The days since anybody, and since each party, changed anything that counts. */
  readonly staleness?: Partial<Age> & { readonly byParty?: Readonly<Record<string, Age>> };
  /** Further figures. */
  readonly [more: string]: unknown;
}

/** How long ago something was, and the word for it. */
export interface Age {
  readonly days: number;
  readonly level: 'fresh' | 'ageing' | 'stale' | (string & {});
}

/** When each item will be done. */
export interface Schedule {
  readonly finish: Readonly<Record<string, string>>;
  readonly slip: Readonly<Record<string, number>>;
  readonly targetItem?: string;
  readonly targetSlip?: number;
  readonly drivingPath: readonly string[];
  readonly slack: Readonly<Record<string, number>>;
  readonly critical: readonly string[];
  readonly cycle: readonly string[];
}

/** One piece of advice. */
export interface Advice {
  readonly level: 'error' | 'warning' | 'hint' | (string & {});
  readonly code: string;
  readonly rule: string;
  readonly subject?: string;
  readonly message: string;
}

/** A plan as the server shows it. */
export interface PlanAnswer {
  readonly id: string;
  readonly seq: number;
  readonly updatedAt: string;
  readonly plan: PlanJson;
  readonly figures: Figures;
  readonly schedule: Schedule;
  readonly lint: readonly Advice[];
}

/** A day that an item should be due on for the target to hold. */
export interface Proposed {
  readonly id: string;
  /** The day it is due on, if any. */
  readonly from: string | null;
  readonly to: string;
}

/** What is proposed for a plan's target. */
export interface Backward {
  readonly seq: number;
  readonly target: string | null;
  /** The first first. */
  readonly proposed: readonly Proposed[];
}

/** What is asked of a plan. */
export interface PlanQuery {
  /** Removed entities too. */
  removed?: boolean;
  /** The plan as it stood after this entry. */
  at?: number;
  /** The day that figures, schedule and advice hold for; today in the plan's zone unless given. */
  asOf?: string;
}

/** What is asked of a summary. */
export interface SummaryQuery {
  /** After an entry (`412`), a touchpoint's id, or `last-visit`; the end of the last closed touchpoint unless given. */
  since?: number | string;
  /** Up to this entry. */
  until?: number;
  /** The day it speaks of. */
  asOf?: string;
  /** `md` unless given. */
  format?: 'md' | 'html' | 'text' | 'json';
}

/** A summary as JSON, as `docs/summary.md` describes it. */
export type SummaryJson = Readonly<Record<string, unknown>>;

/** What is asked of the changes. */
export interface ChangesQuery {
  /** After this entry (`412`) or this change (`"412.0"`); from the beginning unless given. */
  since?: number | string;
  /** 1 to 1,000; 100 unless given. */
  limit?: number;
  /** One class, or several. */
  class?: ChangeClass | readonly ChangeClass[];
  /** A collection (`tasks`) or an entity (`tasks/ca-1`). */
  entity?: string;
}

/** A page of changes. */
export interface ChangesPage {
  readonly changes: readonly Change[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
  /** Where this page ends: `since` of what comes later. */
  readonly cursor: string;
  /** The entry of the last change there is. */
  readonly seq: number;
}

/** A call or meeting. */
export interface TouchpointAnswer {
  readonly id: string;
  readonly kind?: string;
  readonly title?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly baselineSeq: number;
  readonly closedSeq?: number;
}

/** The touchpoints of a plan, at the server. */
export interface Touchpoints {
  /** Opens one: a call begins. */
  open(touchpoint: {
    kind: 'call' | 'meeting' | 'email' | 'async';
    title: string;
    startedAt?: string;
  }): Promise<{ id: string; baselineSeq: number }>;
  /** Closes one: from here the next summary counts. */
  close(id: string): Promise<{ id: string; baselineSeq: number; closedSeq: number }>;
  /** All of them, the oldest first. */
  list(): Promise<readonly TouchpointAnswer[]>;
}

/** An answer to an edit. */
export interface EditAnswer {
  readonly seq: number;
  readonly changes: readonly Change[];
  readonly refused: readonly unknown[];
}

/** How to reach the server. */
export interface HttpOptions {
  /** Its address, ending in a slash. */
  url: string;
  fetch: typeof fetch | undefined;
  /** The token or key; another one, where the last was refused. */
  token: (refused: boolean) => Promise<string | null>;
  /** Whom a workspace acts for. */
  actor?: string | undefined;
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Requests with a token. */
export class Http {
  constructor(protected readonly options: HttpOptions) {}

  /** Sends a request and reads JSON. */
  async json<T>(method: string, path: string, query: Query = {}, body?: unknown): Promise<T> {
    const response = await this.#send(method, path, query, body);
    if (response.status === 204) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw new PlanError('protocol', `${method} ${path} answered no JSON: is ${this.options.url} a plansync server?`, {
        cause,
      });
    }
  }

  /** Sends a request and reads text. */
  async text(method: string, path: string, query: Query = {}): Promise<string> {
    return (await this.#send(method, path, query)).text();
  }

  async #send(method: string, path: string, query: Query, body?: unknown): Promise<Response> {
    const token = await this.#token(false);
    if (token === null)
      throw new PlanError('unauthorized', 'the token is missing, or the server has refused it: get another one', {
        status: 401,
      });
    const response = await this.#once(method, path, query, body, token);
    const another = response.status === 401 ? await this.#token(true) : null;
    // Without another token the server's word on this one stands.
    return this.#checked(
      method,
      path,
      another === null ? response : await this.#once(method, path, query, body, another),
    );
  }

  async #token(refused: boolean): Promise<string | null> {
    try {
      return await this.options.token(refused);
    } catch (cause) {
      throw new PlanError('unreachable', `there is no token for now (${words(cause)}): try again later`, { cause });
    }
  }

  async #once(method: string, path: string, query: Query, body: unknown, token: string): Promise<Response> {
    const { url, fetch, actor } = this.options;
    if (!fetch) throw new PlanError('malformed', 'there is no fetch here: give one as the option `fetch`');
    const address = new URL(path, url);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) address.searchParams.set(name, String(value));
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (actor !== undefined) headers['x-plansync-actor'] = actor;
    try {
      return await fetch(address, {
        method,
        headers,
        signal: AbortSignal.timeout(ANSWER_MAX_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new PlanError('unreachable', `no answer from ${address.origin} (${words(cause)}): try again later`, {
        cause,
      });
    }
  }

  async #checked(method: string, path: string, response: Response): Promise<Response> {
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as {
      code?: string;
      detail?: string;
      errors?: Malformed[];
    };
    const [first] = Array.isArray(problem.errors) ? problem.errors : [];
    const place = first ? `: ${first.path} is ${first.value}, and should be ${first.expected}` : '';
    const detail = `${problem.detail ?? response.statusText}${place}`;
    throw new PlanError(kindOf(response.status), `${method} ${path}: ${detail} (${response.status})`, {
      code: problem.code,
      status: response.status,
      malformed: Array.isArray(problem.errors) ? problem.errors : undefined,
    });
  }
}

function kindOf(status: number): PlanErrorKind {
  const kinds: Record<number, PlanErrorKind> = {
    401: 'unauthorized',
    403: 'not_allowed',
    404: 'not_found',
    409: 'conflict',
    413: 'too_large',
  };
  return kinds[status] ?? (status >= 500 || status === 429 ? 'unreachable' : 'malformed');
}

/** One plan, over HTTP. */
export class PlanHttp extends Http {
  /** Calls and meetings, from which summaries count. */
  readonly touchpoints: Touchpoints;
  readonly #path: string;

  /** A plan of a server. */
  constructor(options: HttpOptions & { plan: string }) {
    super(options);
    this.#path = `v1/plans/${encodeURIComponent(options.plan)}`;
    this.touchpoints = {
      open: (touchpoint) => this.json('POST', `${this.#path}/touchpoints`, {}, touchpoint),
      close: (id) => this.json('POST', `${this.#path}/touchpoints/${encodeURIComponent(id)}/close`),
      list: async () =>
        (await this.json<{ touchpoints: TouchpointAnswer[] }>('GET', `${this.#path}/touchpoints`)).touchpoints,
    };
  }

  /** The plan with its figures, schedule and advice. */
  get(query: PlanQuery = {}): Promise<PlanAnswer> {
    return this.json('GET', this.#path, { ...query, removed: query.removed || undefined });
  }

  /** How the plan stands. */
  async figures(query: { asOf?: string } = {}): Promise<Figures> {
    return (await this.get(query)).figures;
  }

  /** Backward from the target: the day each open item should be due on at the latest. A proposal, nothing is written. */
  backward(): Promise<Backward> {
    return this.json('GET', `${this.#path}/backward`);
  }

  /** Who set this to what: `tasks/ca-1`, `tasks/ca-1/due`. The oldest first. */
  async history(of: string): Promise<readonly Change[]> {
    return (await this.json<{ history: Change[] }>('GET', this.#path, { history: of })).history;
  }

  /** Edits without a document: durable when it resolves. */
  edit(edit: Partial<EditJson> & { reason?: string }): Promise<EditAnswer> {
    return this.json('POST', `${this.#path}/edits`, {}, edit);
  }

  /** The changes of the plan, a page at a time, the oldest first. */
  changes(query: ChangesQuery = {}): Promise<ChangesPage> {
    const { since, limit, entity } = query;
    const classes = query.class === undefined ? undefined : [query.class].flat().join(',');
    return this.json('GET', `${this.#path}/changes`, { since, limit, entity, class: classes });
  }

  /** What changed, what else moves and who is next. */
  summary(query: SummaryQuery & { format: 'json' }): Promise<SummaryJson>;
  summary(query?: SummaryQuery): Promise<string>;
  summary(query?: SummaryQuery): Promise<string | SummaryJson>;
  summary(query: SummaryQuery = {}): Promise<string | SummaryJson> {
    const path = `${this.#path}/summary`;
    return query.format === 'json'
      ? this.json('GET', path, { ...query })
      : this.text('GET', path, { format: 'md', ...query });
  }

  /** The plan as a file. */
  export(format: 'json' | 'md' | 'csv' | 'ics'): Promise<string> {
    return this.text('GET', `${this.#path}/export`, { format });
  }
}

/** The parts of a link to a plan, as the server makes them: `https://host/p/demo#token=…`. Nothing for another address. */
export function parseLink(link: string): { url: string; plan: string; token: string } | undefined {
  try {
    const address = new URL(link);
    const [, before, plan] = /^(.*\/)p\/([^/]+)$/.exec(address.pathname) ?? [];
    const token = new URLSearchParams(address.hash.slice(1)).get('token');
    return plan && token ? { url: `${address.origin}${before}`, plan: decodeURIComponent(plan), token } : undefined;
  } catch {
    return undefined;
  }
}
