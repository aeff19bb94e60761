/**
 * What stands in place of the plan, or above it, when it is not simply there: opening, not open to the reader, away, full.
 *
 * In: where the connection stands, and where that does not say enough, one question to the server. Out: a sentence that
 * says what happened and what to do next. What is always true: whoever may not see the plan any more has nothing of it on
 * the screen; what was written and not sent is named, and kept.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { PlanError } from '../error.js';
import type { Status } from '../machine.js';
import type { Plan } from '../plan.js';
import { claimsOf } from '../socket.js';
import type { Desk } from './desk.js';
import { Piece, define } from './piece.js';
import { counted } from './words.js';

/** How often the server is asked why a connection does not come about. */
const ASK_AGAIN_MS = 60_000;

/** What became of the plan, in words, and what can be done here. */
const WORDS: Readonly<Record<string, readonly [title: string, text: string, act?: 'reload' | 'again']>> = {
  no_token: [
    'This link is incomplete',
    'A link to a plan ends in a long key after “#token=”. Open it exactly as it was sent to you, or ask for a new one.',
  ],
  unauthorized: [
    'This link does not open the plan',
    'It is incomplete, or was made for another server. Open it exactly as it was sent to you, or ask for a new one.',
  ],
  expired: ['This link has expired', 'Ask the person who sent it to you for a new one.'],
  signed_out: ['You are signed out', 'Sign in again, and the plan opens where you left it.', 'reload'],
  revoked: [
    'Your access to this plan has ended',
    'If that is a mistake, ask the person who runs the plan to invite you.',
  ],
  not_allowed: ['This plan is not open to you', 'Your link is for another plan. Ask the person who runs this one.'],
  not_found: ['There is no such plan', 'Check the address, or ask the person who sent you the link.'],
  erased: [
    'This plan has been erased',
    'Nothing of it is left on the server, and it does not come back. Ask the person who ran it.',
  ],
  older: ['This page is older than the server', 'Load it anew; what you wrote is kept.', 'reload'],
  away: ['The server cannot be reached', 'Nothing is lost. The next attempt comes by itself.', 'again'],
};

/** Codes of a close, as words of the table above. */
const CLOSES: Readonly<Record<string, string>> = {
  4400: 'older',
  4401: 'unauthorized',
  4403: 'not_allowed',
  4404: 'not_found',
};

/** Whether the plan may be seen, and why not. */
export class Gate {
  /** Why the plan is not to be seen; nothing while it is. */
  word: string | undefined;
  /** More to say, where the table has no words. */
  detail = '';
  /** Whether the connection is gone, until it is live again. */
  isAway = false;
  /** What the server has said about itself. */
  notice: 'read_only' | 'slow' | undefined;
  #askedAt = -Infinity;

  constructor(
    private readonly plan: Plan,
    private readonly token: string | undefined,
    private readonly told: () => void,
    private readonly isReady: () => boolean,
  ) {
    plan.on('status', (status) => this.#status(status));
    plan.on('notice', ({ code }) => {
      if (code === 'read_only' || code === 'slow') this.notice = code;
      told();
    });
    let before = 0;
    plan.on('pending', ({ pending }) => {
      // What was taken in was not refused for want of room.
      if (pending < before) this.notice = undefined;
      before = pending;
    });
  }

  #status({ state, reason }: Status): void {
    if (state === 'live') {
      this.isAway = false;
      this.notice = undefined;
    } else if (state === 'offline') {
      this.isAway = true;
      const now = Date.now();
      // Behind a connection that does not come about there may be a plan that is gone.
      if (!this.isReady() || now - this.#askedAt > ASK_AGAIN_MS) {
        this.#askedAt = now;
        void this.#ask();
      }
    } else if (state === 'refused') {
      this.detail = reason?.message ?? '';
      this.word = this.#refined(CLOSES[String(reason?.code)] ?? 'refused');
      void this.#ask();
    }
  }

  /** The server says over HTTP what a websocket cannot. */
  async #ask(): Promise<void> {
    try {
      await this.plan.http.get();
    } catch (error) {
      if (!(error instanceof PlanError) || error.status === undefined) return;
      if (![401, 403, 404, 410].includes(error.status)) return;
      this.word = this.#refined(typeof error.code === 'string' ? error.code : (this.word ?? 'unauthorized'));
      this.detail = error.message;
      void this.plan.close();
      this.told();
    }
  }

  #refined(word: string): string {
    if (word !== 'unauthorized') return word;
    if (this.token === undefined) return 'signed_out';
    const expires = claimsOf(this.token)?.exp;
    return expires !== undefined && expires * 1000 <= this.plan.serverNow() + 5_000 ? 'expired' : word;
  }
}

/** In place of the plan: why it is not here. */
export function closedState(word: string, detail: string, kept: number, again?: () => void): TemplateResult {
  const [title, text, act] = WORDS[word] ?? ['This plan cannot be opened', detail];
  return html`<div class="state" role="status" part="state" data-state=${word}>
    <h1>${title}</h1>
    <p class="mute">${text}</p>
    ${
      kept > 0
        ? html`<p>
            ${counted(kept, 'edit')} of yours ${kept === 1 ? 'is' : 'are'} kept on this device and sent when you open
            the plan again.
          </p>`
        : nothing
    }
    ${act === 'reload' ? html`<button class="pri" @click=${() => location.reload()}>Load anew</button>` : nothing}
    ${act === 'again' && again ? html`<button class="pri" @click=${again}>Try now</button>` : nothing}
  </div>`;
}

