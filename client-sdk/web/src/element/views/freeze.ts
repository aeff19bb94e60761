/**
 * Freezing a success criterion, and taking that back: what both sides agree on before a trial begins.
 *
 * In: a criterion. Out: its field `frozen`, which asks the other side.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { Piece, define } from '../piece.js';
import { apart } from '../words.js';

class Freeze extends Piece {
  static look = css`
    plansync-freeze {
      margin-inline-start: auto;
    }
    plansync-freeze:has(.frost) {
      flex-basis: 100%;
    }
    .frost {
      display: grid;
      gap: 0.5rem;
      padding: 0.625rem 0.75rem;
      border-radius: 0.5rem;
      background: var(--other-bg);
      font-size: 0.8667rem;
    }
  `;

  static override properties = { ...Piece.properties, of: {}, asking: { state: true } };
  /** The criterion: `criteria/cr-1`. */
  declare of: string;
  declare asking: boolean;

  constructor() {
    super();
    this.asking = false;
  }

  override render(): TemplateResult | typeof nothing {
    const { desk } = this;
    const criterion = desk.plan.criteria.get(this.of.slice('criteria/'.length));
    const isAsked = desk.proposalsOf(this.of).some((each) => `${this.of}/frozen` in (each.items ?? {}));
    if (!criterion || !desk.rights.freeze || desk.beside || isAsked) return nothing;
    const word = criterion.frozen ? 'Unfreeze' : 'Freeze';
    const label = `${word} ${criterion.title ?? 'it'}`;
    if (!this.asking) return html`<button class="quiet" aria-label=${label} @click=${this.#begin}>❄ ${word}</button>`;
    const others = desk.plan.parties.all().filter(({ id, kind }) => kind !== 'partner' && id !== desk.party);
    const names = others.map(({ id }) => apart(desk.partyName(id))).join(' and ');
    const asks = desk.plan.meta.trust !== 'open' && names !== '';
    const go = () => {
      if (!desk.set(this.of, 'frozen', criterion.frozen ? null : true)) return;
      desk.announce(asks ? `${names} will be asked` : criterion.frozen ? 'No longer frozen' : 'Frozen');
      this.#end();
    };
    return html`<div class="frost" role="group" aria-label=${label} @keydown=${this.#key}>
      <p>
        ${
          criterion.frozen
            ? 'What decides would be open again: later changes are changes like any other.'
            : 'This is what decides, agreed before the trial begins. It can still be changed, and each change says that it came after it was frozen. What is measured is free.'
        }
        ${asks ? html`${names} will be asked to agree.` : nothing}
      </p>
      <span class="row">
        <button class="pri" @click=${go}>${asks ? `Ask to ${word.toLowerCase()}` : word}</button>
        <button class="quiet" @click=${this.#end}>Leave it</button>
      </span>
    </div>`;
  }

  #begin = (): void => {
    this.asking = true;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.pri')?.focus());
  };

  #end = (): void => {
    this.asking = false;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('button')?.focus());
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.#end();
  };
}

define('plansync-freeze', Freeze);
export const freezeLook = Freeze.look;
