/**
 * What may go wrong, and what stands in the way: the log of risks and blockers of both sides.
 *
 * In: the plan. Out: edits of `risks`. What is always true: the worst stands first, a score is told by its number and word
 * beside its colour, and what is closed stays to be read.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Desk } from '../desk.js';
import { choicesOf, fieldOf, partyChoices, type Choices } from '../controls/facts.js';
import { goTo, listHead, was } from '../controls/list.js';
import { itemChoices, peopleChoices, type Choice } from '../controls/pick.js';
import { Piece, define } from '../piece.js';
import type { Answers, Ask } from '../controls/sheet.js';
import { flash } from '../controls/status.js';
import type { Risk } from '../../schema.js';
import { agoWords, counted, quoted } from '../words.js';

const LEVELS = ['low', 'medium', 'high'] as const;
const STATES = choicesOf(['open', 'mitigating', 'accepted', 'happened', 'closed']);
const POINTS: Readonly<Record<string, number>> = { low: 1, medium: 2, high: 3 };
/** From here on a risk puts what it is linked to at risk. */
const GRAVE = 6;

const KINDS = choicesOf(['risk', 'blocker']);
const DEGREES = choicesOf(LEVELS);

/** Probability times impact, 1 to 9; 0 while one of them is not stated. */
export function scoreOf(risk: Risk): number {
  return (POINTS[risk.probability ?? ''] ?? 0) * (POINTS[risk.impact ?? ''] ?? 0);
}

/** Whether there is still something to do about it. */
export function isOpenRisk(risk: Risk): boolean {
  return risk.state !== 'closed' && risk.state !== 'accepted';
}

/** How many are open. */
export function openRisks(desk: Desk): number {
  return desk.plan.risks.all().filter(isOpenRisk).length;
}

/** What is asked of a new risk. */
export function riskAsks(): Ask[] {
  return [
    { name: 'title', label: 'What may happen', required: true, placeholder: 'The security review takes four weeks' },
    { name: 'kind', label: 'Kind', kind: 'choice', choices: KINDS },
    { name: 'probability', label: 'How likely', kind: 'choice', choices: DEGREES, value: 'medium' },
    { name: 'impact', label: 'How bad', kind: 'choice', choices: DEGREES, value: 'medium' },
    { name: 'mitigation', label: 'What we do about it', kind: 'long' },
  ];
}

class Risks extends Piece {
  static look = css`
    .risk {
      display: grid;
      grid-template-columns: 4.5rem minmax(0, 1fr);
      gap: 0.25rem 1rem;
      padding: 0.875rem 1rem;
      margin-bottom: 0.5rem;
    }
    .risk.over {
      opacity: 0.85;
    }
    .risk.over h3 {
      color: var(--mute);
      font-weight: 500;
    }
    .risk h3 {
      font-size: 1rem;
      font-weight: 600;
    }
    .score {
      display: grid;
      gap: 0.125rem;
      justify-items: center;
      align-content: center;
      align-self: start;
      padding: 0.5rem 0.25rem;
      border-radius: 0.625rem;
      font-size: 0.6875rem;
      font-weight: 600;
      text-align: center;
      line-height: 1.25;
      color: var(--other);
      background: var(--other-bg);
      border: 1.5px solid transparent;
    }
    .score b {
      font-size: 1.25rem;
      font-variant-numeric: tabular-nums;
    }
    .score.grave {
      color: var(--late);
      background: var(--late-bg);
      border-color: currentColor;
    }
    .score.some {
      border: 1.5px dashed currentColor;
    }
    .risk-facts {
      display: grid;
      grid-template-columns: repeat(4, minmax(0, 1fr));
      gap: 0.5rem 1.5rem;
      margin-top: 0.375rem;
      font-size: 0.9333rem;
    }
    .risk-facts .half {
      grid-column: span 2;
    }
    .risk-facts .wide {
      grid-column: 1 / -1;
    }
    .risk-facts dt {
      font-size: 0.75rem;
      color: var(--mute);
    }
    .was {
      font-size: 0.8rem;
      color: var(--mute);
    }
    .link {
      border: 0;
      padding: 0;
      background: none;
      color: var(--now);
      text-decoration: underline;
      text-underline-offset: 0.2em;
      font: inherit;
      text-align: start;
      min-height: 1.5rem;
    }
    @media (max-width: 40rem) {
      .risk-facts {
        grid-template-columns: repeat(2, minmax(0, 1fr));
      }
      .risk {
        grid-template-columns: minmax(0, 1fr);
      }
      .score {
        grid-auto-flow: column;
        justify-self: start;
        gap: 0.5rem;
        padding: 0.125rem 0.75rem;
        align-items: center;
      }
    }
  `;

