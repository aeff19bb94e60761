/**
 * What one side asks of the other: proposals (an edit that needs consent) and commitments (a task by its day).
 *
 * In: a proposal or a task of the plan. Out: one edit for each answer. What is always true: an answer is offered to those
 * whose answer it is, and taken back by those who asked; everybody sees who is asked and who has answered.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { chip } from './controls/chips.js';
import { subjectOf, type Desk } from './desk.js';
import { Piece, define } from './piece.js';
import type { Proposal, Task } from '../schema.js';
import { agoWords, apart, quoted, wordOf } from './words.js';

/** What a proposal wants of one field. */
interface Wish {
  readonly old?: unknown;
  readonly new?: unknown;
}

const DAYS = new Set(['due', 'start', 'target.date']);

/** What is asked, in words: “to move the target from Apr 30 to Mar 27”. */
export function askWords(desk: Desk, place: string, wish: Wish): TemplateResult {
  const field = place.slice(subjectOf(place).length + 1);
  const what = place.startsWith('meta/')
    ? html`the ${field.startsWith('target.') ? 'target' : wordOf(field).toLowerCase()}`
    : html`<b>${quoted(desk.title(subjectOf(place)))}</b>`;
  if (field === 'removed') return html`remove ${what}`;
  if (field === 'frozen') return html`${wish.new ? 'freeze' : 'unfreeze'} ${what}`;
  if (field === 'status') return html`set ${what} to <b>${wordOf(String(wish.new ?? 'pending'))}</b>`;
  const [old, now] = [valueWords(desk, field, wish.old), valueWords(desk, field, wish.new)];
  if (DAYS.has(field) && old && now) return html`move ${what} from <del>${old}</del> to <ins>${now}</ins>`;
  const name =
    field === 'target.date' || DAYS.has(field)
      ? what
      : html`${wordOf(field.replace('target.', '')).toLowerCase()} of ${what}`;
  if (!now) return html`clear ${name}${old ? html` (<del>${old}</del>)` : nothing}`;
  return old
    ? html`change ${name} from <del>${old}</del> to <ins>${now}</ins>`
    : html`set ${name} to <ins>${now}</ins>`;
}

/** A value of a field as a person reads it. */
export function valueWords(desk: Desk, field: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return '';
  if (DAYS.has(field) || /^\d{4}-\d{2}-\d{2}$/.test(String(value))) return desk.day(String(value));
  if (field === 'party' || field === 'waitingOn') return value === 'joint' ? 'Both' : desk.partyName(String(value));
  const name = (each: unknown) => (field === 'owners' || field === 'sponsors' ? desk.personName(String(each)) : each);
  if (Array.isArray(value)) return value.map((each) => String(name(each))).join(', ');
  if (typeof value === 'object') return JSON.stringify(value);
  return field === 'status' || field.endsWith('kind') || field.endsWith('.state')
    ? wordOf(String(value))
    : String(value);
}

/** The proposals about an entity, to answer where it stands. */
export function proposalLines(desk: Desk, subject: string): TemplateResult | typeof nothing {
  const proposals = desk.proposalsOf(subject);
  if (proposals.length === 0) return nothing;
  return html`${proposals.map((each) => html`<plansync-proposal .desk=${desk} of=${each.id}></plansync-proposal>`)}`;
}

/** What has become of the commitment to a task; nothing where nobody has asked. */
export function commitmentLine(desk: Desk, task: Task): TemplateResult | typeof nothing {
  if (!task.commitment?.state || task.status === 'complete' || task.status === 'cancelled') return nothing;
  return html`<plansync-commitment .desk=${desk} .task=${task}></plansync-commitment>`;
}

/** A question with its answers, one of them another day. */
abstract class Ask extends Piece {
  static override properties = { ...Piece.properties, countering: { state: true } };
  declare countering: boolean;

  constructor() {
    super();
    this.countering = false;
  }

  /** Answers with another day. */
  protected abstract counter(day: string, reason: string): void;

  protected counterForm(day: string): TemplateResult {
    return html`<form class="counter" @submit=${this.#offer} @keydown=${this.#key}>
      <label class="field">Another day<input type="date" name="day" required .value=${day} /></label>
      <label class="field"
        >Why<input name="reason" maxlength="2000" autocomplete="off" placeholder="The others will see this"
      /></label>
      <span class="row">
        <button class="pri">Offer</button>
        <button type="button" class="quiet" @click=${() => (this.countering = false)}>Cancel</button>
      </span>
    </form>`;
  }

  /** After an answer its buttons go: the focus goes to what stays. */
  protected settle(words: string): void {
    this.desk.announce(words);
    const root = this.getRootNode() as ShadowRoot | Document;
    const home =
      this.closest('dialog')?.querySelector<HTMLElement>('.close') ??
      this.closest('[data-item]')?.querySelector<HTMLElement>('.more') ??
      root.querySelector<HTMLElement>('[role=tab][aria-selected=true]');
    void this.updateComplete.then(() => {
      if (!root.activeElement || root.activeElement === document.body) home?.focus();
    });
  }

