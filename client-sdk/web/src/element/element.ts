/**
 * `<plansync-plan>`: a mutual action plan in any page.
 *
 * ```html
 * <script type="module" src="https://plans.example.com/assets/plansync-plan.js"></script>
 * <plansync-plan server="https://plans.example.com" plan="demo" token="…"></plansync-plan>
 * ```
 *
 * In: where the plan is (`server`, `plan`), who the reader is (`token`, or the property `getToken`), `theme`, `lang`,
 * `view`. Out: the plan, live; events `plansync-status` and `plansync-change`. What is always true: it holds one connection
 * while it is in a page, and none when it is not; it sets nothing outside of itself; no text of a plan becomes markup.
 */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { PlanError } from '../error.js';
import { connect, type ConnectOptions, type Plan } from '../plan.js';
import type { GetToken } from '../socket.js';
import { changedLook } from './changed.js';
import { consentLook } from './consent.js';
import { Desk } from './desk.js';
import { fieldLook } from './field.js';
import { headLook } from './head.js';
import { look } from './look.js';
import { outlineLook } from './outline.js';
import { ownersLook } from './owners.js';
import { define } from './piece.js';
import { thirtyLook } from './thirty.js';

/** The views beside the head, each with what draws it. */
const VIEWS: readonly { readonly id: string; readonly label: string; draw(desk: Desk): TemplateResult }[] = [
  { id: 'plan', label: 'Plan', draw: (desk) => html`<plansync-outline .desk=${desk}></plansync-outline>` },
];

/** The element. */
export class PlansyncPlan extends LitElement {
  static override styles = [
    look,
    headLook,
    thirtyLook,
    changedLook,
    fieldLook,
    outlineLook,
    ownersLook,
    consentLook,
    css`
      .page {
        max-width: 70rem;
        margin: 0 auto;
        padding: clamp(1rem, 3vw, 2rem) clamp(0.875rem, 3vw, 1.5rem) 4rem;
      }
      .tabs {
        display: flex;
        gap: 0.25rem;
        margin: 1.75rem 0 0.625rem;
        border-bottom: 1px solid var(--line);
        overflow-x: auto;
      }
      .tabs button {
        border: 0;
        border-radius: 0;
        background: none;
        padding: 0.5625rem 0.875rem;
        color: var(--mute);
        font-weight: 500;
        white-space: nowrap;
      }
      .tabs button[aria-selected='true'] {
        color: var(--ink);
        box-shadow: inset 0 -2px var(--ink);
      }
      .banner {
        margin-bottom: 1rem;
        padding: 0.625rem 1rem;
        border-radius: 0.625rem;
        background: var(--late-bg);
        color: var(--late);
        font-weight: 550;
      }
      .notices {
        position: fixed;
        inset: auto 1rem 1rem auto;
        z-index: 20;
        display: grid;
        gap: 0.5rem;
        max-width: min(26rem, calc(100vw - 2rem));
      }
      .notice {
        display: flex;
        gap: 0.75rem;
        align-items: start;
        padding: 0.75rem 1rem;
        border-radius: 0.625rem;
        background: var(--card);
        border: 1px solid var(--line);
        border-inline-start: 4px solid var(--now);
        box-shadow: 0 6px 24px var(--shade);
      }
      .notice:is(.refused, .failed) {
        border-inline-start-color: var(--late);
      }
      .state {
        padding: 4rem 1.5rem;
        text-align: center;
        max-width: 36rem;
        margin: 0 auto;
        display: grid;
        gap: 0.75rem;
        justify-items: center;
      }
    `,
  ];

  static override properties = {
    server: {},
    plan: {},
    token: {},
    theme: { reflect: true },
    view: { reflect: true },
    getToken: { attribute: false },
    options: { attribute: false },
  };
  /** The server: `https://plans.example.com`; that of the page unless given. */
  declare server: string | undefined;
  /** The id of the plan. */
  declare plan: string | undefined;
  /** The reader's token. */
  declare token: string | undefined;
  /** Gets the reader's token, now and whenever it has expired. */
  declare getToken: GetToken | undefined;
  /** `light` or `dark`; the reader's own unless given. */
  declare theme: 'light' | 'dark' | undefined;
  /** Which view is open. */
  declare view: string;
  /** More for `connect`. */
  declare options: Partial<ConnectOptions> | undefined;

  #plan: Plan | undefined;
  #desk: Desk | undefined;
  #wrong: string | undefined;

  constructor() {
    super();
    this.view = 'plan';
  }

