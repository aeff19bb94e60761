/**
 * What the plan is for: the value proposition, the buyer's objectives in their words, the sponsors of both sides.
 *
 * In: the plan's own fields, its objectives. Out: edits, each where it stands. What is always true: whoever may not change
 * them sees only what is there; nothing at all where there is nothing to read and nothing to write.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { personChip } from '../controls/chips.js';
import { fieldOf } from '../controls/facts.js';
import type { FieldKind } from '../controls/field.js';
import { pitchOf } from './glance.js';
import { settingsOf } from './settings.js';
import { Piece, define } from '../piece.js';
import type { Objective } from '../../schema.js';
import { quoted } from '../words.js';

/** A value proposition is read in one breath. */
const PROPOSITION_WORDS = [20, 30] as const;

class Framing extends Piece {
  static look = css`
    .framing .row {
      flex-wrap: nowrap;
    }
    .framing .row button {
      flex: none;
    }
    .framing input {
      border-color: var(--line);
    }
    .framing .body {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr));
      gap: 1rem 2rem;
      padding: 1rem 1.375rem;
      margin-top: 0.25rem;
    }
    .framing h3 {
      font-size: 0.75rem;
      font-weight: 500;
      color: var(--mute);
      margin-bottom: 0.25rem;
    }
    .framing li {
      display: flex;
      gap: 0.5rem;
      align-items: start;
      padding: 0.125rem 0;
    }
    .framing li plansync-text {
      flex: 1;
    }
    .framing .proposition {
      font-size: 1rem;
      line-height: 1.5;
    }
    .framing form {
      margin-top: 0.25rem;
    }
    .framing .settings {
      grid-column: 1 / -1;
    }
    @media (min-width: 60rem) {
      .framing .facts {
        grid-template-columns: 7rem minmax(0, 1fr) 7rem minmax(0, 1fr);
      }
    }
    .framing .value-line {
      display: flex;
      flex-wrap: wrap;
      gap: 0 0.5rem;
      align-items: baseline;
    }
  `;

  override render(): TemplateResult | typeof nothing {
    const { desk } = this;
    const { plan, rights } = desk;
    const { meta } = plan;
    const mayPitch = rights.meta('valueProposition');
    const maySponsor = rights.meta('sponsors');
    const mayHead = rights.meta('value');
    const mayGoal = rights.structure();
    const objectives = plan.objectives.all();
    const isEmpty = !meta.valueProposition && !meta.sponsors?.length && objectives.length === 0 && !meta.value;
    if (isEmpty && !mayPitch && !maySponsor && !mayGoal) return nothing;
    const isNew = !meta.valueProposition && objectives.length === 0;
    return html`<details class="framing" part="framing">
      ${pitchOf(meta.valueProposition, isNew && mayGoal)}
      <div class="body card">
        <div>
          <h3>Value proposition</h3>
          ${
            mayPitch
              ? html`<plansync-text
                  .desk=${desk}
                  of="meta"
                  name="valueProposition"
                  label="In one breath"
                  hint="What the buyer gains, tied to a priority of theirs"
                  .value=${meta.valueProposition}
                  .words=${PROPOSITION_WORDS}
                  may
                ></plansync-text>`
              : meta.valueProposition
                ? html`<p class="long-text proposition">${meta.valueProposition}</p>`
                : html`<p class="mute">none yet</p>`
          }
        </div>
        <div>
          <h3>Objectives, in the buyer’s words</h3>
          <ul>
            ${repeat(
              objectives,
              (each) => each.id,
              (each) => this.#objective(each, mayGoal),
            )}
          </ul>
          ${
            mayGoal
              ? html`<form class="row" @submit=${this.#add}>
                  <input
                    name="text"
                    aria-label="New objective"
                    placeholder="Add an objective"
                    autocomplete="off"
                    maxlength="2000"
                  />
                  <button>Add</button>
                </form>`
              : objectives.length === 0
                ? html`<p class="mute">none yet</p>`
                : nothing
          }
        </div>
        <div>
          <h3>Executive sponsors</h3>
          ${
            maySponsor
              ? html`<plansync-owners .desk=${desk} of="meta" .owners=${meta.sponsors} may></plansync-owners>`
              : html`<span class="chips"
                  >${
                    meta.sponsors?.length
                      ? meta.sponsors.map((each) => personChip(desk, each))
                      : html`<span class="mute">none yet</span>`
                  }</span
                >`
          }
        </div>
        <div>
          <h3>Value, and when it is used</h3>
          <p class="value-line">
            ${this.#field('value.amount', 'Value', meta.value?.amount, mayHead, 'number', this.#money())}
            ${this.#field('value.currency', 'Currency', meta.value?.currency, mayHead)}
            ${this.#field('value.basis', 'Basis', meta.value?.basis, mayHead, 'choice')}
          </p>
          <p class="value-line">
            <span class="mute">Go-live</span>
            ${this.#field('goLive', 'Go-live', meta.goLive, mayHead, 'day', meta.goLive && desk.day(meta.goLive))}
          </p>
        </div>
        <div class="settings">
          <h3>About this plan</h3>
          ${settingsOf(desk)}
        </div>
      </div>
    </details>`;
  }

  #money(): string | undefined {
    const { amount } = this.desk.plan.meta.value ?? {};
    if (amount === undefined) return;
    return new Intl.NumberFormat(this.desk.locale, { maximumFractionDigits: 0 }).format(amount);
  }

  #field(
    name: string,
    label: string,
    value: string | number | undefined,
    may: boolean,
    kind?: FieldKind,
    shown?: string,
  ): TemplateResult {
    const bases = [
      ['acv', 'per year (ACV)'],
      ['tcv', 'in all (TCV)'],
      ['arr', 'recurring (ARR)'],
      ['one_off', 'once'],
      ['other', 'other'],
    ] as const;
    const choices = kind === 'choice' ? bases : undefined;
    return fieldOf(this.desk, 'meta', name, label, value, may, { kind, choices, shown, blank: label.toLowerCase() });
  }

  #objective(objective: Objective, may: boolean): TemplateResult {
    const { desk } = this;
    return html`<li>
      ${
        may
          ? html`<plansync-text
                .desk=${desk}
                of="objectives/${objective.id}"
                name="text"
                label=${objective.inBuyersWords ? 'In the buyer’s words' : 'Objective'}
                .value=${objective.text}
                may
              ></plansync-text>
              <button
                class="quiet icon"
                aria-label="Remove the objective ${objective.text}"
                @click=${() => desk.remove([`objectives/${objective.id}`], `${quoted(objective.text)} was removed.`)}
              >
                ✕
              </button>`
          : html`<q class="long-text">${objective.text}</q>`
      }
    </li>`;
  }

  #add = (event: Event): void => {
    event.preventDefault();
    const { desk } = this;
    const input = (event.target as HTMLFormElement).elements.namedItem('text') as HTMLInputElement;
    const text = input.value.trim();
    if (!text) return;
    const inBuyersWords = desk.side(desk.party) === 'buyer';
    if (desk.edit((tx) => tx.objectives.add({ text, ...(inBuyersWords ? { inBuyersWords } : {}) }))) input.value = '';
  };
}

define('plansync-framing', Framing);
export const framingLook = Framing.look;
