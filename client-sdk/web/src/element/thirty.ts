/** Thirty seconds: how the plan stands in one sentence, how far it is, what is next, and what each side owes. */

import { css, html, nothing, type TemplateResult } from 'lit';
import type { Milestone } from '../schema.js';
import { Piece, define } from './piece.js';
import { shiftWords } from './words.js';

class Thirty extends Piece {
  static look = css`
    .thirty {
      margin-top: 1.25rem;
      padding: 1.5rem 1.75rem;
      border-radius: 1rem;
      box-shadow: 0 1px 3px rgb(0 0 0 / 0.04);
    }
    .thirty h2 {
      font-size: clamp(1.1875rem, 1rem + 0.8vw, 1.4375rem);
      line-height: 1.3;
      letter-spacing: -0.01em;
      font-weight: 640;
      max-width: 44rem;
      text-wrap: pretty;
    }
    .thirty .track {
      display: flex;
      gap: clamp(1px, 0.4vw, 4px);
      margin: 1.125rem 0 1.375rem;
    }
    .thirty .track i {
      flex: 1;
      height: 0.5rem;
      border-radius: 0.25rem;
      background: var(--track);
      forced-color-adjust: none;
    }
    .thirty .track .complete {
      background: var(--ok);
    }
    .thirty .track .in_progress {
      background: linear-gradient(90deg, var(--now) 50%, var(--track) 50%);
    }
    .thirty .track .moves {
      background: repeating-linear-gradient(135deg, var(--hot-line) 0 4px, var(--track) 4px 7px);
    }
    .thirty .track .blocked {
      background: var(--late);
    }
    .thirty dl {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(9.5rem, 100%), 1fr));
      gap: 1.125rem 1.5rem;
    }
    .thirty dt {
      display: flex;
      gap: 0.4rem;
      align-items: center;
      font-size: 0.75rem;
      color: var(--mute);
      margin-bottom: 0.125rem;
    }
    .thirty dd {
      font-size: 0.875rem;
    }
    .thirty dd b {
      font-size: 1.25rem;
      font-weight: 650;
      letter-spacing: -0.01em;
      margin-inline-end: 0.375rem;
      font-variant-numeric: tabular-nums;
    }
    .thirty dd .value {
      min-height: 0;
      padding-block: 0;
      line-height: inherit;
    }
    .thirty dd.step b {
      font-size: 0.9375rem;
      font-weight: 620;
      letter-spacing: 0;
    }
    .thirty .wait {
      min-height: 9rem;
    }
    @media (max-width: 40rem) {
      .thirty {
        padding: 1.125rem;
      }
      .thirty dl {
        grid-template-columns: 1fr 1fr;
      }
      .thirty .owes {
        grid-column: 1 / -1;
      }
    }
  `;

  override render(): TemplateResult {
    const { desk } = this;
    const { summary } = desk;
    return html`<section class="thirty card" aria-label="In thirty seconds" part="thirty">
      <h2 part="headline">${summary?.headline ?? (desk.plan.status.state === 'live' ? ' ' : this.#localWords())}</h2>
      ${this.#track()} ${summary ? this.#box() : html`<div class="wait" aria-hidden="true"></div>`}
    </section>`;
  }

