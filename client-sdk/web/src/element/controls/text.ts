/**
 * A long text that several people type in at once: a text area bound to the plan's own text.
 *
 * In: a place, `tasks/ca-1/notes`. Out: each stroke as the smallest difference. What is always true: what others type
 * meanwhile stays, and the caret stays between the letters where it was; while letters are being composed (Japanese, say)
 * nothing is moved under them; no half of a character is written. Others see where the caret is while the area has the
 * focus, and no longer.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import type * as Y from 'yjs';
import { LIMITS } from '../../schema.js';
import { cursorAt } from './carets.js';
import { Piece, define } from '../piece.js';
import { strokeOf, through, type Delta, type Stroke } from './stroke.js';

/** A caret that runs is shown ten times a second. */
const POINT_MS = 100;

class SharedText extends Piece {
  static look = css`
    plansync-text {
      display: grid;
      gap: 0.25rem;
    }
    .text-head {
      display: flex;
      gap: 0.5rem;
      align-items: baseline;
      font-size: 0.8125rem;
      color: var(--mute);
    }
    .text-head .there-name {
      position: static;
    }
    plansync-text textarea {
      field-sizing: content;
      min-height: 3.25rem;
      max-height: 24rem;
      line-height: 1.5;
      border-color: var(--line);
    }
    plansync-text textarea:hover {
      border-color: var(--mute);
    }
    plansync-text textarea.there:not(:focus) {
      box-shadow: 0 0 0 2px var(--other);
    }
    .long-text {
      white-space: pre-wrap;
      unicode-bidi: isolate;
    }
  `;

  static override properties = {
    ...Piece.properties,
    of: {},
    name: {},
    label: {},
    hint: {},
    value: { attribute: false },
    may: { type: Boolean },
    words: { attribute: false },
  };
  /** The entity: `tasks/ca-1`, `meta`. */
  declare of: string;
  declare name: string;
  declare label: string;
  /** What stands where nothing does. */
  declare hint: string | undefined;
  /** The text as it was read, for whoever may not write. */
  declare value: string | undefined;
  declare may: boolean;
  /** How many words there should be. */
  declare words: readonly [number, number] | undefined;

  #bound: { text: Y.Text; stop: () => void } | undefined;
  /** What others did while letters were being composed; `base` is what the area showed before. */
  #composing: { base: string; deltas: Delta[] } | undefined;
  #pointing: ReturnType<typeof setTimeout> | undefined;
  #isHere = false;

  constructor() {
    super();
    this.may = false;
  }