  /** The plan behind it, for what the page around wants to do with it; nothing while it is not open. */
  get client(): Plan | undefined {
    return this.#plan;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('keydown', this.#undoKey);
    if (this.hasUpdated) this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('keydown', this.#undoKey);
    this.#close();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (['server', 'plan', 'token', 'getToken', 'options'].some((name) => changed.has(name as 'plan'))) this.#open();
  }

  #open(): void {
    this.#close();
    const { plan, token, getToken } = this;
    if (!plan || !(token || getToken)) return;
    const url = this.server ?? location.origin;
    try {
      this.#plan = connect({
        name: 'plansync-plan',
        ...this.options,
        url,
        plan,
        ...(token === undefined ? {} : { token }),
        ...(getToken ? { getToken } : {}),
      });
    } catch (error) {
      this.#wrong = error instanceof PlanError ? error.message : String(error);
      return;
    }
    this.#wrong = undefined;
    const locale = this.lang || document.documentElement.lang || navigator.language;
    this.#desk = new Desk(this.#plan, locale);
    this.#desk.listen(() => this.requestUpdate());
    this.#plan.on('status', (status) => this.#tell('plansync-status', status));
    this.#plan.on('change', (change) => this.#tell('plansync-change', change));
  }

  #close(): void {
    this.#desk?.close();
    void this.#plan?.close();
    this.#desk = this.#plan = undefined;
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  protected override render(): TemplateResult {
    const desk = this.#desk;
    if (this.#wrong !== undefined) return this.#state('This plan cannot be opened', this.#wrong);
    if (!desk)
      return this.#state(
        'No plan',
        'Which plan, and who are you? The element needs `plan` and `token` (or `getToken`).',
      );
    const { status } = desk.plan;
    const { reason } = status;
    // What the reader may not see any more leaves the screen.
    if (status.state === 'refused') return this.#state('This plan is not open to you', reason?.message ?? '');
    if (!desk.ready) return this.#state('Opening the plan…', reason?.message ?? '');
    const view = VIEWS.find((each) => each.id === this.view) ?? VIEWS[0]!;
    return html`<div class="page" part="page">
      ${this.#banner(desk)}
      <plansync-head .desk=${desk}></plansync-head>
      <plansync-thirty .desk=${desk}></plansync-thirty>
      <plansync-changed .desk=${desk}></plansync-changed>
      <div class="tabs no-print" role="tablist" aria-label="Views" part="tabs" @keydown=${this.#tabKey}>
        ${VIEWS.map(
          ({ id, label }) =>
            html`<button
              role="tab"
              id="tab-${id}"
              aria-selected=${id === view.id}
              aria-controls="view"
              tabindex=${id === view.id ? 0 : -1}
              @click=${() => (this.view = id)}
            >
              ${label}
            </button>`,
        )}
      </div>
      <div id="view" role="tabpanel" aria-labelledby="tab-${view.id}" part="view">${view.draw(desk)}</div>
      <div class="notices no-print" role="log" aria-live="polite" part="notices">
        ${desk.notices.map(
          (notice) =>
            html`<div class="notice ${notice.kind}">
              <span>${notice.text}</span>
              ${
                notice.action
                  ? html`<button class="push" @click=${notice.action.run}>${notice.action.label}</button>`
                  : nothing
              }
              <button class="quiet icon push" aria-label="Dismiss" @click=${() => desk.dismiss(notice.id)}>✕</button>
            </div>`,
        )}
      </div>
    </div>`;
  }

  #banner(desk: Desk): TemplateResult | typeof nothing {
    const { state, reason } = desk.plan.status;
    if (state === 'offline')
      return html`<p class="banner no-print" role="status">
        You are offline. What you write is kept on this device and sent when there is a connection again.
      </p>`;
    if (state === 'closed')
      return html`<p class="banner no-print" role="alert">
        ${reason?.message ?? 'The connection has ended.'} Reload the page to go on.
      </p>`;
    if (desk.plan.storage && desk.plan.pending > 0)
      return html`<p class="banner no-print" role="alert">
        This browser does not keep what you write: leave the page open until it says “Saved”.
      </p>`;
    return nothing;
  }

  #state(title: string, text: string): TemplateResult {
    return html`<div class="state" role="status" part="state">
      <h2>${title}</h2>
      <p class="mute">${text}</p>
    </div>`;
  }

  /** Undo and redo of the reader's own edits; in a field the keys are the field's. */
  #undoKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    const [target] = event.composedPath();
    const isHere = event.composedPath().includes(this) || target === document.body;
    if (!isHere || (target as Element).matches('input:not([type=checkbox]), textarea, select')) return;
    event.preventDefault();
    this.#desk?.step(key === 'y' || event.shiftKey ? 'redo' : 'undo');
  };

  #tabKey = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = VIEWS.findIndex((each) => each.id === this.view);
    const next = VIEWS[(at + step + VIEWS.length) % VIEWS.length]!;
    this.view = next.id;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus());
  };
}

define('plansync-plan', PlansyncPlan);

declare global {
  interface HTMLElementTagNameMap {
    'plansync-plan': PlansyncPlan;
  }
}