  /** The target, to move where the reader may: the others are asked. */
  #target(): TemplateResult {
    const { desk } = this;
    const { target, trust } = desk.plan.meta;
    const others = desk.plan.parties.all().filter((each) => each.kind !== 'partner' && each.id !== desk.party);
    const names = others.map((each) => desk.partyName(each.id)).join(' and ');
    return html`<plansync-field
      .desk=${desk}
      of="meta"
      name="target.date"
      kind="day"
      label="Target"
      .value=${target?.date}
      .shown=${target?.date ? desk.day(target.date) : undefined}
      blank="none yet"
      note=${trust === 'open' || !names ? nothing : `${names} will be asked to agree.`}
      ?may=${desk.rights.meta('target.date')}
    ></plansync-field>`;
  }

  /** Without a server the sentence is about what is known here. */
  #localWords(): string {
    const target = this.desk.plan.meta.target?.date;
    return target ? `Target ${this.desk.day(target)}` : 'No target date yet';
  }

  #track(): TemplateResult {
    const { plan, answer } = this.desk;
    const milestones = plan.milestones.all().filter((each) => each.status !== 'cancelled');
    const moving = new Set(answer?.figures.mustMove.items.map((item) => item.id) ?? []);
    const overdue = new Set(answer?.figures.overdue.items.map((item) => item.id) ?? []);
    const stateOf = (each: Milestone) => {
      if (each.status === 'complete') return 'complete';
      if (each.status === 'blocked') return 'blocked';
      if (moving.has(each.id) || overdue.has(each.id)) return 'moves';
      return each.status === 'in_progress' ? 'in_progress' : 'pending';
    };
    const complete = milestones.filter((each) => each.status === 'complete').length;
    return html`<div class="track" role="img" aria-label="${complete} of ${milestones.length} milestones complete">
      ${milestones.map((each) => html`<i class=${stateOf(each)} title=${each.title ?? each.id}></i>`)}
    </div>`;
  }

  #box(): TemplateResult {
    const { desk } = this;
    const { standing } = desk.summary!;
    const { nextMilestone: next, target } = standing;
    const before = standing.percentBefore;
    return html`<dl>
      <div>
        <dt>Progress</dt>
        <dd>
          <b>${Math.round(standing.percent ?? 0)} %</b>${
            before !== undefined && before !== standing.percent
              ? html`<span class="mute">was ${Math.round(before)} %</span>`
              : nothing
          }
        </dd>
        <dd class="mute small">
          ${standing.milestonesComplete} of ${standing.milestones} milestones, ${standing.complete} of
          ${standing.counted} items
        </dd>
      </div>
      <div>
        <dt>Target</dt>
        <dd>
          <b>${this.#target()}</b>${
            !target?.date
              ? nothing
              : (target.slip ?? 0) > 0
                ? html`<span class="late">⚠ ${shiftWords(target.slip ?? 0)}, ${desk.day(target.projected)}</span>`
                : html`<span class="ok">holds</span>`
          }
        </dd>
        ${
          target?.keepGap && target.keepGap !== target.date
            ? html`<dd class="mute small">if every gap is kept: ${desk.day(target.keepGap)}</dd>`
            : nothing
        }
      </div>
      <div>
        <dt>Next milestone</dt>
        <dd>
          ${
            next
              ? html`<b>${desk.day(next.due) || 'no date'}</b>${
                    (next.overdue ?? 0) > 0 ? html`<span class="late">⚠ ${next.overdue} d overdue</span>` : nothing
                  }`
              : html`<b>none open</b>`
          }
        </dd>
        ${next ? html`<dd class="mute small">${next.title}</dd>` : nothing}
      </div>
      ${(standing.owes ?? []).map(({ party, label, isReader, step }) => {
        const side = desk.side(party);
        return html`<div class="owes">
          <dt class=${side}>
            <i class="shape" aria-hidden="true"></i>${isReader ? 'You owe next' : `${titled(label)} owes next`}
          </dt>
          <dd class="step">
            ${
              step
                ? html`<b>${step.title ?? step.subject}</b>
                    <span class="mute small"
                      >${[step.owners?.join(', '), step.due && desk.day(step.due)].filter(Boolean).join(', ')}</span
                    >
                    ${(step.overdue ?? 0) > 0 ? html`<span class="late small">⚠ ${step.overdue} d overdue</span>` : nothing}
                    ${step.isBlocked ? html`<span class="late small">blocked</span>` : nothing}`
                : html`<span class="mute">nothing</span>`
            }
          </dd>
        </div>`;
      })}
    </dl>`;
  }
}

function titled(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

define('plansync-thirty', Thirty);
export const thirtyLook = Thirty.look;