  protected beginCounter = (): void => {
    this.countering = true;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('input')?.focus());
  };

  #offer = (event: Event): void => {
    event.preventDefault();
    const { elements } = event.target as HTMLFormElement;
    const value = (name: string) => (elements.namedItem(name) as HTMLInputElement).value.trim();
    this.countering = false;
    this.counter(value('day'), value('reason'));
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.countering = false;
  };
}

class ProposalPiece extends Ask {
  static look = css`
    .ask {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 0.75rem;
      align-items: center;
      margin: 0.25rem 0 0.375rem 1.5rem;
      padding: 0.375rem 0.75rem;
      border-radius: 0.5rem;
      border: 1px solid var(--line);
      border-inline-start: 3px solid var(--now);
      background: var(--card);
      font-size: 0.8667rem;
    }
    .task .ask {
      margin-inline-start: 2.125rem;
    }
    .asks .ask,
    .drawer .ask {
      margin-inline: 0;
      background: var(--card);
    }
    .ask > p {
      flex: 1 1 14rem;
      min-width: 0;
    }
    .ask > .row {
      gap: 0.375rem;
    }
    .ask button {
      font-size: 0.8667rem;
      padding: 0.25rem 0.75rem;
    }
    .ask .chips {
      flex-basis: auto;
    }
    .counter {
      display: flex;
      flex-wrap: wrap;
      gap: 0.5rem 0.75rem;
      align-items: end;
      width: 100%;
      padding: 0.25rem 0;
    }
    .counter label:nth-child(2) {
      flex: 1 1 12rem;
    }
    .counter label:first-child {
      flex: 0 1 10rem;
    }
  `;

  static override properties = { ...Ask.properties, of: {} };
  declare of: string;

