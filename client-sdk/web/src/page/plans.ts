/**
 * The plans of a workspace, for whoever holds its key: how each stands, opening one, making a new one.
 *
 * In: the key. Out: requests to this server (`docs/http.md`), and a tab with a plan, opened by a token that is valid for an
 * hour. What is always true: the key is in this object alone and in the header of its requests; figures are the server's;
 * a file that cannot be read creates nothing, and every row that is wrong is named.
 */

import { html, nothing, render, type TemplateResult } from 'lit';
import { apart } from '../element/words.js';
import type { Figures } from '../http.js';
import type { PlanJson } from '../schema.js';

const PAGE = 50;
/** A filter looks through this many. */
const LOOKED_MAX = 1_000;
/** A token made here lasts as long as a look at a plan. */
const TOKEN_SECONDS = 3_600;

/** What the server does not do, in its words. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly errors: readonly { path: string; value: string; expected: string }[] = [],
  ) {
    super(message);
  }
}

interface Card {
  readonly id: string;
  readonly updatedAt: string;
  readonly title: string | null;
  readonly account: string | null;
  readonly opportunity?: string | null;
  readonly stage: string | null;
  readonly target?: { readonly kind?: string | null; readonly date?: string | null } | null;
  readonly figures: Figures & {
    readonly staleness?: { readonly days: number; readonly level: string };
    readonly buyerShare?: { readonly percent?: number };
  };
}

interface Template {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly milestones: number;
  readonly tasks: number;
  readonly parties: readonly string[];
}

/** How a new plan begins. */
type Way = 'template' | 'paste';

const word = (value: string | null | undefined) => {
  const text = (value ?? '').replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
};
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const day = (value: string | null | undefined) => (value ? dayFormat.format(Date.parse(value)) : '');

/** The list, in a place of the page. */
export class Plans {
  #cards: Card[] = [];
  #next: string | undefined;
  #templates: readonly Template[] | undefined;
  #search = '';
  #status = '';
  #stage = '';
  #said = '';
  #wrong: Refusal | undefined;
  #isBusy = false;
  #dialog: 'new' | { readonly open: Card; readonly plan: PlanJson } | undefined;
  #tab: Way = 'template';
  #link: string | undefined;

  constructor(
    private readonly place: HTMLElement,
    private readonly key: string,
    private readonly left: () => void,
  ) {}

  /** Asks for the first page; rejects where the key is none. */
  async begin(): Promise<void> {
    await this.#more();
    try {
      this.#templates = (await this.#ask<{ templates: Template[] }>('GET', 'v1/templates')).templates;
    } catch {
      // An older server has none: a plan is pasted then.
      this.#tab = 'paste';
    }
    this.#draw();
  }

  // --- The server ------------------------------------------------------------------------------------------------

