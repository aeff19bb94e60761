/**
 * What the plan has to work around, and when both sides meet: blackouts, events, fiscal boundaries, the cadence.
 *
 * In: the plan. Out: edits of `calendar` and `cadence`. What is always true: an entry that keeps a party from working says
 * so in words, since it moves dates.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { isClosed } from '../../schedule.js';
import type { Cadence, CalendarWindow } from '../../schema.js';
import { chip, sideWords } from '../controls/chips.js';
import {
  choicesOf,
  fact,
  factsOf,
  fieldOf,
  folded,
  partyChoices,
  said,
  yesOrNo,
  zoneChoices,
  type Choices,
} from '../controls/facts.js';
import { listHead, type Addition } from '../controls/list.js';
import { peopleChoices } from '../controls/pick.js';
import { Piece, define } from '../piece.js';
import type { Answers, Ask } from '../controls/sheet.js';
import { apart, counted, daysBetween, weekdayWords, wordOf } from '../words.js';

const KINDS = choicesOf(['blackout', 'unavailable', 'customer_event', 'fiscal_boundary', 'budget_window']);
const RHYTHMS = choicesOf(['review_call', 'milestone_checkin', 'blocker_escalation', 'executive_update', 'other']);
const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;

const OFTEN: Choices = [
  ['1', 'Every week'],
  ['2', 'Every two weeks'],
  ['', 'Not by the week'],
];
const HARD = yesOrNo('nobody works: dates move around it', 'work goes on');

/** A rule of one day, if one is said, in so many weeks. */
function ruleOf(every = '1', day?: string): string {
  return `FREQ=WEEKLY${every === '1' ? '' : `;INTERVAL=${every}`}${day ? `;BYDAY=${day}` : ''}`;
}

/** What such a rule says; nothing for any other. */
function weekly(rrule = ''): { every: string; day: string | undefined } | undefined {
  const found = /^FREQ=WEEKLY(?:;INTERVAL=(\d+))?(?:;BYDAY=(MO|TU|WE|TH|FR|SA|SU))?$/.exec(rrule);
  return found ? { every: found[1] ?? '1', day: found[2] } : undefined;
}

class Calendar extends Piece {
  static look = css`
    .beside {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr));
      gap: 0 1rem;
      align-items: start;
    }
    .entries > li {
      display: flex;
      flex-wrap: wrap;
      gap: 0.125rem 0.75rem;
      align-items: baseline;
      padding: 0.5rem 0.875rem;
      border-bottom: 1px solid var(--line);
    }
    .entries > li:last-child {
      border-bottom: 0;
    }
    .entries .title {
      flex: 1 1 12rem;
      min-width: 0;
      font-weight: 550;
    }
    .entries .rest {
      flex-basis: 100%;
    }
    .entries .more {
      flex-basis: 100%;
      display: flex;
      flex-wrap: wrap;
      gap: 0.125rem 0.75rem;
      align-items: baseline;
      font-size: 0.8667rem;
      color: var(--mute);
    }
  `;

  static override properties = { ...Piece.properties, adding: { state: true } };
  declare adding: string | undefined;

  override render(): TemplateResult {
    const { plan, rights } = this.desk;
    const may = rights.structure();
    const windows = [...plan.calendar.all()].sort((a, b) => ((a.from ?? '~') < (b.from ?? '~') ? -1 : 1));
    const cadence = plan.cadence.all();
    return html`<div class="beside">
      <section aria-label="Calendar">
        ${listHead(this, 'Calendar', nothing, may ? this.#newWindow : undefined)}
        ${
          windows.length
            ? html`<ul class="entries card">
                ${repeat(
                  windows,
                  ({ id }) => id,
                  (each) => this.#window(each, may),
                )}
              </ul>`
            : html`<p class="empty">
                No blackouts, events or fiscal boundaries yet. They show which dates cannot hold.
              </p>`
        }
      </section>
      <section aria-label="Cadence">
        ${listHead(this, 'Cadence', nothing, may ? this.#newRhythm : undefined)}
        ${
          cadence.length
            ? html`<ul class="entries card">
                ${repeat(
                  cadence,
                  ({ id }) => id,
                  (each) => this.#rhythm(each, may),
                )}
              </ul>`
            : html`<p class="empty">No review calls yet. A plan that is looked at every week is kept.</p>`
        }
      </section>
    </div>`;
  }

