/**
 * What a reader sees first: which plan this is, and in thirty seconds how it stands.
 *
 * In: plain values, and what may be edited already drawn. Out: the head and the card below it. What is always true: nothing
 * here needs the plan itself, so the page draws the same from the server's first answers, while the rest is on its way.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import type { Figures } from '../../http.js';
import type { Summary } from '../desk.js';
import { instantWords, shiftWords, type Side } from '../words.js';

/** Something drawn, or nothing. */
export type Drawn = TemplateResult | string | typeof nothing;

/** How days and parties are shown. */
interface Words {
  /** `Feb 17`, in the reader's language. */
  day(day: string | undefined): string;
  side(party: string | undefined): Side;
}

/** As much of a milestone as its piece of the track shows. */
interface Mark {
  readonly id: string;
  readonly title?: string;
  readonly status?: string;
}

/** The look of it; also of values, and of buttons in the head. */
export const glanceLook = css`
  .page {
    max-width: 70rem;
    margin: 0 auto;
    padding: clamp(1rem, 3vw, 2rem) clamp(0.875rem, 3vw, 1.5rem) 4rem;
  }
  plansync-field,
  .still {
    display: inline-flex;
    flex-wrap: wrap;
    min-width: 0;
    max-width: 100%;
    position: relative;
  }
  .value {
    font: inherit;
    font-weight: inherit;
    text-align: start;
    background: none;
    border: 1px solid transparent;
    border-radius: 0.375rem;
    padding: 0.0625rem 0.3125rem;
    margin: 0 -0.3125rem;
    color: inherit;
    min-height: 1.5rem;
    min-width: 1.5rem;
    line-height: 1.4;
    unicode-bidi: isolate;
  }
  .value.blank {
    color: var(--mute);
    font-weight: 400;
    font-style: italic;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem 2rem;
    justify-content: space-between;
    align-items: flex-start;
  }
  .head .id {
    flex: 1 1 22rem;
    min-width: 0;
  }
  .head .kind {
    font-size: 0.75rem;
    letter-spacing: 0.08em;
    text-transform: uppercase;
    color: var(--mute);
  }
  .head h1 {
    font-size: clamp(1.5rem, 1.1rem + 1.6vw, 2rem);
    line-height: 1.2;
    letter-spacing: -0.02em;
    font-weight: 680;
    text-wrap: balance;
  }
  .head .value {
    letter-spacing: inherit;
    text-transform: inherit;
    line-height: inherit;
    min-height: 0;
  }
  .head .deal {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.25rem;
    color: var(--mute);
    font-size: 1.0625rem;
  }
  .head .version {
    font-size: 0.8125rem;
    color: var(--mute);
    margin-top: 0.375rem;
    min-height: 1lh;
  }
  .head .here {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 0.875rem;
    align-items: center;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    align-items: center;
  }
  .faces {
    display: flex;
    padding-inline-start: 0.375rem;
  }
  .face {
    display: grid;
    place-items: center;
    width: 2rem;
    height: 2rem;
    margin-inline-start: -0.375rem;
  }
  .room {
    display: contents;
    visibility: hidden;
  }
  .steps {
    white-space: nowrap;
  }
  .steps button {
    font-size: 1.125rem;
    min-height: 1.75rem;
  }
  .safety {
    font-size: 0.8125rem;
    color: var(--mute);
    white-space: nowrap;
  }
  .framing {
    margin-top: 0.75rem;
    font-size: 0.9333rem;
  }
  .framing > summary {
    width: fit-content;
    max-width: 44rem;
    padding: 0.25rem 0;
    color: var(--mute);
    font-size: 0.8667rem;
    cursor: pointer;
  }
  .framing .pitch {
    display: inline;
    color: var(--ink);
    unicode-bidi: isolate;
  }
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

/** Which plan this is. */
export function headOf(head: {
  readonly kind: Drawn;
  readonly title: Drawn;
  /** Account and opportunity, what there is of them. */
  readonly deal: readonly Drawn[];
  /** When it was last written. */
  readonly updatedAt: string | undefined;
  readonly edits?: Drawn;
  readonly here: Drawn;
  readonly locale: string;
}): TemplateResult {
  const { kind, title, deal, updatedAt, edits, here, locale } = head;
  const drawn = deal.filter((each) => each !== nothing);
  return html`<header class="head" part="head">
    <div class="id">
      <p class="kind">${kind}</p>
      <h1 part="title">${title}</h1>
      ${
        drawn.length
          ? html`<p class="deal">
              ${drawn.map((each, n) => (n ? html`<span aria-hidden="true"> · </span>${each}` : each))}
            </p>`
          : nothing
      }
      <p class="version" part="version">
        ${
          updatedAt
            ? html`Version of <time datetime=${updatedAt}>${instantWords(updatedAt, locale)}</time>${edits ?? nothing}`
            : nothing
        }
      </p>
    </div>
    <div class="here no-print">${here}</div>
  </header>`;
}

/** What the plan is for, in one line; where nothing is known of it, whoever may is asked to say. */
export function pitchOf(pitch: string | undefined, isAsked: boolean | undefined): TemplateResult {
  const other = isAsked ? 'Why this plan: add the value, the objectives, the sponsors' : 'Why this plan';
  return html`<summary>${pitch ? html`<span class="pitch">${pitch}</span>` : other}</summary>`;
}

/** Thirty seconds: how the plan stands in one sentence, how far it is, and the figures below. */
export function thirtyOf(headline: string, track: TemplateResult, figures: TemplateResult | undefined): TemplateResult {
  return html`<section class="thirty card" aria-label="In thirty seconds" part="thirty">
    <h2 part="headline">${headline}</h2>
    ${track} ${figures ?? html`<div class="wait" aria-hidden="true"></div>`}
  </section>`;
}

/** A piece for each milestone. */
export function trackOf(all: readonly Mark[], figures: Figures | undefined): TemplateResult {
  const milestones = all.filter((each) => each.status !== 'cancelled');
  const late = new Set([...(figures?.mustMove.items ?? []), ...(figures?.overdue.items ?? [])].map(({ id }) => id));
  const stateOf = ({ id, status }: Mark) => {
    if (status === 'complete' || status === 'blocked') return status;
    if (late.has(id)) return 'moves';
    return status === 'in_progress' ? status : 'pending';
  };
  const complete = milestones.filter((each) => each.status === 'complete').length;
  return html`<div class="track" role="img" aria-label="${complete} of ${milestones.length} milestones complete">
    ${milestones.map((each) => html`<i class=${stateOf(each)} title=${each.title ?? each.id}></i>`)}
  </div>`;
}

/** What the target is the day of. */
const TARGETS: Readonly<Record<string, string>> = { close: 'Target: signature', go_live: 'Target: go-live' };

/** Progress, target, next milestone, and what each side owes. */
export function figuresOf(standing: Summary['standing'], target: Drawn, words: Words): TemplateResult {
  const { nextMilestone: next, target: facts, percentBefore: before } = standing;
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
        ${standing.milestonesComplete} of ${standing.milestones} milestones, ${standing.complete} of ${standing.counted}
        items
      </dd>
    </div>
    <div>
      <dt>${TARGETS[facts?.kind ?? ''] ?? 'Target'}</dt>
      <dd>
        <b>${target}</b>${
          !facts?.date
            ? nothing
            : (facts.slip ?? 0) > 0
              ? html`<span class="late">⚠ ${shiftWords(facts.slip ?? 0)}, ${words.day(facts.projected)}</span>`
              : html`<span class="ok">holds</span>`
        }
      </dd>
      ${
        facts?.keepGap && facts.keepGap !== facts.date
          ? html`<dd class="mute small">if every gap is kept: ${words.day(facts.keepGap)}</dd>`
          : nothing
      }
    </div>
    <div>
      <dt>Next milestone</dt>
      <dd>
        ${
          next
            ? html`<b>${words.day(next.due) || 'no date'}</b>${
                  (next.overdue ?? 0) > 0 ? html`<span class="late">⚠ ${next.overdue} d overdue</span>` : nothing
                }`
            : html`<b>none open</b>`
        }
      </dd>
      ${next ? html`<dd class="mute small">${next.title}</dd>` : nothing}
    </div>
    ${(standing.owes ?? []).map(
      ({ party, label, isReader, step }) =>
        html`<div class="owes">
          <dt class=${words.side(party)}>
            <i class="shape" aria-hidden="true"></i>${isReader ? 'You owe next' : `${titled(label)} owes next`}
          </dt>
          <dd class="step">
            ${
              step
                ? html`<b>${step.title ?? step.subject}</b>
                    <span class="mute small"
                      >${[step.owners?.join(', '), step.due && words.day(step.due)].filter(Boolean).join(', ')}</span
                    >
                    ${(step.overdue ?? 0) > 0 ? html`<span class="late small">⚠ ${step.overdue} d overdue</span>` : nothing}
                    ${step.isBlocked ? html`<span class="late small">blocked</span>` : nothing}`
                : html`<span class="mute">nothing</span>`
            }
          </dd>
        </div>`,
    )}
  </dl>`;
}

function titled(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