  async #ask<T>(method: string, path: string, body?: string, type = 'application/json'): Promise<T> {
    let response: Response;
    try {
      response = await fetch(`/${path}`, {
        method,
        headers: { authorization: `Bearer ${this.key}`, ...(body === undefined ? {} : { 'content-type': type }) },
        cache: 'no-store',
        credentials: 'omit',
        ...(body === undefined ? {} : { body }),
      });
    } catch {
      throw new Refusal('The server cannot be reached. Try again in a moment.', 0);
    }
    if (response.ok) return (await response.json()) as T;
    const problem = (await response.json().catch(() => ({}))) as { detail?: string; errors?: Refusal['errors'] };
    const detail = problem.detail ?? `The server answered ${response.status}`;
    throw new Refusal(
      `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`.replace(/\.\.$/, '.'),
      response.status,
      problem.errors,
    );
  }

  async #more(): Promise<void> {
    const cursor = this.#next ? `&cursor=${encodeURIComponent(this.#next)}` : '';
    const page = await this.#ask<{ plans: Card[]; next?: string }>('GET', `v1/plans?limit=${PAGE}${cursor}`);
    this.#cards.push(...page.plans);
    this.#next = page.next;
  }

  async #afresh(): Promise<void> {
    this.#cards = [];
    this.#next = undefined;
    await this.#more();
  }

  /** Does something that may fail, once at a time. */
  async #attempt(make: () => Promise<void>): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#wrong = undefined;
    this.#draw();
    try {
      await make();
    } catch (thrown) {
      this.#wrong = thrown instanceof Refusal ? thrown : new Refusal(String(thrown), 0);
    }
    this.#isBusy = false;
    this.#draw();
  }

  // --- The list --------------------------------------------------------------------------------------------------

  #draw(): void {
    render(this.#view(), this.place);
    const dialog = this.place.querySelector('dialog');
    if (dialog && !dialog.open) dialog.showModal();
  }

  #close(): void {
    this.place.querySelector('dialog')?.close();
    this.#dialog = this.#link = this.#wrong = undefined;
    this.#draw();
  }

  get #shown(): Card[] {
    const wanted = this.#search.toLowerCase();
    return this.#cards.filter(
      (card) =>
        (!this.#status || card.figures.status === this.#status) &&
        (this.#stage ? card.stage === this.#stage : card.stage !== 'archived') &&
        [card.title, card.account, card.opportunity, card.id].some((text) => text?.toLowerCase().includes(wanted)),
    );
  }

  #filter(change: () => void): void {
    change();
    this.#draw();
    // What is filtered for may stand on a later page.
    if (this.#next && (this.#search || this.#status || this.#stage) && this.#cards.length < LOOKED_MAX)
      void this.#attempt(async () => {
        while (this.#next && this.#cards.length < LOOKED_MAX) await this.#more();
      });
  }

  #view(): TemplateResult {
    const shown = this.#shown;
    const choice = (label: string, all: string, values: readonly string[], set: (value: string) => void) =>
      html`<label class="named"
        >${label}
        <select @change=${(event: Event) => this.#filter(() => set((event.target as HTMLSelectElement).value))}>
          <option value="">${all}</option>
          ${values.map((value) => html`<option value=${value}>${word(value)}</option>`)}
        </select>
      </label>`;
    return html`<section class="plans" aria-labelledby="plans-heading">
        <div class="row">
          <h2 id="plans-heading">Plans</h2>
          <span class="push row">
            <button
              class="plain"
              @click=${() => {
                render(nothing, this.place);
                this.left();
              }}
            >
              Forget the key
            </button>
            <button class="pri" @click=${() => this.#begin()}>New plan</button>
          </span>
        </div>
        <p class="ok" role="status">${this.#said}</p>
        ${this.#wrong && !this.#dialog ? html`<p class="error" role="alert">${this.#wrong.message}</p>` : nothing}
        <div class="filters">
          <label class="named"
            >Search
            <input
              type="search"
              placeholder="Title, account, opportunity"
              @input=${(event: Event) =>
                this.#filter(() => (this.#search = (event.target as HTMLInputElement).value.trim()))}
            />
          </label>
          ${choice(
            'Status',
            'Every status',
            ['on_track', 'at_risk', 'stalled', 'not_started', 'draft'],
            (value) => (this.#status = value),
          )}
          ${choice(
            'Stage',
            'All but archived',
            ['draft', 'active', 'on_hold', 'won', 'lost', 'onboarding', 'complete', 'archived'],
            (value) => (this.#stage = value),
          )}
        </div>
        <div class="heads" aria-hidden="true">
          <span>Plan</span><span>Status</span><span>Complete</span><span>Health</span><span>Target</span
          ><span>Last change</span><span>Buyer’s part</span>
        </div>
        <ul class="plans" id="list">
          ${shown.map((card) => this.#card(card))}
        </ul>
        ${
          shown.length === 0
            ? html`<p class="card quiet">
                ${this.#cards.length === 0 ? 'There is no plan yet: make the first one with “New plan”.' : 'No plan fits.'}
              </p>`
            : nothing
        }
        <p class="row quiet small">
          ${shown.length} of ${this.#cards.length}${this.#next ? '+' : ''} plans
          ${
            this.#next
              ? html`<button class="push" ?disabled=${this.#isBusy} @click=${() => this.#attempt(() => this.#more())}>
                  Show more
                </button>`
              : nothing
          }
        </p>
      </section>
      ${this.#dialog === 'new' ? this.#newPlan() : this.#dialog ? this.#openAs(this.#dialog.open, this.#dialog.plan) : nothing}`;
  }

  #card(card: Card): TemplateResult {
    const { figures } = card;
    const { health, staleness, buyerShare, completion, target } = figures;
    const texts = [card.account, card.opportunity, card.stage && word(card.stage)].filter(Boolean);
    const about = texts.map((each) => apart(each ?? '')).join(' · ');
    const slip = figures.targetSlip ?? 0;
    const days = staleness?.days;
    return html`<li class="card plan" data-plan=${card.id}>
      <div class="about">
        <h3>
          <button @click=${() => this.#attempt(() => this.#look(card))}>${card.title ?? card.id}</button>
        </h3>
        ${about ? html`<p class="quiet small">${about}</p>` : nothing}
      </div>
      <div>
        <dl>
          <dt>Status</dt>
          <dd><span class="badge ${figures.status}">${word(figures.status)}</span></dd>
        </dl>
      </div>
      <div>
        <dl>
          <dt>Complete</dt>
          <dd>
            ${Math.round(completion.percent ?? 0)} %
            <span class="quiet small">${completion.complete} of ${completion.counted}</span>
            <progress
              aria-label="${completion.complete} of ${completion.counted} items complete"
              max="100"
              value=${completion.percent ?? 0}
            ></progress>
          </dd>
        </dl>
      </div>
      <div>
        <dl>
          <dt>Health</dt>
          <dd>
            ${
              health.reasons.length
                ? html`<details>
                    <summary>${health.score} <span class="quiet small">why</span></summary>
                    <ul>
                      ${health.reasons.map((reason) => html`<li>−${reason.lost}: ${reason.message}</li>`)}
                    </ul>
                  </details>`
                : health.score
            }
          </dd>
        </dl>
      </div>
      <div>
        <dl>
          <dt>Target</dt>
          <dd>
            ${
              target?.date
                ? html`${day(target.date)}
                  ${
                    slip > 0
                      ? html`<br /><span class="late small">⚠ slips ${slip} d</span>`
                      : html`<br /><span class="ok small">holds</span>`
                  }`
                : html`<span class="quiet">none</span>`
            }
          </dd>
        </dl>
      </div>
      <div>
        <dl>
          <dt>Last change</dt>
          <dd>
            ${
              days === undefined
                ? html`<span class="quiet">—</span>`
                : html`<span class=${staleness?.level === 'stale' ? 'late' : ''}
                    >${days === 0 ? 'today' : `${days} d ago`}${staleness?.level === 'fresh' ? '' : ` · ${staleness?.level}`}</span
                  >`
            }
          </dd>
        </dl>
      </div>
      <div>
        <dl>
          <dt>Buyer’s part</dt>
          <dd>${buyerShare?.percent === undefined ? '—' : `${Math.round(buyerShare.percent)} %`}</dd>
        </dl>
      </div>
    </li>`;
  }

  // --- Opening one -----------------------------------------------------------------------------------------------

  async #look(card: Card): Promise<void> {
    const { plan } = await this.#ask<{ plan: PlanJson }>('GET', `v1/plans/${encodeURIComponent(card.id)}`);
    this.#link = undefined;
    this.#dialog = { open: card, plan };
  }

  #openAs(card: Card, plan: PlanJson): TemplateResult {
    const kinds = new Map((plan.parties ?? []).map((party) => [party.id, party.name ?? party.kind ?? party.id]));
    const people = [...(plan.people ?? [])].sort((a, b) => Number(b.party === 'seller') - Number(a.party === 'seller'));
    return html`<dialog aria-labelledby="open-as" @close=${() => this.#close()}>
      <h2 id="open-as">Open “<bdi>${card.title ?? card.id}</bdi>”</h2>
      ${this.#wrong ? html`<p class="error" role="alert">${this.#wrong.message}</p>` : nothing}
      ${
        this.#link
          ? html`<div class="panel">
              <p>
                It opens in a tab of its own, for an hour. If it has not:
                <a href=${this.#link} target="_blank" rel="noopener">open the plan</a>.
              </p>
              <p class="row"><button class="push" @click=${() => this.#close()}>Done</button></p>
            </div>`
          : html`<form @submit=${(event: SubmitEvent) => this.#enter(event, card, people)}>
              <p class="quiet small">
                What you do in it stands under the name of this person. Whoever is to work on it gets a link of their
                own, by “Share” on the plan’s page.
              </p>
              <div class="pair">
                <label class="named"
                  >As
                  <select name="person">
                    ${people.map(
                      (person) =>
                        html`<option value=${person.id}>
                          ${apart(person.name ?? person.role ?? person.id)}
                          (${apart(kinds.get(person.party ?? '') ?? person.party)})
                        </option>`,
                    )}
                    ${
                      people.length === 0
                        ? [...kinds].map(
                            ([id, name]) => html`<option value="workspace-${id}">Somebody of ${name}</option>`,
                          )
                        : nothing
                    }
                  </select>
                </label>
                <label class="named"
                  >Who may
                  <select name="access">
                    ${['owner', 'editor', 'contributor', 'commenter', 'viewer'].map(
                      (access) =>
                        html`<option value=${access} ?selected=${access === 'editor'}>${word(access)}</option>`,
                    )}
                  </select>
                </label>
              </div>
              <p class="row">
                <button type="button" class="push" @click=${() => this.#close()}>Cancel</button>
                <button class="pri" ?disabled=${this.#isBusy}>Open</button>
              </p>
            </form>`
      }
    </dialog>`;
  }

  #enter(event: SubmitEvent, card: Card, people: NonNullable<PlanJson['people']>): void {
    event.preventDefault();
    const given = new FormData(event.target as HTMLFormElement);
    const id = String(given.get('person'));
    const person = people.find((each) => each.id === id);
    const name = person?.name ?? person?.role;
    void this.#attempt(async () => {
      const { url } = await this.#ask<{ url: string }>(
        'POST',
        `v1/plans/${encodeURIComponent(card.id)}/tokens`,
        JSON.stringify({
          person: id,
          party: person?.party ?? id.replace(/^workspace-/, ''),
          access: given.get('access'),
          ttlSeconds: TOKEN_SECONDS,
          ...(name ? { name } : {}),
        }),
      );
      // Behind a proxy the server may be called otherwise: the page is the one of here.
      const { pathname, hash } = new URL(url);
      this.#link = pathname + hash;
      this.#draw();
      // A tab that knows nothing of this one, and of its key.
      this.place.querySelector<HTMLAnchorElement>('dialog a')?.click();
    });
  }

  // --- A new one -------------------------------------------------------------------------------------------------

  #begin(): void {
    this.#dialog = 'new';
    this.#said = '';
    this.#wrong = undefined;
    this.#draw();
  }

  #newPlan(): TemplateResult {
    const tab = (id: Way, label: string) =>
      html`<button
        role="tab"
        id="new-${id}"
        aria-selected=${this.#tab === id}
        aria-controls="new-panel"
        tabindex=${this.#tab === id ? 0 : -1}
        @click=${() => this.#turn(id)}
        @keydown=${(event: KeyboardEvent) => {
          if (!/^Arrow(Left|Right)$/.test(event.key)) return;
          this.#turn(id === 'template' ? 'paste' : 'template');
          this.place.querySelector<HTMLElement>('[role=tab][tabindex="0"]')?.focus();
        }}
      >
        ${label}
      </button>`;
    return html`<dialog aria-labelledby="new-heading" @close=${() => this.#close()}>
      <h2 id="new-heading">New plan</h2>
      ${
        this.#templates
          ? html`<div class="tabs" role="tablist" aria-label="How to begin">
              ${tab('template', 'From a template')}${tab('paste', 'Paste a table')}
            </div>`
          : nothing
      }
      ${
        this.#wrong
          ? html`<div class="wrongs" role="alert">
              <b
                >${this.#wrong.errors.length ? 'Nothing was created. These places cannot be read:' : this.#wrong.message}</b
              >
              <ul>
                ${this.#wrong.errors.map(
                  ({ path, value, expected }) =>
                    html`<li><b>${path}</b>: <bdi>${value}</bdi> should be ${expected}</li>`,
                )}
              </ul>
            </div>`
          : nothing
      }
      <div id="new-panel" role=${this.#templates ? 'tabpanel' : nothing} aria-labelledby="new-${this.#tab}">
        ${this.#tab === 'template' && this.#templates ? this.#fromTemplate(this.#templates) : this.#fromText()}
      </div>
    </dialog>`;
  }

  #turn(tab: Way): void {
    this.#tab = tab;
    this.#wrong = undefined;
    this.#draw();
  }

  #buttons(): TemplateResult {
    return html`<p class="row">
      <button type="button" class="push" @click=${() => this.#close()}>Cancel</button>
      <button class="pri" ?disabled=${this.#isBusy}>Create the plan</button>
    </p>`;
  }

  #fromTemplate(templates: readonly Template[]): TemplateResult {
    const field = (label: string, name: string) =>
      html`<label class="named">${label} <input name=${name} maxlength="200" autocomplete="off" /></label>`;
    return html`<form
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const { kind, date, ...given } = Object.fromEntries(
          [...new FormData(event.target as HTMLFormElement)].filter(([, value]) => value !== ''),
        );
        const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
        const body = { tz: timeZone, ...given, target: { kind, date } };
        void this.#create(() => this.#ask('POST', 'v1/plans', JSON.stringify(body)));
      }}
    >
      <fieldset class="choices">
        <legend>Begin with</legend>
        ${templates.map(
          (each, at) =>
            html`<label
              ><input type="radio" name="template" value=${each.id} ?checked=${at === 0} /><b>${each.title}</b
              ><span class="quiet">${each.description} ${each.milestones} milestones, ${each.tasks} tasks.</span></label
            >`,
        )}
      </fieldset>
      <div class="pair">
        <label class="named"
          >Planned backwards from
          <select name="kind">
            <option value="close">the signature</option>
            <option value="go_live">going live</option>
            <option value="other">another day</option>
          </select>
        </label>
        <label class="named">on <input type="date" name="date" required /></label>
      </div>
      <div class="pair">
        ${field('Title', 'title')}${field('Account', 'account')}${field('Opportunity', 'opportunity')}
      </div>
      <div class="pair">
        ${field('The buyer is called', 'buyer')}${field('The seller is called', 'seller')}
        ${templates.some((each) => each.parties.includes('partner')) ? field('The partner is called', 'partner') : nothing}
      </div>
      ${this.#buttons()}
    </form>`;
  }

  #fromText(): TemplateResult {
    return html`<form
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const given = new FormData(event.target as HTMLFormElement);
        const text = String(given.get('text'));
        const title = String(given.get('title') ?? '').trim();
        const query = title ? `?title=${encodeURIComponent(title)}` : '';
        void this.#create(() => this.#ask('POST', `v1/plans${query}`, text, kindOf(text)));
      }}
    >
      <label class="named">Title <input name="title" maxlength="300" autocomplete="off" /></label>
      <label class="named"
        >A table from a spreadsheet (CSV), or Markdown
        <textarea
          name="text"
          required
          spellcheck="false"
          placeholder="Phase,Milestone,Owner (Customer),Owner (Vendor),Due Date,Status,Notes"
        ></textarea>
      </label>
      <p class="quiet small">Nothing is guessed: if a cell cannot be read, it is named, and nothing is created.</p>
      ${this.#buttons()}
    </form>`;
  }

  async #create(make: () => Promise<{ id: string; feasible?: boolean }>): Promise<void> {
    let made: string | undefined;
    await this.#attempt(async () => {
      const { id, feasible } = await make();
      await this.#afresh();
      this.#said =
        feasible === false
          ? 'The plan is there, but not everything in it fits before the target: open it and see what must move.'
          : 'The plan is there.';
      made = id;
    });
    if (made === undefined) return;
    this.#close();
    const row = [...this.place.querySelectorAll<HTMLElement>('[data-plan]')].find(
      (each) => each.dataset['plan'] === made,
    );
    row?.querySelector('button')?.focus();
  }
}

/** CSV unless it looks like Markdown. */
function kindOf(text: string): string {
  return /^\s*(#|\||[-*] )/m.test(text) ? 'text/markdown' : 'text/csv';
}
