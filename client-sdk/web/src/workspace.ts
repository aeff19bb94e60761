/**
 * A whole workspace, for the holder of its API key: `@plansync/client/workspace`. For your own server, never for a page.
 *
 * In: calls. Out: what the server answers (`docs/http.md`), or a {@link PlanError}.
 */

import { Http, PlanHttp, type Figures, type PlanAnswer, type PlanQuery } from './http.js';
import { SCHEMA, type ChangeClass, type PlanJson } from './schema.js';

/** How to act as a workspace. */
export interface WorkspaceOptions {
  /** The server: `https://plans.example.com`. */
  url: string;
  /** The workspace's API key. It has all rights: keep it on your own server. */
  apiKey: string;
  /** The person it acts for, in the changes. */
  actor?: string;
  /** The `fetch` to use. */
  fetch?: typeof fetch;
}

/** A line of the list of plans. */
export interface PlanCard {
  readonly id: string;
  readonly seq: number;
  readonly updatedAt: string;
  readonly title: string | null;
  readonly account: string | null;
  readonly stage: string | null;
  readonly figures: Figures;
  readonly [more: string]: unknown;
}

/** Whom a token is for. */
export interface TokenRequest {
  person: string;
  party: string;
  access: 'owner' | 'editor' | 'contributor' | 'commenter' | 'viewer';
  name?: string;
  email?: string;
  ttlSeconds?: number;
}

/** A webhook. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly classes?: readonly string[];
  readonly plans?: readonly string[];
  readonly state: string;
  readonly createdAt: string;
  /** Only in the answer that creates it. */
  readonly secret?: string;
  readonly [more: string]: unknown;
}

/** Everything the holder of an API key may do. For servers, never for browsers. */
export class Workspace extends Http {
  /** Plans. */
  readonly plans = {
    /** Creates a plan from its canonical JSON; `schema` may be left out. */
    create: (plan: Partial<PlanJson>, id?: string): Promise<{ id: string; seq: number }> =>
      this.json('POST', 'v1/plans', {}, { plan: { schema: SCHEMA, ...plan }, ...(id === undefined ? {} : { id }) }),
    /** A page of plans; give `next` of the last one as `cursor`. */
    list: (query: { cursor?: string; limit?: number } = {}): Promise<{ plans: readonly PlanCard[]; next?: string }> =>
      this.json('GET', 'v1/plans', { ...query }),
    /** All plans, page by page. */
    all: (): AsyncIterable<PlanCard> => this.#allPlans(),
    /** One plan with its figures. */
    get: (id: string, query?: PlanQuery): Promise<PlanAnswer> => this.plan(id).get(query),
  };

  /** Tokens of people. */
  readonly tokens = {
    /** A token, and the link to the plan's page with it. */
    create: (plan: string, request: TokenRequest): Promise<{ token: string; url: string }> =>
      this.json('POST', `v1/plans/${encodeURIComponent(plan)}/tokens`, {}, request),
  };

  /** Endpoints that are told of changes. */
  readonly webhooks = {
    /** Creates one; its secret is shown here only. */
    create: (webhook: { url: string; classes?: readonly ChangeClass[]; plans?: readonly string[] }): Promise<Webhook> =>
      this.json('POST', 'v1/webhooks', {}, webhook),
    /** All of them. */
    list: async (): Promise<readonly Webhook[]> =>
      (await this.json<{ webhooks: Webhook[] }>('GET', 'v1/webhooks')).webhooks,
    /** One of them. */
    get: (id: string): Promise<Webhook> => this.json('GET', `v1/webhooks/${encodeURIComponent(id)}`),
    /** The last deliveries, newest first. */
    deliveries: async (id: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
      (
        await this.json<{ deliveries: Record<string, unknown>[] }>(
          'GET',
          `v1/webhooks/${encodeURIComponent(id)}/deliveries`,
        )
      ).deliveries,
    /** Goes on where it was paused. */
    resume: (id: string): Promise<Webhook> => this.json('POST', `v1/webhooks/${encodeURIComponent(id)}/resume`),
    /** Nothing is sent any more. */
    delete: (id: string): Promise<void> => this.json('DELETE', `v1/webhooks/${encodeURIComponent(id)}`),
  };

  readonly #given: WorkspaceOptions;

  /** A workspace of a server. */
  constructor(given: WorkspaceOptions) {
    const url = given.url.endsWith('/') ? given.url : `${given.url}/`;
    const token = (refused: boolean) => Promise.resolve(refused ? null : given.apiKey);
    super({ url, fetch: given.fetch ?? globalThis.fetch?.bind(globalThis), token, actor: given.actor });
    this.#given = { ...given, url };
  }

  /** One plan: edits, changes, summaries, exports, touchpoints. */
  plan(id: string): PlanHttp {
    return new PlanHttp({ ...this.options, plan: id });
  }

  /** The same workspace, acting for a person. */
  actingFor(actor: string): Workspace {
    return new Workspace({ ...this.#given, actor });
  }

  /** Many plans in one answer: adoption, win rates, forecast. */
  portfolio(probabilities?: Readonly<Record<string, number>>): Promise<Readonly<Record<string, unknown>>> {
    const given =
      probabilities &&
      Object.entries(probabilities)
        .map(([stage, value]) => `${stage}:${value}`)
        .join(',');
    return this.json('GET', 'v1/portfolio', { probabilities: given });
  }

  async *#allPlans(): AsyncGenerator<PlanCard> {
    let cursor: string | undefined;
    do {
      const page: { plans: readonly PlanCard[]; next?: string } = await this.plans.list(
        cursor === undefined ? {} : { cursor },
      );
      yield* page.plans;
      cursor = page.next;
    } while (cursor !== undefined);
  }
}