  get #proposal(): Proposal | undefined {
    return this.desk.plan.collection('proposals').get(this.of);
  }

  override render(): TemplateResult | typeof nothing {
    const { desk } = this;
    const proposal = this.#proposal;
    if (!proposal || (proposal.state ?? 'open') !== 'open') return nothing;
    const party = desk.partyOf(proposal.by);
    const isMine = party !== undefined && party === desk.party;
    const wishes = Object.entries((proposal.items ?? {}) as Record<string, Wish>);
    const answers = Object.entries(proposal.answers ?? {});
    const isAsked = desk.rights.lead && answers.some(([who, answer]) => who === desk.party && answer === 'pending');
    const said = desk.commentsOf(`proposals/${proposal.id}`).map((each) => each.text);
    const reasons = [proposal.reason, ...said].filter((each) => each);
    const day = wishes.find(([place]) => DAYS.has(place.slice(subjectOf(place).length + 1)));
    const who = isMine ? `You (${apart(desk.personName(proposal.by))})` : apart(desk.partyName(party)) || 'Somebody';
    return html`<div class="ask" role="group" aria-label="A proposal" part="proposal">
      <p>
        <b class=${desk.side(party)}><i class="shape" aria-hidden="true"></i> ${who}</b> ${isMine ? 'ask' : 'asks'} to
        ${wishes.map(([place, wish], n) => html`${n ? ', and to ' : ''}${askWords(desk, place, wish)}`)}${
          reasons.length ? html`: ${reasons.map((each) => html`<q>${each}</q> `)}` : nothing
        }
        <span class="mute"
          >${[
            isMine ? '' : apart(desk.personName(proposal.by)),
            agoWords(proposal.at, desk.plan.serverNow(), desk.locale),
          ]
            .filter(Boolean)
            .join(', ')}</span
        >
      </p>
      <span class="chips"
        >${answers.map(([who, answer]) =>
          isAsked && who === desk.party
            ? nothing
            : chip(
                desk.side(who),
                answer === 'pending'
                  ? `waiting for ${apart(desk.partyName(who))}`
                  : `${apart(desk.partyName(who))}: ${answer}`,
              ),
        )}</span
      >
      ${
        isAsked && !this.countering
          ? html`<span class="row no-print">
              <button class="pri" @click=${() => this.#answer('accepted')}>Accept</button>
              ${day ? html`<button @click=${this.beginCounter}>Counter</button>` : nothing}
              <button @click=${() => this.#answer('declined')}>Decline</button>
            </span>`
          : nothing
      }
      ${
        isMine && desk.rights.lead ? html`<button class="no-print" @click=${this.#withdraw}>Withdraw</button>` : nothing
      }
      ${this.countering && day ? this.counterForm(String(day[1].new ?? '')) : nothing}
    </div>`;
  }

  #answer(answer: 'accepted' | 'declined'): void {
    const { desk, of } = this;
    const party = desk.party ?? '';
    if (desk.edit((tx) => tx.proposals.set(of, { answers: { [party]: answer } })))
      this.settle(answer === 'accepted' ? 'Accepted' : 'Declined');
  }

  #withdraw = (): void => {
    const { desk, of } = this;
    if (desk.edit((tx) => tx.proposals.set(of, { state: 'withdrawn' }))) this.settle('Withdrawn');
  };

  /** Another day: theirs is declined, and ours is asked for. */
  protected override counter(day: string, reason: string): void {
    const { desk, of } = this;
    const party = desk.party ?? '';
    const [place] = Object.entries(this.#proposal?.items ?? {}).find(([each]) =>
      DAYS.has(each.slice(subjectOf(each).length + 1)),
    ) ?? [''];
    const subject = subjectOf(place);
    if (!desk.edit((tx) => tx.proposals.set(of, { answers: { [party]: 'declined' } }))) return;
    if (desk.set(subject, place.slice(subject.length + 1), day, reason || undefined))
      this.settle(`Offered ${desk.day(day)} instead`);
  }
}

class CommitmentPiece extends Ask {
  static override properties = { ...Ask.properties, task: { attribute: false } };
  declare task: Task;

  override render(): TemplateResult | typeof nothing {
    const { desk, task } = this;
    const { commitment } = task;
    const { state } = commitment ?? {};
    if (!state) return nothing;
    const mayAnswer = desk.rights.commitment(task);
    const party = desk.rights.partyOf(task);
    const who = task.party === 'joint' || !party ? 'Both' : apart(desk.partyName(party));
    const by = desk.day(commitment?.due ?? task.due) || 'no day yet';
    const line = (words: TemplateResult | string, buttons: TemplateResult | typeof nothing = nothing) =>
      html`<div class="ask" role="group" aria-label="Commitment" part="commitment">
        <p>${words}</p>
        ${this.countering ? this.counterForm(task.due ?? '') : buttons}
      </div>`;
    switch (state) {
      case 'accepted':
        return html`<p class="note ok">
          ✓ ${who} committed to
          ${desk.day(task.due) || 'it'}${
            commitment?.by ? html` · <bdi class="mute">${desk.personName(commitment.by)}</bdi>` : nothing
          }
        </p>`;
      case 'declined':
        return line(
          html`<span class="late">${who} declined</span> to commit to ${desk.day(task.due) || 'this'}`,
          this.#again(mayAnswer),
        );
      case 'countered':
        return line(
          html`${who} offers <ins>${by}</ins> instead of <del>${desk.day(task.due) || 'no day'}</del>`,
          !mayAnswer && desk.rights.structure(task)
            ? html`<span class="row no-print"
                ><button class="pri" @click=${() => this.#agree()}>Take ${by}</button
                ><button @click=${() => this.#set('proposed')}>Ask again for ${desk.day(task.due)}</button></span
              >`
            : nothing,
        );
      default:
        return mayAnswer
          ? line(
              html`Asked of you: commit to <b>${desk.day(task.due) || 'this'}</b>?`,
              html`<span class="row no-print">
                <button class="pri" @click=${() => this.#set('accepted')}>Accept</button>
                <button @click=${this.beginCounter}>Counter</button>
                <button @click=${() => this.#set('declined')}>Decline</button>
              </span>`,
            )
          : html`<p class="note">Asked: ${who} to commit to ${desk.day(task.due) || 'it'}</p>`;
    }
  }

  #again(mayAnswer: boolean): TemplateResult | typeof nothing {
    const { desk, task } = this;
    if (mayAnswer || !desk.rights.structure(task)) return nothing;
    return html`<button class="no-print" @click=${() => this.#set('proposed')}>Ask again</button>`;
  }

  #set(state: 'proposed' | 'accepted' | 'declined'): void {
    if (askFor(this.desk, this.task, state))
      this.settle({ proposed: 'Asked', accepted: 'Committed', declined: 'Declined' }[state]);
  }

  /** Takes the day that was offered; who offered it says yes to it. */
  #agree(): void {
    const { desk, task } = this;
    const day = task.commitment?.due;
    if (day)
      desk.edit((tx) => tx.tasks.set(task.id, { due: day, commitment: { state: 'proposed', due: null } }), {
        reason: 'As offered',
      });
  }

  protected override counter(day: string, reason: string): void {
    const { desk, task } = this;
    desk.edit((tx) => {
      tx.tasks.set(task.id, { commitment: { state: 'countered', due: day } });
      if (reason) tx.comments.add({ on: task.id, text: reason });
    });
  }
}

/** Asks for a commitment, or answers; whether it was written. */
export function askFor(desk: Desk, task: Task, state: 'proposed' | 'accepted' | 'declined'): boolean {
  return desk.edit((tx) => tx.tasks.set(task.id, { commitment: { state, due: null } }));
}

define('plansync-proposal', ProposalPiece);
define('plansync-commitment', CommitmentPiece);
export const consentLook = ProposalPiece.look;
