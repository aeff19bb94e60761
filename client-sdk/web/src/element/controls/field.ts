/**
 * One field of the plan that can be edited where it stands: a text, a day, a choice.
 *
 * In: which place, how it is shown, whether the reader may change it. Out: one edit when the reader is done (Enter, or
 * leaving the field); Escape leaves it as it was. What is always true: others see who is in the field; what others write
 * meanwhile is not overwritten unless the reader writes too; a date that moves later is asked for its reason.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { Piece, define } from '../piece.js';
import { afterPress } from './press.js';
import { daysBetween, shiftWords } from '../words.js';

/** What a field holds, and so how it is edited. */
export type FieldKind = 'text' | 'long' | 'day' | 'choice' | 'number' | 'time';

class FieldPiece extends Piece {
  static look = css`
    plansync-field[block] {
      display: flex;
      width: 100%;
    }
    .value.long {
      width: 100%;
    }
    .value.long > .words {
      white-space: pre-wrap;
    }
    button.value:hover {
      border-color: var(--track);
      background: var(--shade);
    }
    .value.there {
      box-shadow: 0 0 0 2px var(--here, var(--other));
    }
    .there-name {
      position: absolute;
      inset-block-end: 100%;
      inset-inline-start: 0;
      z-index: 2;
      font-size: 0.6875rem;
      font-weight: 600;
      line-height: 1.3;
      white-space: nowrap;
      padding: 0 0.375rem;
      border-radius: 0.25rem;
      color: var(--bg);
      background: var(--other);
      pointer-events: none;
    }
    .there-name.buyer {
      background: var(--buyer);
    }
    .there-name.seller {
      background: var(--seller);
    }
    .there-name.partner {
      background: var(--partner);
    }
    .editing {
      display: grid;
      gap: 0.375rem;
      width: 100%;
      min-width: min(16rem, 70vw);
    }
    .editing .note {
      margin: 0;
      font-size: 0.8125rem;
      color: var(--mute);
    }
    .put-back {
      display: flex;
      gap: 0.375rem;
      align-items: start;
      font-size: 0.8125rem;
      font-weight: 500;
      color: var(--late);
    }
    .editing .why {
      display: grid;
      gap: 0.375rem;
      padding: 0.625rem;
      border-radius: 0.5rem;
      background: var(--hot);
      border: 1px solid var(--hot-line);
      font-size: 0.875rem;
    }
  `;

  static override properties = {
    ...Piece.properties,
    of: {},
    name: {},
    kind: {},
    label: {},
    value: { attribute: false },
    shown: { attribute: false },
    blank: {},
    choices: { attribute: false },
    may: { type: Boolean },
    asksWhy: { type: Boolean },
    note: {},
    take: { attribute: false },
    editing: { state: true },
    draft: { state: true },
    asking: { state: true },
  };
  /** The entity: `tasks/ca-1`, or `meta`. */
  declare of: string;
  /** The field: `due`, `blocked.reason`. */
  declare name: string;
  declare kind: FieldKind;
  /** What it is called for whoever hears it. */
  declare label: string;
  declare value: string | number | undefined;
  /** How it is shown; the value itself unless given. */
  declare shown: TemplateResult | string | undefined;
  /** What stands where nothing does. */
  declare blank: string;
  /** Of a choice: value and words. */
  declare choices: readonly (readonly [string, string])[];
  /** Whether the reader may change it. */
  declare may: boolean;
  /** Whether a later day wants a reason. */
  declare asksWhy: boolean;
  /** What the reader should know while writing: who will be asked. */
  declare note: string | undefined;
  /** What is set for what was written; that itself unless given. */
  declare take: ((written: string) => unknown) | undefined;
  declare editing: boolean;
  declare draft: string;
  declare asking: boolean;

  constructor() {
    super();
    this.kind = 'text';
    this.blank = 'Add';
    this.may = this.editing = this.asking = this.asksWhy = false;
    this.draft = '';
    this.choices = [];
  }

  #places = -1;
  #shownThere: unknown;
  #shownRefusal: string | undefined;