  static override properties = { ...Piece.properties, adding: { state: true }, all: { state: true } };
  declare adding: string | undefined;
  /** Whether those that are over are shown too. */
  declare all: boolean;

  override render(): TemplateResult {
    const { desk } = this;
    const risks = [...desk.plan.risks.all()].sort(
      (a, b) => Number(isOpenRisk(b)) - Number(isOpenRisk(a)) || scoreOf(b) - scoreOf(a),
    );
    const open = risks.filter(isOpenRisk);
    const over = risks.length - open.length;
    const grave = open.filter((each) => scoreOf(each) >= GRAVE).length;
    const more = html`${counted(open.length, 'is', 'are')}
    open${grave ? html`, <span class="late">${grave} grave</span>` : nothing}`;
    return html`${listHead(this, 'Risks and blockers', more, desk.rights.add ? this.#addition : undefined)}
      ${
        risks.length === 0
          ? html`<p class="empty">
              No risks yet. What both sides can see they can act on: budget, security review, holidays, a missing
              signer.
            </p>`
          : nothing
      }
      <div part="risks">
        ${repeat(
          this.all ? risks : open,
          ({ id }) => id,
          (each) => this.#risk(each),
        )}
      </div>
      ${
        over
          ? html`<button class="quiet" aria-expanded=${Boolean(this.all)} @click=${() => (this.all = !this.all)}>
              ${this.all ? 'Hide' : 'Show'} ${over} accepted or closed
            </button>`
          : nothing
      }`;
  }

