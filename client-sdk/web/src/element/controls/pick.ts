/**
 * A set of people or items that can be changed where it stands: chips, and a list to tick.
 *
 * In: which place, who is in it, who may be. Out: one edit for each tick. What is always true: only the member that was
 * ticked is written, so two people who tick at once both count.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { personChip } from './chips.js';
import type { Desk } from '../desk.js';
import { Piece, define } from '../piece.js';

/** With more choices than this the list can be searched. */
const SEARCHED_FROM = 8;

/** One that may be in the set. */
export interface Choice {
  readonly id: string;
  readonly words: string;
  /** How it is shown among the picked; the words unless given. */
  readonly shown?: TemplateResult;
  /** Whether what is shown leads elsewhere: then the list has the words. */
  readonly isLink?: boolean;
}

/** People to choose from, with their side. */
export function peopleChoices(desk: Desk): readonly Choice[] {
  return desk.people().map(({ id }) => ({ id, words: desk.personName(id), shown: personChip(desk, id) }));
}

/** Milestones and tasks to choose from. */
export function itemChoices(desk: Desk): readonly Choice[] {
  const { plan } = desk.beside ?? desk;
  return [...plan.milestones, ...plan.tasks].map(({ id, title }) => ({ id, words: title ?? id }));
}

class Pick extends Piece {
  static look = css`
    plansync-pick {
      display: inline-block;
      position: relative;
      max-width: 100%;
    }
    .picked {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 0.375rem;
      align-items: center;
    }
    .picks {
      position: absolute;
      z-index: 8;
      inset-block-start: calc(100% + 0.25rem);
      inset-inline-start: 0;
      width: max-content;
      min-width: 14rem;
      max-width: min(22rem, 80vw);
      max-height: 18rem;
      overflow: auto;
      padding: 0.5rem;
      border: 1px solid var(--line);
      border-radius: 0.625rem;
      background: var(--card);
      box-shadow: 0 8px 32px rgb(0 0 0 / 0.18);
    }
    .picks label {
      display: flex;
      gap: 0.5rem;
      align-items: center;
      padding: 0.25rem 0.375rem;
      min-height: 1.75rem;
      border-radius: 0.375rem;
    }
    .picks label:hover {
      background: var(--shade);
    }
  `;

  static override properties = {
    ...Piece.properties,
    of: {},
    name: {},
    label: {},
    value: { attribute: false },
    choices: { attribute: false },
    may: { type: Boolean },
    implied: { type: Boolean },
    open: { state: true },
    filter: { state: true },
  };
  /** The entity: `risks/rk-1`, or `meta`. */
  declare of: string;
  /** The set: `owners`. */
  declare name: string;
  declare label: string;
  declare value: readonly string[] | undefined;
  declare choices: () => readonly Choice[];
  declare may: boolean;
  /** Whether the value only goes without saying: the first tick states it. */
  declare implied: boolean;
  declare open: boolean;
  declare filter: string;

  constructor() {
    super();
    this.may = this.implied = this.open = false;
    this.filter = '';
  }

  override render(): TemplateResult {
    const all = this.choices();
    const picked = (this.value ?? []).map((id) => all.find((each) => each.id === id) ?? { id, words: id });
    return html`<span class="picked"
        >${picked.map((each) => each.shown ?? html`<span class="chip">${each.words}</span>`)}${
          picked.length === 0 ? html`<span class="tag">none</span>` : nothing
        }${
          this.may
            ? html`<button
                class="quiet icon"
                aria-expanded=${this.open}
                aria-label="Change ${this.label.toLowerCase()}"
                @click=${this.#toggle}
              >
                ✎
              </button>`
            : nothing
        }</span
      >${this.open ? this.#list(all) : nothing}`;
  }

  #list(all: readonly Choice[]): TemplateResult {
    const wanted = this.filter.toLocaleLowerCase();
    const shown = all.filter(({ words }) => words.toLocaleLowerCase().includes(wanted)).slice(0, 60);
    const isIn = new Set(this.value);
    return html`<div class="picks" role="group" aria-label=${this.label} @keydown=${this.#key} @focusout=${this.#left}>
      ${
        all.length > SEARCHED_FROM
          ? html`<input
              type="search"
              aria-label="Search"
              placeholder="Search"
              @input=${(event: Event) => (this.filter = (event.target as HTMLInputElement).value)}
            />`
          : nothing
      }
      ${repeat(
        shown,
        ({ id }) => id,
        ({ id, words, shown: chip, isLink }) =>
          html`<label
            ><input type="checkbox" .checked=${isIn.has(id)} @change=${(event: Event) => this.#tick(id, event)} />${
              (isLink ? undefined : chip) ?? html`<span>${words}</span>`
            }</label
          >`,
      )}
      ${shown.length ? nothing : html`<p class="mute small">Nothing of that name.</p>`}
    </div>`;
  }

  #toggle = (): void => {
    this.open = !this.open;
    this.filter = '';
    if (this.open) void this.updateComplete.then(() => this.querySelector<HTMLElement>('.picks input')?.focus());
  };

  #tick(id: string, event: Event): void {
    const box = event.target as HTMLInputElement;
    const stated = this.implied ? Object.fromEntries((this.value ?? []).map((each) => [each, true])) : {};
    if (!this.desk.set(this.of, this.name, { ...stated, [id]: box.checked ? true : null })) box.checked = !box.checked;
  }

  #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.open = false;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.picked button')?.focus());
  };

  /** Focus that went nowhere is that of a hand on a label. */
  #left = (event: FocusEvent): void => {
    if (event.relatedTarget instanceof Node && !this.contains(event.relatedTarget)) this.open = false;
  };

  #pressed = (event: Event): void => {
    if (this.open && !event.composedPath().includes(this)) this.open = false;
  };

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('pointerdown', this.#pressed);
  }

  override disconnectedCallback(): void {
    document.removeEventListener('pointerdown', this.#pressed);
    super.disconnectedCallback();
  }
}

define('plansync-pick', Pick);
export const pickLook = Pick.look;