  get #place(): string {
    return `${this.of}/${this.name}`;
  }

  /** Thousands of these stand on a page: each looks only at who is in it, and whether it was put back. */
  protected override heard(): void {
    const { desk } = this;
    if (desk.places === this.#places) return;
    this.#places = desk.places;
    if (desk.at(this.#place) !== this.#shownThere || desk.refusals.get(this.#place) !== this.#shownRefusal)
      this.requestUpdate();
  }

  /** Begins to edit, as a click does. */
  edit(): void {
    if (this.may) this.#begin();
  }

  override render(): TemplateResult {
    this.#shownThere = this.desk.at(this.#place);
    this.#shownRefusal = this.desk.refusals.get(this.#place);
    const refusal = this.#shownRefusal;
    return html`${this.editing ? this.#editor() : this.#reader()}${
      refusal
        ? html`<span class="put-back" role="alert"
            ><span>⚠ Put back: ${refusal}</span
            ><button type="button" class="quiet icon" aria-label="Dismiss" @click=${this.#forget}>✕</button></span
          >`
        : nothing
    }`;
  }

  #forget = (): void => {
    this.desk.refusals.delete(this.#place);
    this.requestUpdate();
  };

  #reader(): TemplateResult {
    const isBlank = this.value === undefined || this.value === '';
    const there = this.desk.at(this.#place);
    const [first] = there;
    const text = isBlank ? (this.may ? this.blank : '–') : (this.shown ?? String(this.value));
    const shown = this.kind === 'long' ? html`<span class="words">${text}</span>` : text;
    const name = first
      ? html`<span class="there-name ${this.desk.side(first.party)}" aria-hidden="true"
          >${there.map((each) => each.name ?? this.desk.personName(each.person)).join(', ')}</span
        >`
      : nothing;
    const style = `value ${isBlank ? 'blank' : ''} ${first ? 'there' : ''} ${this.kind === 'long' ? 'long' : ''}`;
    if (!this.may) return html`${name}<span class=${style}><span class="words">${shown}</span></span>`;
    // What is read out has what is seen in it, for whoever speaks to the page.
    const label = typeof text === 'string' ? `${this.label}: ${text}. Change` : undefined;
    return html`${name}<button
        type="button"
        class=${style}
        aria-label=${label ?? nothing}
        title=${`Change ${this.label.toLowerCase()}`}
        part="field"
        @click=${this.#begin}
      >
        <span class="words">${shown}</span>
      </button>`;
  }

  #editor(): TemplateResult {
    const common = (event: InputEvent) => (this.draft = (event.target as HTMLInputElement).value);
    const control =
      this.kind === 'choice'
        ? html`<select aria-label=${this.label} .value=${this.draft} @change=${this.#chosen}>
            ${this.#offered.map(
              ([value, words]) => html`<option value=${value} ?selected=${value === this.draft}>${words}</option>`,
            )}
          </select>`
        : this.kind === 'long'
          ? html`<textarea aria-label=${this.label} .value=${this.draft} @input=${common}></textarea>`
          : html`<input
              type=${{ day: 'date', number: 'number', time: 'time' }[this.kind as string] ?? 'text'}
              aria-label=${this.label}
              maxlength=${this.kind === 'text' ? 300 : nothing}
              min=${this.kind === 'number' ? 0 : nothing}
              .value=${this.draft}
              @input=${common}
            />`;
    return html`<span class="editing" @keydown=${this.#key} @focusout=${this.#left}>
      ${control} ${this.note ? html`<span class="note">${this.note}</span>` : nothing}
      ${this.asking ? this.#why() : nothing}
    </span>`;
  }

  /** What stands there is among the choices, so that each of the others is another one. */
  get #offered(): FieldPiece['choices'] {
    const { choices, draft } = this;
    return choices.some(([value]) => value === draft) ? choices : [[draft, draft], ...choices];
  }

  #why(): TemplateResult {
    const days = daysBetween(String(this.value ?? ''), this.draft);
    return html`<span class="why">
      <label class="field"
        >Why does it move by ${shiftWords(days)}?
        <input class="reason" maxlength="2000" placeholder="The others will see this" />
      </label>
      <span class="row">
        <button type="button" class="pri" @click=${() => this.#done()}>Move it</button>
        <button type="button" class="quiet" @click=${() => this.#end()}>Leave it</button>
      </span>
    </span>`;
  }

  #begin = (): void => {
    this.draft = String(this.value ?? '');
    this.editing = true;
    this.desk.enter(this.#place);
    void this.updateComplete.then(() => {
      const control = this.querySelector<HTMLElement>('input, textarea, select');
      control?.focus();
      if (control instanceof HTMLInputElement && this.kind === 'text') control.select();
    });
  };

  #chosen = (event: Event): void => {
    this.draft = (event.target as HTMLSelectElement).value;
    this.#save();
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.#end();
    } else if (event.key === 'Enter' && (this.kind !== 'long' || event.ctrlKey || event.metaKey)) {
      if (event.target instanceof HTMLButtonElement || event.isComposing) return;
      event.preventDefault();
      if (this.asking) this.#done();
      else this.#save();
    }
  };

  #left = (event: FocusEvent): void => {
    if (event.relatedTarget instanceof Node && this.contains(event.relatedTarget)) return;
    // A question that was not answered stays.
    if (!this.asking) afterPress(() => this.#save(false));
  };

  /** Whether the reader has written something else than what stands there. */
  get #isOther(): boolean {
    return this.draft !== String(this.value ?? '');
  }

  #save(isAnswer = true): void {
    if (!this.editing) return;
    if (!this.#isOther) return this.#end(isAnswer);
    const isLater = this.kind === 'day' && this.asksWhy && daysBetween(String(this.value ?? ''), this.draft) > 0;
    if (!isLater) return this.#done(isAnswer);
    this.asking = true;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.reason')?.focus());
  }

  #done(refocus = true): void {
    const reason = this.querySelector<HTMLInputElement>('.reason')?.value.trim();
    const { draft, kind, take } = this;
    const value = draft === '' ? null : take ? take(draft) : kind === 'number' ? Number(draft) : draft;
    if (this.desk.set(this.of, this.name, value, reason || undefined)) this.#end(refocus);
    else void this.updateComplete.then(() => this.querySelector<HTMLElement>('input, textarea, select')?.focus());
  }

  #end(refocus = true): void {
    this.editing = this.asking = false;
    this.desk.leave(this.#place);
    if (refocus) void this.updateComplete.then(() => this.querySelector<HTMLElement>('button')?.focus());
  }
}

export type { FieldPiece };

define('plansync-field', FieldPiece);
export const fieldLook = FieldPiece.look;
