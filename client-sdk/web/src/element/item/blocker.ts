/**
 * What stands in the way of an item: raised with a reason, cleared by whoever has solved it.
 *
 * In: an item. Out: one edit for each. What is always true: whoever may write a comment may raise and clear it.
 */

import { html, nothing, type TemplateResult } from 'lit';
import { split } from '../desk.js';
import { Piece, define } from '../piece.js';
import { itemOf } from '../controls/status.js';
import { apart } from '../words.js';

class Blocker extends Piece {
  static override properties = { ...Piece.properties, of: {}, blocking: { state: true } };
  /** The item: `tasks/ca-1`. */
  declare of: string;
  declare blocking: boolean;

  constructor() {
    super();
    this.blocking = false;
  }

  override render(): TemplateResult | typeof nothing {
    const { desk, of: subject } = this;
    const item = itemOf(desk, split(subject)[1]);
    if (!item) return nothing;
    const may = desk.rights.talk;
    const isBlocked = item.status === 'blocked' || item.blocked?.reason !== undefined;
    if (!isBlocked && !may) return nothing;
    const { reason, needs, since, by } = item.blocked ?? {};
    if (isBlocked)
      return html`<section aria-label="Blocker">
        <p class="note blocked">
          ⚠
          Blocked${reason ? html`: <bdi>${reason}</bdi>` : nothing}${needs ? html` · needs <bdi>${needs}</bdi>` : nothing}
          <span class="mute"
            >${[by && apart(desk.personName(by)), since && desk.day(since)].filter(Boolean).join(', ')}</span
          >
        </p>
        ${
          may
            ? html`<span class="row"><button @click=${() => this.#unblock(subject)}>Clear the blocker</button></span>`
            : nothing
        }
      </section>`;
    if (!this.blocking)
      return item.status === 'complete' || item.status === 'cancelled'
        ? nothing
        : html`<p class="row"><button class="quiet" @click=${this.#beginBlock}>⚠ Raise a blocker</button></p>`;
    return html`<section aria-label="Blocker">
      <form class="blocking" @submit=${(event: Event) => this.#block(event, subject)}>
        <label class="field"
          >What is in the way<input name="reason" maxlength="2000" required autocomplete="off"
        /></label>
        <label class="field">What it needs<input name="needs" maxlength="2000" autocomplete="off" /></label>
        <span class="row">
          <button class="pri">Raise it</button>
          <button type="button" class="quiet" @click=${this.#leave}>Cancel</button>
        </span>
      </form>
    </section>`;
  }

  #leave = (): void => {
    this.blocking = false;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('button')?.focus());
  };

  #beginBlock = (): void => {
    this.blocking = true;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.blocking input')?.focus());
  };

  #block(event: Event, subject: string): void {
    event.preventDefault();
    const { desk } = this;
    const { elements } = event.target as HTMLFormElement;
    const value = (name: string) => (elements.namedItem(name) as HTMLInputElement).value.trim();
    const me = desk.plan.me?.person;
    const [collection, id] = split(subject);
    const isMade = desk.edit((tx) =>
      tx[collection].set(id, {
        status: 'blocked',
        blocked: {
          reason: value('reason'),
          needs: value('needs') || null,
          since: desk.today,
          ...(me && desk.plan.people.has(me) ? { by: me } : {}),
        },
      }),
    );
    if (isMade) this.blocking = false;
  }

  #unblock(subject: string): void {
    const [collection, id] = split(subject);
    this.desk.edit((tx) =>
      tx[collection].set(id, {
        status: 'in_progress',
        blocked: { reason: null, needs: null, since: null, by: null },
      }),
    );
  }
}

define('plansync-blocker', Blocker);