/** In place of the plan: it is on its way. The page around may show something of its own meanwhile. */
export function openingState(): TemplateResult {
  return html`<div part="state" data-state="opening">
    <slot name="opening"
      ><div class="page bones" role="status" aria-label="Opening the plan">
        <i class="title"></i><i class="words"></i><i class="box"></i><i></i><i></i><i></i></div
    ></slot>
  </div>`;
}

/** Above the plan: what to know while reading and writing it. */
export function banner(desk: Desk, gate: Gate): TemplateResult | typeof nothing {
  const { plan } = desk;
  const { state, reason } = plan.status;
  const say = (text: string, role: 'status' | 'alert' = 'status') =>
    html`<p class="banner no-print" role=${role} part="banner">${text}</p>`;
  if (state === 'closed')
    return say(`${reason?.message ?? 'The connection has ended'}. Load the page anew to go on.`, 'alert');
  const lost = 'This browser keeps nothing for this page (its storage is full or forbidden)';
  if (gate.isAway) {
    const kept = plan.storage
      ? `${lost}: leave it open until it says “Saved”.`
      : 'What you write is kept on this device and merged when there is a connection again.';
    if (globalThis.navigator?.onLine === false) return say(`You are offline. ${kept}`);
    if (reason?.code === 'no_token') return say(`You are signed out for the moment. ${kept}`);
    if (reason?.code === 1012) return say(`The server starts anew. ${kept}`);
    if (reason?.code === 1013) return say(`The server is busy. ${kept}`);
    return say(`You are offline: the server cannot be reached. ${kept}`);
  }
  if (plan.storage && plan.pending > 0) return say(`${lost}: leave it open until it says “Saved”.`, 'alert');
  if (gate.notice === 'read_only')
    return say(
      'The server takes no edits for now: its disk is nearly full. What you write is kept here and sent later.',
    );
  if (gate.notice === 'slow') return say('The connection is slow: what others write comes late.');
  return nothing;
}

/** In an empty plan: what to do first. */
class Start extends Piece {
  static look = css`
    .start {
      margin-top: 1.25rem;
      padding: 1.5rem 1.75rem;
    }
    .start h2 {
      font-size: 1.25rem;
      font-weight: 650;
    }
    .start ol {
      margin-top: 1rem;
      display: grid;
      gap: 1rem;
      counter-reset: step;
    }
    .start li {
      display: grid;
      grid-template-columns: 2rem minmax(0, 1fr);
      gap: 0.125rem 0.5rem;
      align-items: baseline;
      counter-increment: step;
    }
    .start li::before {
      content: counter(step);
      display: grid;
      place-items: center;
      width: 1.625rem;
      height: 1.625rem;
      border-radius: 50%;
      background: var(--other-bg);
      color: var(--other);
      font-weight: 650;
      font-size: 0.8667rem;
    }
    .start li.done::before {
      content: '✓';
      color: var(--ok);
    }
    .start li > * {
      grid-column: 2;
    }
    .start li > b {
      grid-row: 1;
    }
    .start input[type='date'] {
      width: auto;
    }
    .start form {
      flex-wrap: nowrap;
      max-width: 34rem;
    }
    .start form button {
      flex: none;
    }
    .bones i {
      display: block;
      height: 3rem;
      margin-bottom: 0.625rem;
      border-radius: 0.75rem;
      background: var(--line);
    }
    .bones .title {
      width: min(24rem, 70%);
      height: 2.25rem;
    }
    .bones .words {
      width: min(16rem, 50%);
      height: 1rem;
      margin-bottom: 1.5rem;
    }
    .bones .box {
      height: 11rem;
      margin-bottom: 2rem;
      border-radius: 1rem;
    }
    .state h1 {
      font-size: 1.5rem;
      letter-spacing: -0.01em;
      text-wrap: balance;
    }
    .state {
      min-height: 60vh;
      align-content: center;
    }
  `;

  override render(): TemplateResult | typeof nothing {
    const { desk } = this;
    const { plan } = desk;
    if (plan.milestones.size > 0 || plan.tasks.size > 0) return nothing;
    if (!desk.rights.structure())
      return html`<section class="start card" part="start">
        <h2>Nothing is planned yet</h2>
        <p class="mute">Milestones and tasks appear here as soon as somebody writes them.</p>
      </section>`;
    const target = plan.meta.target?.date;
    return html`<section class="start card" aria-labelledby="start-title" part="start">
      <h2 id="start-title">An empty plan: what to do first</h2>
      <ol>
        <li class=${target ? 'done' : ''}>
          <b>Name the target</b>
          <span class="mute">The day of the signature or of going live; everything is planned backwards from it.</span>
          <label class="row"
            ><span class="unseen">Target date</span
            ><input
              type="date"
              .value=${target ?? ''}
              @change=${(event: Event) => desk.set('meta', 'target.date', (event.target as HTMLInputElement).value || null)}
          /></label>
        </li>
        <li>
          <b>Write the first milestone</b>
          <span class="mute">Seven to nine of them carry a plan; the last one is the buyer getting value.</span>
          <form class="row" @submit=${this.#add}>
            <label class="unseen" for="start-first">First milestone</label>
            <input id="start-first" name="title" required maxlength="300" placeholder="Proof of concept agreed" />
            <button class="pri">Add</button>
          </form>
        </li>
        <li>
          <b>Bring the people</b>
          <span class="mute">“Share” makes a link for each of yours; the other side invites its own.</span>
        </li>
      </ol>
    </section>`;
  }

  #add = (event: SubmitEvent): void => {
    event.preventDefault();
    const title = String(new FormData(event.target as HTMLFormElement).get('title') ?? '').trim();
    if (title) this.desk.edit((tx) => void tx.milestones.add({ title }));
  };
}

define('plansync-start', Start);
export const statesLook = Start.look;
