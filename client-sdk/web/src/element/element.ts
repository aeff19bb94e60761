/**
 * `<plansync-plan>`: a mutual action plan in any page.
 *
 * ```html
 * <script type="module" src="https://plans.example.com/assets/plansync-plan.js"></script>
 * <plansync-plan server="https://plans.example.com" plan="demo" token="…"></plansync-plan>
 * ```
 *
 * In: where the plan is (`server`, `plan`), who the reader is (`token`, or the property `getToken`), `theme`, `lang`,
 * `view`. Out: the plan, live; events `plansync-status`, `plansync-change` and `plansync-title`. What is always true: it holds one connection
 * while it is in a page, and none when it is not; it sets nothing outside of itself; no text of a plan becomes markup.
 */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { PlanError } from '../error.js';
import { connect, type ConnectOptions, type Plan } from '../plan.js';
import type { GetToken } from '../socket.js';
import { calendarLook } from './views/calendar.js';
import { caretsLook } from './controls/carets.js';
import { adviceLook } from './views/advice.js';
import { changedLook } from './call/changed.js';
import { commentsLook, openThreads } from './views/comments.js';
import { consentLook } from './consent.js';
import { Desk, type FirstAnswers } from './desk.js';
import { dialogLook } from './controls/dialog.js';
import { factsLook } from './controls/facts.js';
import { fieldLook } from './controls/field.js';
import { framingLook } from './head/framing.js';
import { glanceLook } from './head/glance.js';
import { headLook } from './head/head.js';
import { itemLook } from './item/item.js';
import { look } from './look.js';
import { menuLook } from './head/menu.js';
import { outlineLook } from './outline/outline.js';
import { ownersLook } from './controls/owners.js';
import { peopleLook } from './views/people.js';
import { pickLook } from './controls/pick.js';
import { define } from './piece.js';
import { printLook } from './print.js';
import { privateLook } from './views/private.js';
import { freezeLook } from './views/freeze.js';
import { openRisks, risksLook } from './views/risks.js';
import { shareLook } from './head/share.js';
import { sheetLook } from './controls/sheet.js';
import { Gate, banner, closedState, openingState, statesLook } from './states.js';
import { successLook } from './views/success.js';
import { summaryLook } from './call/summary.js';
import { textLook } from './controls/text.js';
import { backwardLook } from './timeline/backward.js';
import { timelineLook } from './timeline/timeline.js';

/** A view beside the head. */
interface ViewTab {
  readonly id: string;
  label(desk: Desk): string;
  /** How many things in it wait for somebody. */
  badge?(desk: Desk): number;
  /** Whether only the reader's own party sees it. */
  readonly isPrivate?: boolean;
  draw(desk: Desk): TemplateResult;
}

/** The views, each with what draws it. */
const VIEWS: readonly ViewTab[] = [
  {
    id: 'plan',
    label: () => 'Plan',
    draw: (desk) =>
      html`<plansync-outline .desk=${desk}></plansync-outline><plansync-advice .desk=${desk}></plansync-advice>`,
  },
  {
    id: 'timeline',
    label: () => 'Timeline',
    draw: (desk) => html`<plansync-timeline .desk=${desk}></plansync-timeline>`,
  },
  { id: 'people', label: () => 'People', draw: (desk) => html`<plansync-people .desk=${desk}></plansync-people>` },
  {
    id: 'risks',
    label: () => 'Risks',
    badge: openRisks,
    draw: (desk) => html`<plansync-risks .desk=${desk}></plansync-risks>`,
  },
  { id: 'success', label: () => 'Success', draw: (desk) => html`<plansync-success .desk=${desk}></plansync-success>` },
  {
    id: 'comments',
    label: () => 'Comments',
    badge: openThreads,
    draw: (desk) => html`<plansync-comments .desk=${desk}></plansync-comments>`,
  },
  {
    id: 'private',
    label: (desk) => `Private to ${desk.partyName(desk.party) || 'you'}`,
    isPrivate: true,
    draw: (desk) => html`<plansync-private .desk=${desk}></plansync-private>`,
  },
];