  readonly #newWindow: Addition = {
    id: 'calendar',
    label: '+ Add dates',
    heading: 'Dates to work around',
    asks: () => this.#windowAsks(),
    done: (answers) => this.#addWindow(answers),
  };
  readonly #newRhythm: Addition = {
    id: 'cadence',
    label: '+ Add a meeting',
    heading: 'When you meet',
    asks: () => this.#rhythmAsks(),
    done: (answers) => this.#addRhythm(answers),
  };

  #windowAsks(): Ask[] {
    return [
      { name: 'title', label: 'What', required: true, placeholder: 'Quarter-end change freeze' },
      { name: 'kind', label: 'Kind', kind: 'choice', choices: KINDS },
      {
        name: 'party',
        label: 'Whose',
        kind: 'choice',
        choices: this.#whose,
        value: this.desk.party ?? '',
      },
      { name: 'from', label: 'From', kind: 'day', required: true, value: this.desk.today },
      { name: 'to', label: 'To', kind: 'day', required: true, value: this.desk.today },
      { name: 'hard', label: 'Nobody of theirs works then', kind: 'check' },
    ];
  }

  #rhythmAsks(): Ask[] {
    return [
      { name: 'title', label: 'What', required: true, placeholder: 'Weekly review' },
      { name: 'kind', label: 'Kind', kind: 'choice', choices: RHYTHMS },
      {
        name: 'every',
        label: 'How often',
        kind: 'choice',
        choices: OFTEN,
        value: '1',
      },
      {
        name: 'day',
        label: 'On',
        kind: 'choice',
        choices: this.#weekdays,
        value: 'TU',
      },
      { name: 'time', label: 'At', kind: 'time' },
    ];
  }

  get #whose(): Choices {
    return [...partyChoices(this.desk), ['joint', 'Both']];
  }

  get #weekdays(): Choices {
    return WEEKDAYS.map((day, n) => [day, weekdayWords(n, this.desk.locale)]);
  }

  #addWindow = ({ title, kind, party, from, to, hard }: Answers): boolean => {
    if (daysBetween(from, to) < 0) {
      this.desk.say('failed', 'It ends before it begins: give a later last day');
      return false;
    }
    const fields = { title: title!, kind: kind!, party: party!, from: from!, to: to! };
    return this.desk.edit((tx) => void tx.calendar.add({ ...fields, ...(hard ? { hard: true } : {}) }));
  };

  #addRhythm = ({ title, kind, every, day, time }: Answers): boolean => {
    const fields = {
      title: title!,
      kind: kind!,
      ...(every ? { rrule: ruleOf(every, day) } : {}),
      ...(time ? { time } : {}),
      ...(time && this.desk.plan.meta.tz ? { tz: this.desk.plan.meta.tz } : {}),
    };
    return this.desk.edit((tx) => void tx.cadence.add(fields));
  };

  #window(each: CalendarWindow, may: boolean): TemplateResult {
    const { desk } = this;
    const of = `calendar/${each.id}`;
    const day = (name: 'from' | 'to', label: string) =>
      fieldOf(desk, of, name, label, each[name], may, { kind: 'day', shown: desk.day(each[name]), blank: 'no day' });
    return html`<li class=${desk.seen.has(of) ? 'hot' : ''}>
      <span class="title">${this.#title(of, each.title, may)}</span>
      ${day('from', 'From')} <span aria-hidden="true">–</span> ${day('to', 'To')} ${this.#remove(of, each.title, may)}
      <span class="more">
        ${fieldOf(desk, of, 'kind', 'Kind', each.kind, may, { choices: KINDS, blank: 'kind' })}
        ${fieldOf(desk, of, 'party', 'Whose', each.party, may, {
          choices: this.#whose,
          shown: each.party ? chip(desk.side(each.party), sideWords(desk, each.party)) : undefined,
          blank: 'whose?',
        })}
        ${
          isClosed(each.kind) && (may || each.hard)
            ? fieldOf(desk, of, 'hard', 'What it means', said(each.hard), may, HARD)
            : nothing
        }
      </span>
    </li>`;
  }

  #rhythm(each: Cadence, may: boolean): TemplateResult {
    const { desk } = this;
    const of = `cadence/${each.id}`;
    const row = factsOf(desk, of, may);
    const { every, day } = weekly(each.rrule) ?? {};
    return html`<li class=${desk.seen.has(of) ? 'hot' : ''}>
      <span class="title">${this.#title(of, each.title, may)}</span> ${this.#remove(of, each.title, may)}
      <span class="more"
        >${[
          wordOf(each.kind),
          apart(this.#rule(each.rrule)),
          each.time && `${each.time}${each.tz ? ` ${each.tz.split('/').at(-1)!.replaceAll('_', ' ')} time` : ''}`,
          each.withinDays !== undefined && `within ${counted(each.withinDays, 'day')}`,
          each.withinHours !== undefined && `within ${counted(each.withinHours, 'hour')}`,
          each.audience?.length && `with ${each.audience.map((id) => apart(desk.personName(id))).join(', ')}`,
        ]
          .filter(Boolean)
          .join(' · ')}</span
      >
      ${
        may
          ? folded(each.title ?? each.id, [
              row('kind', 'Kind', each.kind, { choices: RHYTHMS }),
              every || !each.rrule
                ? row('rrule', 'How often', every ?? '', {
                    choices:
                      every && !OFTEN.some(([known]) => known === every)
                        ? [...OFTEN, [every, `Every ${every} weeks`]]
                        : OFTEN,
                    blank: 'not by the week',
                    take: (often) => ruleOf(often, day),
                  })
                : row('rrule', 'Rule', each.rrule),
              every ? row('rrule', 'On', day, { choices: this.#weekdays, take: (on) => ruleOf(every, on) }) : nothing,
              row('time', 'At', each.time, { kind: 'time' }),
              row('tz', 'Time zone', each.tz, { choices: zoneChoices() }),
              row('withinDays', 'Within days', each.withinDays, { kind: 'number' }),
              row('withinHours', 'Within hours', each.withinHours, { kind: 'number' }),
              fact(
                'With',
                html`<plansync-pick
                  .desk=${desk}
                  of=${of}
                  name="audience"
                  label="With whom"
                  .value=${each.audience}
                  .choices=${() => peopleChoices(desk)}
                  may
                ></plansync-pick>`,
              ),
            ])
          : nothing
      }
    </li>`;
  }

  /** A weekly rule in words; another one as it stands. */
  #rule(rrule: string | undefined): string | undefined {
    const rule = weekly(rrule);
    if (!rule) return rrule;
    const name = this.#weekdays.find(([each]) => each === rule.day)?.[1];
    if (rule.every === '1') return `every ${name ?? 'week'}`;
    return `${name ? `${name}, ` : ''}every ${rule.every} weeks`;
  }

  #title(of: string, title: string | undefined, may: boolean): TemplateResult {
    return fieldOf(this.desk, of, 'title', 'What', title, may);
  }

  #remove(of: string, title: string | undefined, may: boolean): TemplateResult | typeof nothing {
    const [collection, id] = of.split('/') as ['calendar', string];
    if (!may) return nothing;
    return html`<button
      class="quiet icon push"
      aria-label="Remove ${title ?? 'it'}"
      @click=${() => this.desk.edit((tx) => tx[collection].remove(id))}
    >
      ✕
    </button>`;
  }
}

define('plansync-calendar', Calendar);
export const calendarLook = Calendar.look;