  get #place(): string {
    return `${this.of}/${this.name}`;
  }

  get #area(): HTMLTextAreaElement | null {
    return this.querySelector('textarea');
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('selectionchange', this.#point);
  }

  override disconnectedCallback(): void {
    document.removeEventListener('selectionchange', this.#point);
    // A text area that goes away with the focus in it does not say so.
    this.#leave();
    this.#unbind();
    super.disconnectedCallback();
  }

  override render(): TemplateResult | typeof nothing {
    const { desk } = this;
    if (!this.may && !this.value) return nothing;
    const there = desk.at(this.#place);
    const names = there.map((each) => each.name ?? desk.personName(each.person)).join(', ');
    return html`<div class="text-head">
        <label for="text-${this.#place}">${this.label}</label>
        ${there.length ? html`<span class="there-name ${desk.side(there[0]?.party)}">${names} writing</span>` : nothing}
        ${this.words ? this.#count(this.words) : nothing}
      </div>
      ${html`<div class="text-body">
        ${
          this.may
            ? html`<textarea
                id="text-${this.#place}"
                class=${there.length ? 'there' : ''}
                maxlength=${LIMITS.longTextChars}
                placeholder=${this.hint ?? nothing}
                @input=${this.#typed}
                @keydown=${this.#key}
                @focus=${this.#enter}
                @blur=${this.#leave}
                @select=${this.#point}
                @compositionstart=${this.#compose}
                @compositionend=${this.#composed}
              ></textarea>`
            : html`<p class="long-text">${this.value}</p>`
        }<plansync-carets .desk=${desk} of=${this.#place}></plansync-carets>
      </div>`}`;
  }

  #count([least, most]: readonly [number, number]): TemplateResult {
    const count = (this.value ?? '').split(/\s+/).filter(Boolean).length;
    const isFine = count === 0 || (count >= least && count <= most);
    return html`<span class="push ${isFine ? '' : 'late'}" role="status">${count} of ${least}–${most} words</span>`;
  }

  protected override updated(): void {
    if (!this.may || !this.#area) return this.#unbind();
    let text: Y.Text;
    try {
      text = this.desk.plan.text(this.#place);
    } catch {
      return this.#unbind();
    }
    if (this.#bound?.text === text) return;
    this.#unbind();
    const heard = (event: Y.YTextEvent, transaction: Y.Transaction) => {
      if (transaction.origin !== this) this.#apply(event.delta as Delta);
    };
    text.observe(heard);
    this.#bound = { text, stop: () => text.unobserve(heard) };
    this.#area.value = text.toString();
  }

  #unbind(): void {
    this.#bound?.stop();
    this.#bound = this.#composing = undefined;
  }

  /** What others, another tab or an undo did. */
  #apply(delta: Delta): void {
    const area = this.#area;
    if (!area || !this.#bound) return;
    if (this.#composing) {
      this.#composing.deltas.push(delta);
      return;
    }
    const { selectionStart, selectionEnd, selectionDirection, scrollTop } = area;
    area.value = this.#bound.text.toString();
    const isHere = (this.getRootNode() as ShadowRoot | Document).activeElement === area;
    if (!isHere) return;
    area.setSelectionRange(through(delta, selectionStart), through(delta, selectionEnd), selectionDirection);
    area.scrollTop = scrollTop;
    this.#point();
  }

  #enter = (): void => {
    this.#isHere = true;
    this.desk.enter(this.#place);
    this.#point();
  };

  #leave = (): void => {
    clearTimeout(this.#pointing);
    this.#pointing = undefined;
    if (!this.#isHere) return;
    this.#isHere = false;
    this.desk.leave(this.#place);
  };

  /** Shows others where the caret is, soon. */
  #point = (): void => {
    if (!this.#isHere || this.#pointing !== undefined) return;
    this.#pointing = setTimeout(() => {
      this.#pointing = undefined;
      const area = this.#area;
      if (!area || !this.#bound || this.#composing) return;
      const { selectionStart: start, selectionEnd: end } = area;
      const [anchor, head] = area.selectionDirection === 'backward' ? [end, start] : [start, end];
      this.desk.enter(this.#place, cursorAt(this.#bound.text, anchor, head));
    }, POINT_MS);
  };

  #typed = (): void => {
    const area = this.#area;
    if (!area || !this.#bound || this.#composing) return;
    this.#write(strokeOf(this.#bound.text.toString(), area.value, area.selectionEnd));
  };

  #write({ at, delete: gone, insert }: Stroke): void {
    const { text } = this.#bound!;
    if (gone === 0 && insert === '') return;
    this.desk.plan.doc.transact(() => {
      if (gone) text.delete(at, gone);
      if (insert) text.insert(at, insert);
    }, this);
  }

  #compose = (): void => {
    if (this.#bound) this.#composing = { base: this.#bound.text.toString(), deltas: [] };
  };

  #composed = (): void => {
    const area = this.#area;
    const composing = this.#composing;
    this.#composing = undefined;
    if (!area || !composing || !this.#bound) return;
    const caret = area.selectionEnd;
    const stroke = strokeOf(composing.base, area.value, caret);
    const now = (offset: number, isEnd: boolean) =>
      composing.deltas.reduce((moved, delta) => through(delta, moved, isEnd), offset);
    const [from, to] = [now(stroke.at, false), now(stroke.at + stroke.delete, false)];
    this.#write({ at: from, delete: Math.max(0, to - from), insert: stroke.insert });
    const place = from + stroke.insert.length;
    area.value = this.#bound.text.toString();
    area.setSelectionRange(place, place);
    this.#point();
  };

  /** The browser's own undo knows nothing of what others wrote: the plan's takes its place. */
  #key = (event: KeyboardEvent): void => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    event.stopPropagation();
    this.desk.step(key === 'y' || event.shiftKey ? 'redo' : 'undo');
  };
}

define('plansync-text', SharedText);
export const textLook = SharedText.look;