/** The element. */
export class PlansyncPlan extends LitElement {
  static override styles = [
    look,
    glanceLook,
    headLook,
    framingLook,
    changedLook,
    factsLook,
    fieldLook,
    outlineLook,
    ownersLook,
    consentLook,
    dialogLook,
    menuLook,
    shareLook,
    statesLook,
    summaryLook,
    textLook,
    caretsLook,
    itemLook,
    sheetLook,
    pickLook,
    timelineLook,
    backwardLook,
    calendarLook,
    peopleLook,
    risksLook,
    successLook,
    adviceLook,
    freezeLook,
    commentsLook,
    privateLook,
    css`
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
        flex: none;
        max-width: min(18rem, 80vw);
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .tabs button[aria-selected='true'] {
        color: var(--ink);
        box-shadow: inset 0 -2px var(--ink);
      }
      .tabs .badge {
        position: relative;
        margin-inline-start: 0.375rem;
        padding: 0 0.4375rem;
        border-radius: 0.625rem;
        font-size: 0.75rem;
        font-weight: 650;
        color: var(--ink);
        background: var(--other-bg);
      }
      .tabs button.private {
        margin-inline-start: auto;
        color: var(--secret);
      }
      .tabs button.private[aria-selected='true'] {
        background: var(--secret-bg);
        box-shadow: inset 0 -2px var(--secret-line);
        border-radius: 0.5rem 0.5rem 0 0;
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
    printLook,
  ];

  static override properties = {
    server: {},
    plan: {},
    token: {},
    theme: { reflect: true },
    view: { reflect: true },
    getToken: { attribute: false },
    options: { attribute: false },
    first: { attribute: false },
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
  /** What the server has answered already; taken once. */
  declare first: FirstAnswers | undefined;

  #plan: Plan | undefined;
  #desk: Desk | undefined;
  #gate: Gate | undefined;
  #title = '';
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
    if (!this.first) return;
    this.#desk?.take(this.first);
    this.first = undefined;
  }

  #open(): void {
    this.#close();
    const { plan, token, getToken } = this;
    if (!plan || !(token || getToken)) return;
    const url = this.server ?? location.origin;
    let openPrivate: () => Plan;
    try {
      const options: ConnectOptions = {
        name: 'plansync-plan',
        ...this.options,
        url,
        plan,
        ...(token === undefined ? {} : { token }),
        ...(getToken ? { getToken } : {}),
      };
      this.#plan = connect(options);
      openPrivate = () => connect({ ...options, scope: 'private' });
    } catch (error) {
      this.#wrong = error instanceof PlanError ? error.message : String(error);
      return;
    }
    this.#wrong = undefined;
    const locale = this.lang || navigator.language;
    const desk = (this.#desk = new Desk(this.#plan, locale));
    this.#gate = new Gate(
      this.#plan,
      getToken ? undefined : token,
      () => this.requestUpdate(),
      () => desk.ready,
    );
    desk.openPrivate = openPrivate;
    desk.listen(() => this.requestUpdate());
    this.#plan.on('status', (status) => this.#tell('plansync-status', status));
    this.#plan.on('change', (change) => this.#tell('plansync-change', change));
  }

  #close(): void {
    this.#desk?.close();
    void this.#plan?.close();
    this.#desk = this.#plan = this.#gate = undefined;
  }

  /** The page around may show the plan's title as its own. */
  protected override updated(): void {
    const isShown = this.#desk?.ready && this.#gate?.word === undefined;
    const title = isShown ? (this.#desk?.plan.meta.title ?? '') : '';
    if (title === this.#title) return;
    this.#title = title;
    this.#tell('plansync-title', title);
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  protected override render(): TemplateResult {
    const desk = this.#desk;
    const gate = this.#gate;
    if (this.#wrong !== undefined) return closedState('wrong', this.#wrong, 0);
    if (!desk || !gate) return closedState('no_token', '', 0);
    const { plan } = desk;
    // What the reader may not see any more leaves the screen.
    if (gate.word !== undefined) return closedState(gate.word, gate.detail, plan.stored);
    if (!desk.ready) return gate.isAway ? closedState('away', '', plan.stored, () => plan.reconnect()) : openingState();
    const view = VIEWS.find((each) => each.id === this.view) ?? VIEWS[0]!;
    return html`<div class="page" part="page">
      ${banner(desk, gate)}
      <plansync-head
        .desk=${desk}
        .actions=${html`<plansync-menu .desk=${desk} .link=${this.#link}></plansync-menu>`}
      ></plansync-head>
      <plansync-framing .desk=${desk}></plansync-framing>
      <plansync-thirty .desk=${desk}></plansync-thirty>
      <plansync-changed .desk=${desk}></plansync-changed>
      <plansync-start .desk=${desk}></plansync-start>
      <div class="tabs no-print" role="tablist" aria-label="Views" part="tabs" @keydown=${this.#tabKey}>
        ${VIEWS.map(
          ({ id, label, badge, isPrivate }) =>
            html`<button
              role="tab"
              class=${isPrivate ? 'private' : ''}
              id="tab-${id}"
              aria-selected=${id === view.id}
              aria-controls="view"
              tabindex=${id === view.id ? 0 : -1}
              @click=${() => (this.view = id)}
            >
              ${isPrivate ? html`<span aria-hidden="true">🔒 </span>` : nothing}${label(desk)}${
                badge?.(desk)
                  ? html`<span class="badge">${badge(desk)}<span class="unseen"> open</span></span>`
                  : nothing
              }
            </button>`,
        )}
      </div>
      <div id="view" role="tabpanel" @plansync-go=${this.#go} aria-labelledby="tab-${view.id}" part="view">
        ${view.draw(desk)}
      </div>
      <plansync-item .desk=${desk}></plansync-item>
      <p class="unseen" role="status" aria-live="assertive" id="told">${desk.told}</p>
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

  /** The reader's own link to the plan's page. */
  get #link(): string | undefined {
    const { plan, token } = this;
    if (!plan || !token || this.getToken) return;
    return new URL(`p/${encodeURIComponent(plan)}#token=${token}`, `${this.server ?? location.origin}/`).href;
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

  /** Leads from another view to an item of the plan. */
  #go = (event: CustomEvent<string>): void => {
    const [collection, id] = event.detail.split('/', 2);
    const views: Record<string, string> = {
      risks: 'risks',
      criteria: 'success',
      objectives: 'success',
      people: 'people',
    };
    this.view = views[collection ?? ''] ?? 'plan';
    void this.updateComplete.then(async () => {
      await new Promise((done) => requestAnimationFrame(done));
      const framing = this.renderRoot.querySelector<HTMLDetailsElement>('details.framing');
      if (collection === 'meta' && framing) framing.open = true;
      const item =
        collection === 'meta' ? framing : this.renderRoot.querySelector<HTMLElement>(`#item-${CSS.escape(id ?? '')}`);
      item?.scrollIntoView({ block: 'center' });
      item?.querySelector<HTMLElement>('button, input')?.focus({ preventScroll: true });
    });
  };

  #tabKey = (event: KeyboardEvent): void => {
    const at = VIEWS.findIndex((each) => each.id === this.view);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = VIEWS[(to + VIEWS.length) % VIEWS.length]!;
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
