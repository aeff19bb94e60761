/**
 * What the reader is offered to change: a hint, so that nobody is shown a control that the server would undo.
 *
 * In: who the reader is, and an item. Out: yes or no. What is always true: the server decides (`docs/rights.md`); where
 * this is too generous, the edit comes back with its reason.
 */

import type { Desk } from './desk.js';
import type { Milestone, Risk, Task } from '../schema.js';

/** An item with owners. */
type Item = Partial<Pick<Task, 'party' | 'owners' | 'commitment'>> & Pick<Milestone | Risk | Task, 'owners'>;

/** What the reader may do. */
export class Rights {
  constructor(private readonly desk: Desk) {}

  /** Another word whenever the reader may do other things. */
  get key(): string {
    return `${this.#access}|${this.desk.party ?? ''}|${this.desk.plan.me?.person ?? ''}|${this.desk.plan.meta.trust ?? ''}`;
  }

  get #access(): string {
    return this.desk.plan.me?.access ?? 'viewer';
  }

  get #leads(): boolean {
    return this.#access === 'owner' || this.#access === 'editor';
  }

  /** An editor of a partner changes the partner's own tasks and risks; their private document is all theirs. */
  get #isGuest(): boolean {
    return this.#access === 'editor' && !this.desk.beside && this.desk.side(this.desk.party) === 'partner';
  }

  /** The one party an item is of; nothing where it is several's or nobody's. */
  partyOf(item: Item): string | undefined {
    if (item.party) return item.party === 'joint' ? undefined : item.party;
    const parties = new Set((item.owners ?? []).map((id) => this.desk.partyOf(id)));
    return parties.size === 1 ? [...parties][0] : undefined;
  }

  /** Add, edit, move and remove: titles, dates, owners. */
  structure(item?: Item): boolean {
    if (!this.#leads) return false;
    return !this.#isGuest || (item !== undefined && this.partyOf(item) === this.desk.party);
  }

  /** Add a task or a risk, which is the own party's at first. */
  get add(): boolean {
    return this.#leads;
  }

  /** Status, notes, evidence. */
  progress(item: Item): boolean {
    if (this.#leads) return true;
    return this.#access === 'contributor' && this.#owns(item) && this.#isOurs(item);
  }

  /** Whether setting its status asks others. */
  asksOthers(item: Item): boolean {
    return !this.#isOurs(item) && this.desk.plan.meta.trust !== 'open';
  }

  /** Raise or clear a blocker, write a comment. */
  get talk(): boolean {
    return this.#access !== 'viewer';
  }

  /** Answer for the own party, invite, open a call. */
  get lead(): boolean {
    return this.#leads;
  }

  /** Freeze a success criterion, which asks the other side. */
  get freeze(): boolean {
    return this.#leads;
  }

  /** A field of the plan itself. */
  meta(field: string): boolean {
    const side = this.desk.side(this.desk.party);
    if (field.startsWith('target.') || field === 'target') return this.#leads;
    if (side === 'seller') {
      return this.#access === 'owner' || (this.#access === 'editor' && /^(valueProposition|priority)$/.test(field));
    }
    return side === 'buyer' && this.#access === 'owner' && /^(account|opportunity|sponsors)$/.test(field);
  }

  /** A party's own entry; without one, a partner that is not on the plan yet. */
  party(party?: string): boolean {
    if (this.#access !== 'owner') return false;
    const own = this.desk.party;
    return party !== undefined && party === own
      ? true
      : this.desk.side(own) === 'seller' && (!party || this.desk.side(party) === 'partner');
  }

  /** The people of a party. */
  people(party: string | undefined): boolean {
    return this.#leads && party === this.desk.party;
  }

  /** Accept, decline or counter what an item asks for. */
  commitment(item: Item): boolean {
    if (this.partyOf(item) !== this.desk.party) return false;
    return this.#leads || (this.#access === 'contributor' && this.#owns(item));
  }

  /** Whether an item is the own party's, alone or with others, or nobody's. */
  #isOurs({ party, owners }: Item): boolean {
    const own = this.desk.party;
    if (party === 'joint') return ['buyer', 'seller'].includes(this.desk.side(own));
    if (party) return party === own;
    const parties = (owners ?? []).flatMap((id) => this.desk.partyOf(id) ?? []);
    return parties.length === 0 || parties.includes(own ?? '');
  }

  #owns(item: Item): boolean {
    const me = this.desk.plan.me?.person;
    return me !== undefined && (item.owners ?? []).includes(me);
  }
}