  #risk(risk: Risk): TemplateResult {
    const { desk } = this;
    const { rights, seen } = desk;
    const of = `risks/${risk.id}`;
    const may = rights.structure(risk);
    const score = scoreOf(risk);
    const isBlocker = risk.kind === 'blocker';
    const choice = (
      name: 'probability' | 'impact' | 'state' | 'kind' | 'party',
      label: string,
      choices: Choices,
      absent?: string,
    ) =>
      html`<div>
        <dt>${label}</dt>
        <dd>
          ${fieldOf(desk, of, name, label, risk[name] ?? absent, may, { choices, blank: 'say' })}${was(desk, of, name)}
        </dd>
      </div>`;
    const long = (name: 'mitigation' | 'contingency', label: string, blank: string) =>
      html`<div class="wide">
        <dt>${label}</dt>
        <dd>${fieldOf(desk, of, name, label, risk[name], may, { kind: 'long', blank })}</dd>
      </div>`;
    const grade = score >= GRAVE ? 'grave' : score >= 3 ? 'some' : '';
    return html`<article
      class="risk card ${isOpenRisk(risk) ? '' : 'over'} ${seen.has(of) ? 'hot' : ''} ${flash(desk, of)}"
      id="item-${risk.id}"
      aria-label=${risk.title ?? risk.id}
      part="risk"
    >
      <div class="score ${isOpenRisk(risk) ? grade : ''}">
        <b>${score || '–'}</b
        ><span>${score >= GRAVE ? '⚠ grave' : score >= 3 ? 'watch' : score ? 'small' : 'no score'}</span>
      </div>
      <div>
        <div class="row">
          <h3>${fieldOf(desk, of, 'title', 'What may happen', risk.title, may)}</h3>
          ${isBlocker ? html`<span class="late small">⚠ blocker</span>` : nothing}
          ${seen.added(of) ? html`<span class="tag new">new</span>` : nothing} ${was(desk, of, 'title')}
          ${
            may
              ? html`<span class="push">
                  ${
                    isOpenRisk(risk)
                      ? html`<button class="quiet" @click=${() => desk.set(of, 'state', 'closed')}>Close</button>`
                      : html`<button class="quiet" @click=${() => desk.set(of, 'state', 'open')}>Open again</button>`
                  }<button
                    class="quiet icon"
                    aria-label="Remove ${risk.title ?? 'this risk'}"
                    @click=${() => desk.remove([of], `${quoted(risk.title ?? 'The risk')} was removed.`)}
                  >
                    ✕
                  </button>
                </span>`
              : nothing
          }
        </div>
        <dl class="risk-facts">
          ${choice('probability', 'How likely', DEGREES)} ${choice('impact', 'How bad', DEGREES)}
          ${choice('state', 'State', STATES, 'open')}
          ${
            risk.raisedAt
              ? html`<div>
                  <dt>Raised</dt>
                  <dd>${agoWords(risk.raisedAt, desk.plan.serverNow(), desk.locale)}</dd>
                </div>`
              : nothing
          }
          ${long('mitigation', 'What we do about it', 'Say what keeps it from happening')}
          ${risk.contingency || may ? long('contingency', 'If it happens', 'Say what happens then') : nothing}
          <div class="half">
            <dt>Owners</dt>
            <dd>
              <plansync-pick
                .desk=${desk}
                of=${of}
                name="owners"
                label="Owners"
                .value=${risk.owners}
                .choices=${() => peopleChoices(desk)}
                ?may=${may}
              ></plansync-pick>
            </dd>
          </div>
          ${may || isBlocker ? choice('kind', 'Kind', KINDS, 'risk') : nothing}
          ${may || risk.party ? choice('party', 'Whose', [['', 'nobody’s'], ...partyChoices(desk), ['joint', 'Both']]) : nothing}
          <div class="wide">
            <dt>Puts at risk</dt>
            <dd>
              <plansync-pick
                .desk=${desk}
                of=${of}
                name="linked"
                label="What it puts at risk"
                .value=${risk.linked}
                .choices=${() => this.#items()}
                ?may=${may}
              ></plansync-pick>
            </dd>
          </div>
        </dl>
      </div>
    </article>`;
  }

  /** Items, each leading to its place in the plan. */
  #items(): readonly Choice[] {
    return itemChoices(this.desk).map((each) => {
      const subject = this.desk.plan.milestones.has(each.id) ? `milestones/${each.id}` : `tasks/${each.id}`;
      const go = () => goTo(this, subject);
      return {
        ...each,
        shown: html`<button type="button" class="link" @click=${go}>${each.words}</button>`,
        isLink: true,
      };
    });
  }

  readonly #addition = {
    id: 'risk',
    label: '+ Add a risk',
    heading: 'A risk or blocker',
    asks: riskAsks,
    done: (answers: Answers) => this.#add(answers),
  };

  #add = ({ title, kind, probability, impact, mitigation }: Answers): boolean => {
    const { desk } = this;
    const me = desk.plan.me?.person;
    const isKnown = me !== undefined && desk.plan.people.has(me);
    return desk.edit(
      (tx) =>
        void tx.risks.add({
          title: title!,
          kind: kind!,
          probability: probability!,
          impact: impact!,
          state: 'open',
          ...(mitigation ? { mitigation } : {}),
          ...(desk.party ? { party: desk.party } : {}),
          ...(isKnown ? { owners: [me] } : {}),
        }),
    );
  };
}

define('plansync-risks', Risks);
export const risksLook = Risks.look;
