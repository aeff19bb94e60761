/**
 * What the plan is for: the objectives in the buyer's words, and the criteria by which both sides will know.
 *
 * In: the plan. Out: edits of `objectives` and `criteria`. What is always true: progress is worked out from baseline,
 * target and the last measurement, and told in numbers beside its bar.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { chip, sideWords } from '../controls/chips.js';
import { choicesOf, factsOf, fieldOf, folded, said, yesOrNo, type Choices } from '../controls/facts.js';
import { Piece, define } from '../piece.js';
import { styled } from '../styled.js';
import { proposalLines } from '../consent.js';
import { goTo, listHead, was, type Addition } from '../controls/list.js';
import { flash } from '../controls/status.js';
import type { Answers, Ask } from '../controls/sheet.js';
import type { Criterion, Objective } from '../../schema.js';
import { agoWords, apart, counted, dayIn, dayNumber, quoted } from '../words.js';

const DIRECTIONS = choicesOf(['increase', 'decrease', 'reach']);
const WHOSE: Choices = [
  ['buyer', 'The buyer’s'],
  ['seller', 'The seller’s'],
  ['joint', 'Both'],
];

/** How far from baseline to target the last measurement is, 0 to 1; nothing where that cannot be said. */
export function progressOf({ baseline, target, measured }: Criterion): number | undefined {
  if (measured === undefined || target === undefined) return;
  if (typeof target !== 'number' || typeof measured !== 'number') return measured === target ? 1 : undefined;
  const from = typeof baseline === 'number' ? baseline : 0;
  if (target === from) return measured === target ? 1 : 0;
  return Math.min(Math.max((measured - from) / (target - from), 0), 1);
}

class Success extends Piece {
  static look = css`
    .objective {
      padding: 0.75rem 1rem;
      margin-bottom: 0.5rem;
    }
    .objective > .words {
      font-size: 1.0667rem;
    }
    .objective.buyers {
      border-inline-start: 4px solid var(--buyer);
    }
    .criterion {
      padding: 0.875rem 1rem;
      margin-bottom: 0.5rem;
      display: grid;
      gap: 0.5rem;
    }
    :is(.objective, .criterion) .row.small > span {
      display: inline-flex;
      flex-wrap: wrap;
      gap: 0 0.5rem;
      align-items: baseline;
    }
    .criterion h3 {
      font-size: 1rem;
      font-weight: 600;
    }
    .measure {
      display: grid;
      grid-template-columns: auto minmax(4rem, 1fr) auto;
      gap: 0.75rem;
      align-items: center;
      font-size: 0.9333rem;
    }
    .measure .end {
      font-size: 0.75rem;
      color: var(--mute);
      display: block;
    }
    .gauge {
      position: relative;
      height: 0.625rem;
      border-radius: 0.3125rem;
      background: var(--track);
    }
    .gauge > i {
      position: absolute;
      inset: 0 auto 0 0;
      border-radius: inherit;
      background: var(--ok);
      min-width: 0.25rem;
    }
  `;

  static override properties = { ...Piece.properties, adding: { state: true } };
  declare adding: string | undefined;

  override render(): TemplateResult {
    const { plan } = this.desk;
    const objectives = plan.objectives.all();
    const criteria = plan.criteria.all();
    const may = this.desk.rights.structure();
    const met = criteria.filter((each) => progressOf(each) === 1).length;
    return html`<section aria-label="Objectives">
        ${listHead(this, 'What this is for', nothing, may ? this.#newObjective : undefined)}
        ${
          objectives.length
            ? repeat(
                objectives,
                ({ id }) => id,
                (each) => this.#objective(each),
              )
            : html`<p class="empty">
                No objectives yet. Write down, in the buyer’s own words, what has to be different.
              </p>`
        }
      </section>
      <section aria-label="Criteria" part="criteria">
        ${listHead(
          this,
          'How both sides will know',
          `${met} of ${counted(criteria.length, 'criterion', 'criteria')} met`,
          may ? this.#newCriterion : undefined,
        )}
        ${
          criteria.length
            ? repeat(
                criteria,
                ({ id }) => id,
                (each) => this.#criterion(each),
              )
            : html`<p class="empty">No criteria yet. A number today, a number to reach, and the day to measure it.</p>`
        }
      </section>`;
  }

  readonly #newObjective: Addition = {
    id: 'objectives',
    label: '+ Add an objective',
    heading: 'An objective',
    asks: () => this.#objectiveAsks(),
    done: (answers) => this.#addObjective(answers),
  };
  readonly #newCriterion: Addition = {
    id: 'criteria',
    label: '+ Add a criterion',
    heading: 'A criterion',
    asks: () => this.#criterionAsks(),
    done: (answers) => this.#addCriterion(answers),
  };

  #objectiveAsks(): Ask[] {
    return [
      { name: 'text', label: 'What has to be different', kind: 'long', required: true },
      { name: 'by', label: 'By', kind: 'day' },
      { name: 'inBuyersWords', label: 'In the buyer’s own words', kind: 'check' },
    ];
  }

  #criterionAsks(): Ask[] {
    return [
      { name: 'title', label: 'What', required: true, placeholder: 'Lead processing takes three days' },
      {
        name: 'party',
        label: 'Whose',
        kind: 'choice',
        choices: WHOSE,
      },
      { name: 'metric', label: 'Measure', placeholder: 'lead processing time' },
      { name: 'unit', label: 'Unit', placeholder: 'days' },
      {
        name: 'direction',
        label: 'It should',
        kind: 'choice',
        choices: DIRECTIONS,
      },
      { name: 'baseline', label: 'Today', kind: 'number' },
      { name: 'target', label: 'To reach', kind: 'number' },
      { name: 'by', label: 'Measured on', kind: 'day' },
    ];
  }

  #objective(each: Objective): TemplateResult {
    const { desk } = this;
    const of = `objectives/${each.id}`;
    const may = desk.rights.structure();
    return html`<article
      class="objective card ${each.inBuyersWords ? 'buyers' : ''} ${desk.seen.has(of) ? 'hot' : ''} ${flash(desk, of)}"
      id="item-${each.id}"
    >
      <div class="words">
        ${fieldOf(desk, of, 'text', 'Objective', each.text, may, {
          kind: 'long',
          shown: each.inBuyersWords && each.text ? `“${apart(each.text)}”` : each.text,
        })}
      </div>
      <div class="row small mute">
        ${
          may || each.inBuyersWords
            ? fieldOf(
                desk,
                of,
                'inBuyersWords',
                'Whose words',
                said(each.inBuyersWords),
                may,
                yesOrNo('in the buyer’s own words', 'not in the buyer’s words'),
              )
            : nothing
        }
        <span
          >by
          ${fieldOf(desk, of, 'by', 'By', each.by, may, { kind: 'day', shown: desk.day(each.by), blank: 'no day' })}</span
        >
        ${this.#remove('objectives', each.id, each.text)}
      </div>
    </article>`;
  }

  #criterion(each: Criterion): TemplateResult {
    const { desk } = this;
    const of = `criteria/${each.id}`;
    const may = desk.rights.structure();
    const row = factsOf(desk, of, may);
    const progress = progressOf(each);
    const milestone = each.milestone ? desk.plan.milestones.get(each.milestone) : undefined;
    const value = (name: 'baseline' | 'target' | 'measured', label: string, blank: string) => {
      const is = each[name];
      return html`<plansync-field
          .desk=${desk}
          of=${of}
          name=${name}
          kind=${typeof is === 'string' || typeof is === 'boolean' ? 'text' : 'number'}
          label=${label}
          .value=${typeof is === 'boolean' ? String(is) : is}
          .shown=${is === undefined ? undefined : `${this.#number(is)}${each.unit ? ` ${each.unit}` : ''}`}
          blank=${blank}
          ?may=${may && typeof is !== 'boolean'}
        ></plansync-field
        >${was(desk, of, name)}`;
    };
    return html`<article
      class="criterion card ${desk.seen.has(of) ? 'hot' : ''} ${flash(desk, of)}"
      id="item-${each.id}"
      aria-label=${each.title ?? each.id}
      part="criterion"
    >
      <div class="row">
        <h3>${fieldOf(desk, of, 'title', 'Criterion', each.title, may)}</h3>
        ${each.party ? chip(desk.side(each.party), each.party === 'joint' ? 'Both' : sideWords(desk, each.party)) : nothing}
        ${progress === 1 ? html`<span class="ok">✓ met</span>` : nothing}
        ${
          each.frozenAt
            ? html`<span class="tag">❄ agreed ${desk.day(dayIn(Date.parse(each.frozenAt), desk.plan.meta.tz))}</span>`
            : nothing
        }
        ${this.#remove('criteria', each.id, each.title)}
      </div>
      ${proposalLines(desk, of)}
      ${
        may || each.metric
          ? html`<p class="small mute">
              ${fieldOf(desk, of, 'metric', 'Measure', each.metric, may, { blank: 'what is measured?' })}
            </p>`
          : nothing
      }
      <div class="measure">
        <span><span class="end">Today</span>${value('baseline', 'Baseline', 'no number')}</span>
        <div
          class="gauge"
          role="meter"
          aria-label="Progress to target"
          aria-valuemin="0"
          aria-valuemax="100"
          aria-valuenow=${Math.round((progress ?? 0) * 100)}
          aria-valuetext=${progress === undefined ? 'not measured yet' : `${Math.round(progress * 100)} % of the way`}
        >
          ${progress === undefined ? nothing : html`<i ${styled({ width: `${progress * 100}%` })}></i>`}
        </div>
        <span><span class="end">To reach</span>${value('target', 'Target', 'no number')}</span>
      </div>
      <div class="row small">
        <span
          ><span class="mute">Measured</span> ${value('measured', 'Measured', 'not yet')}
          ${progress === undefined ? nothing : html`<span class="mute">${Math.round(progress * 100)} % of the way</span>`}
          ${each.measuredAt ? html`<span class="mute">${agoWords(each.measuredAt, desk.plan.serverNow(), desk.locale)}</span>` : nothing}</span
        >
        <span
          ><span class="mute">by</span>
          ${fieldOf(desk, of, 'by', 'Measured on', each.by, may, { kind: 'day', shown: desk.day(each.by), blank: 'no day' })}</span
        >
        ${
          milestone
            ? html`<button class="link" @click=${() => goTo(this, `milestones/${milestone.id}`)}>
                ${milestone.title}
              </button>`
            : nothing
        }
        <plansync-freeze .desk=${desk} of=${of}></plansync-freeze>
      </div>
      ${folded(each.title ?? each.id, [
        may ? row('unit', 'Unit', each.unit, { blank: 'days, %, €' }) : nothing,
        row('direction', 'It should', each.direction, { choices: DIRECTIONS }),
        may ? row('party', 'Whose', each.party, { choices: WHOSE }) : nothing,
        may ? row('milestone', 'Milestone', each.milestone, { choices: this.#milestones() }) : nothing,
      ])}
    </article>`;
  }

  #milestones(): Choices {
    const { milestones } = this.desk.plan;
    return [['', 'none'], ...milestones.all().map(({ id, title }) => [id, title ?? id] as const)];
  }

  #number(value: string | number | boolean): string {
    if (typeof value === 'number') return value.toLocaleString(this.desk.locale);
    return dayNumber(String(value)) === undefined ? String(value) : this.desk.day(String(value));
  }

  #remove(of: 'objectives' | 'criteria', id: string, title: string | undefined): TemplateResult | typeof nothing {
    const { desk } = this;
    if (!desk.rights.structure()) return nothing;
    const remove = () => desk.remove([`${of}/${id}`], `${quoted(title ?? 'It')} was removed.`);
    return html`<button class="quiet icon push" aria-label="Remove ${title ?? 'it'}" @click=${remove}>✕</button>`;
  }

  #addObjective = ({ text, by, inBuyersWords }: Answers): boolean =>
    this.desk.edit(
      (tx) =>
        void tx.objectives.add({
          text: text!,
          ...(by ? { by } : {}),
          ...(inBuyersWords ? { inBuyersWords: true } : {}),
        }),
    );

  #addCriterion = ({ baseline, target, ...fields }: Answers): boolean =>
    this.desk.edit(
      (tx) =>
        void tx.criteria.add({
          ...fields,
          ...(baseline === undefined ? {} : { baseline: Number(baseline) }),
          ...(target === undefined ? {} : { target: Number(target) }),
        }),
    );
}

define('plansync-success', Success);
export const successLook = Success.look;
