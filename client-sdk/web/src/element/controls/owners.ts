/**
 * Who owns an item: chips, and for whoever may change it a list of everybody of both sides, found by typing.
 *
 * In: an item, its owners. Out: an edit for each choice; a person is named, or added to one's own side, or asked for as a
 * role of the other. What is always true: the list is left with Escape and the focus goes back to the chips; of a task
 * whose owners come to be of other parties, the party follows.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { ownerChips } from './chips.js';
import { split } from '../desk.js';
import { Piece, define } from '../piece.js';
import type { Person } from '../../schema.js';
import { apart, quoted } from '../words.js';

/** What is being written about a person: one to name, or a new one. */
type Naming = { readonly id: string } | { readonly role: string };

class Owners extends Piece {
  static look = css`
    plansync-owners {
      position: relative;
      display: flex;
      min-width: 0;
    }
    button.owners {
      display: flex;
      padding: 0.125rem 0.25rem;
      border: 1px solid transparent;
      border-radius: 0.875rem;
      background: none;
      font-weight: 400;
      min-height: 1.75rem;
      align-items: center;
    }
    plansync-owners .chips {
      justify-content: flex-end;
      align-items: center;
    }
    @container outline (max-width: 46rem) {
      plansync-owners .chips {
        justify-content: flex-start;
      }
      button.owners {
        padding-inline-start: 0;
      }
    }
    .drawer plansync-owners .chips {
      justify-content: flex-start;
    }
    .picker {
      position: fixed;
      inset: auto;
      margin: 0;
      width: min(22rem, 100vw);
      max-height: min(30rem, 90vh);
      padding: 0.625rem;
      overflow: auto;
      border: 1px solid var(--line);
      border-radius: 0.75rem;
      background: var(--card);
      color: var(--ink);
      box-shadow: 0 12px 40px var(--veil);
      font-size: 0.9333rem;
    }
    .picker .whose-side {
      display: flex;
      gap: 0.375rem;
      align-items: center;
      margin: 0.625rem 0.375rem 0.125rem;
      font-size: 0.75rem;
      font-weight: 600;
      color: var(--mute);
    }
    .option {
      display: flex;
      gap: 0.5rem;
      align-items: center;
      min-height: 2rem;
      padding: 0.125rem 0.5rem;
      border-radius: 0.375rem;
      cursor: pointer;
    }
    .option:hover,
    .option.at {
      background: var(--shade);
      box-shadow: inset 2px 0 var(--now);
    }
    .option .name {
      flex: 1 0 50%;
      min-width: 0;
      unicode-bidi: isolate;
    }
    .option .tag {
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .option .check {
      flex: none;
      width: 1rem;
      color: var(--ok);
      font-weight: 700;
    }
    .picker .foot {
      display: flex;
      flex-wrap: wrap;
      gap: 0.375rem;
      margin-top: 0.5rem;
      padding-top: 0.5rem;
      border-top: 1px solid var(--line);
    }
    .picker .foot button {
      font-size: 0.8667rem;
      text-align: start;
    }
    .picker form {
      display: grid;
      gap: 0.5rem;
    }
    .whose {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 0.75rem;
      align-items: center;
      border: 0;
      margin: 0.5rem 0 0;
      padding: 0 0.375rem;
      font-size: 0.8667rem;
    }
    .whose label {
      display: inline-flex;
      gap: 0.25rem;
      align-items: center;
      min-height: 1.5rem;
    }
    @media (max-width: 40rem) {
      .picker {
        inset: auto 0 0 0 !important;
        width: 100%;
        max-width: none;
        border-radius: 1rem 1rem 0 0;
        padding-bottom: 1.5rem;
      }
    }
  `;

  static override properties = {
    ...Piece.properties,
    of: {},
    owners: { attribute: false },
    party: { attribute: false },
    may: { type: Boolean },
    isOpen: { state: true },
    query: { state: true },
    at: { state: true },
    naming: { state: true },
  };
  /** The item: `tasks/ca-1`; `meta` for the sponsors. */
  declare of: string;
  declare owners: readonly string[] | undefined;
  /** The party of a task. */
  declare party: string | undefined;
  declare may: boolean;
  declare isOpen: boolean;
  declare query: string;
  declare at: number;
  declare naming: Naming | undefined;

  #places = -1;
  #people: unknown;
  #there: unknown;

  constructor() {
    super();
    this.may = this.isOpen = false;
    this.query = '';
    this.at = 0;
  }

  protected override heard(): void {
    const { desk } = this;
    if (!this.isOpen && desk.places === this.#places) return;
    this.#places = desk.places;
    const isOther =
      desk.plan.people.all({ removed: true }) !== this.#people || desk.at(`${this.of}/owners`) !== this.#there;
    if (this.isOpen || isOther) this.requestUpdate();
  }

  override render(): TemplateResult {
    const { desk } = this;
    this.#people = desk.plan.people.all({ removed: true });
    const chips = ownerChips(desk, this.owners, this.party, this.of === 'meta' ? 'nobody yet' : undefined);
    if (!this.may) return chips;
    const there = desk.at(`${this.of}/owners`);
    this.#there = there;
    return html`${
        there.length
          ? html`<span class="there-name ${desk.side(there[0]?.party)}" aria-hidden="true"
              >${there.map((each) => each.name ?? desk.personName(each.person)).join(', ')}</span
            >`
          : nothing
      }<button
        type="button"
        class="owners"
        aria-haspopup="dialog"
        aria-expanded=${this.isOpen}
        title="Change owners"
        @click=${this.#toggle}
      >
        <span class="unseen">Owners: </span>${chips}<span class="unseen">. Change</span></button
      >${
        this.isOpen
          ? html`<div
              class="picker"
              popover="auto"
              role="dialog"
              aria-label="Owners of ${desk.title(this.of)}"
              @toggle=${this.#toggled}
              @keydown=${this.#key}
            >
              ${this.naming ? this.#form(this.naming) : this.#list()}
            </div>`
          : nothing
      }`;
  }

  // --- The list --------------------------------------------------------------------------------------------------

  get #found(): readonly Person[] {
    const words = this.query.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const { desk } = this;
    const order = ['buyer', 'seller', 'partner', 'other'];
    const rank = (person: Person) => order.indexOf(desk.side(person.party));
    return desk
      .people()
      .filter((person) => {
        const text = [person.name, person.role, person.title, person.email, desk.partyName(person.party)]
          .join(' ')
          .toLowerCase();
        return words.every((word) => text.includes(word));
      })
      .sort((a, b) => rank(a) - rank(b) || ((a.party ?? '') < (b.party ?? '') ? -1 : a.party === b.party ? 0 : 1));
  }

  #list(): TemplateResult {
    const { desk } = this;
    const found = this.#found;
    const owned = new Set(this.owners);
    const parties = [...new Set(found.map((person) => person.party ?? ''))];
    const query = this.query.trim();
    const isNew = query !== '' && !found.some((each) => [each.name, each.role].includes(query));
    const id = (n: number) => `${this.of.replace(/[^\w-]/g, '-')}-option-${n}`;
    const unnamed = found.filter((each) => each.placeholder && owned.has(each.id) && desk.rights.people(each.party));
    return html`<input
        role="combobox"
        aria-label="Find people"
        aria-expanded=${found.length > 0}
        aria-autocomplete="list"
        aria-controls=${id(-1)}
        aria-activedescendant=${found.length ? id(this.at) : nothing}
        placeholder="A name or a role"
        autocomplete="off"
        maxlength="300"
        .value=${this.query}
        @input=${(event: Event) => {
          this.query = (event.target as HTMLInputElement).value;
          this.at = 0;
        }}
      />
      ${
        found.length === 0
          ? html`<p class="tag" role="status" id=${id(-1)}>Nobody is called so.</p>`
          : html`<div role="listbox" aria-multiselectable="true" aria-label="People" id=${id(-1)}>
              ${parties.map(
                (party) =>
                  html`<div role="group" aria-label=${desk.partyName(party)}>
                    <div class="whose-side ${desk.side(party)}" aria-hidden="true">
                      <i class="shape"></i>${desk.partyName(party)}
                    </div>
                    ${found.map((person, n) =>
                      person.party === party || (!person.party && !party)
                        ? html`<div
                            role="option"
                            id=${id(n)}
                            class="option ${n === this.at ? 'at' : ''}"
                            aria-selected=${owned.has(person.id)}
                            @click=${() => this.#choose(person)}
                          >
                            <span class="check" aria-hidden="true">${owned.has(person.id) ? '✓' : ''}</span>
                            <span class="name">${person.name ?? person.role ?? person.id}</span>
                            <span class="tag"
                              >${person.name ? (person.role ?? '') : person.placeholder ? 'not named yet' : ''}</span
                            >
                          </div>`
                        : nothing,
                    )}
                  </div>`,
              )}
            </div>`
      }
      ${this.of.startsWith('tasks/') ? this.#whose() : nothing}
      ${
        unnamed.length || isNew
          ? html`<div class="foot">
              ${unnamed.map(
                (each) =>
                  html`<button @click=${() => this.#name({ id: each.id })}>
                    Name this role: ${each.role ?? each.id}
                  </button>`,
              )}
              ${isNew ? this.#offers(query) : nothing}
            </div>`
          : nothing
      }`;
  }

  /** Adding whoever was not found: to the own side with a name, to another as a role that they name. */
  #offers(query: string): TemplateResult {
    const { desk } = this;
    return html`${desk.plan.parties
      .all()
      .filter(() => desk.rights.lead)
      .map((party) =>
        desk.rights.people(party.id)
          ? html`<button @click=${() => this.#name({ role: query })}>
              Add ${quoted(query)} to ${desk.partyName(party.id)}
            </button>`
          : html`<button @click=${() => this.#ask(query, party.id)}>
              Ask ${apart(desk.partyName(party.id))} for the role ${quoted(query)}
            </button>`,
      )}`;
  }

  #whose(): TemplateResult {
    const { desk } = this;
    const all = [...desk.plan.parties.all().map((each) => each.id), 'joint'];
    return html`<fieldset class="whose">
      <legend class="unseen">Whose task it is</legend>
      ${all.map(
        (party) =>
          html`<label
            ><input
              type="radio"
              name="party-${this.of}"
              .checked=${this.party === party}
              @change=${() => desk.set(this.of, 'party', party)}
            />${party === 'joint' ? 'Both' : desk.partyName(party)}</label
          >`,
      )}
    </fieldset>`;
  }

  #choose(person: Person): void {
    const { desk } = this;
    const now = new Set(this.owners);
    const wasOf = partiesOf(desk, now);
    const isIn = !now.delete(person.id);
    if (isIn) now.add(person.id);
    const isOf = partiesOf(desk, now);
    const [collection, id] = split(this.of);
    desk.edit((tx) => {
      const owners = { [person.id]: isIn ? (true as const) : null };
      if (this.of === 'meta') return tx.meta.set({ sponsors: owners });
      tx[collection].set(id, { owners });
      const isOther = isOf.join() !== wasOf.join() && isOf.length > 0;
      if (collection === 'tasks' && isOther && this.party !== 'joint')
        tx.tasks.set(id, { party: isOf.length > 1 ? 'joint' : isOf[0]! });
    });
    desk.announce(`${desk.personName(person.id)} ${isIn ? 'owns it now' : 'does not own it any more'}`);
  }

  // --- Naming ----------------------------------------------------------------------------------------------------

  #name(naming: Naming): void {
    this.naming = naming;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.picker input')?.focus());
  }

  #form(naming: Naming): TemplateResult {
    const { desk } = this;
    const person = 'id' in naming ? desk.plan.people.get(naming.id) : undefined;
    const role = person?.role ?? ('role' in naming ? naming.role : '');
    return html`<form @submit=${this.#named} novalidate>
      <b>${person ? html`Who is ${quoted(role)}?` : html`Somebody new of ${desk.partyName(desk.party)}`}</b>
      <label class="field"
        >Name<input name="name" maxlength="300" autocomplete="off" .value=${person?.name ?? ''}
      /></label>
      <label class="field"
        >Mail<input name="email" type="email" maxlength="300" autocomplete="off" .value=${person?.email ?? ''}
      /></label>
      <label class="field">Role<input name="role" maxlength="300" autocomplete="off" .value=${role} /></label>
      <span class="row">
        <button class="pri">Save</button>
        <button type="button" class="quiet" @click=${() => (this.naming = undefined)}>Back</button>
      </span>
    </form>`;
  }

  #named = (event: Event): void => {
    event.preventDefault();
    const { desk, naming } = this;
    const { elements } = event.target as HTMLFormElement;
    const value = (name: string) => (elements.namedItem(name) as HTMLInputElement).value.trim() || null;
    const fields = { name: value('name'), email: value('email'), role: value('role') };
    const isMade = desk.edit((tx) => {
      if (!naming) return;
      const placeholder = fields.name ? null : true;
      if ('id' in naming) return tx.people.set(naming.id, { ...fields, placeholder });
      const id = tx.people.add({
        ...present(fields),
        party: desk.party ?? '',
        ...(placeholder ? { placeholder } : {}),
      });
      this.#own(tx, id);
    });
    if (isMade) this.#back();
  };

  #ask(role: string, party: string): void {
    const isMade = this.desk.edit((tx) => this.#own(tx, tx.people.add({ role, party, placeholder: true })));
    if (isMade) this.#back();
  }

  #own(tx: Parameters<Parameters<Piece['desk']['edit']>[0]>[0], person: string): void {
    const [collection, id] = split(this.of);
    if (this.of === 'meta') tx.meta.set({ sponsors: { [person]: true } });
    else tx[collection].set(id, { owners: { [person]: true } });
  }

  #back(): void {
    this.naming = undefined;
    this.query = '';
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.picker input')?.focus());
  }

  // --- Opening ---------------------------------------------------------------------------------------------------

  #toggle = (): void => {
    if (this.isOpen) return this.#close();
    this.isOpen = true;
    this.query = '';
    this.at = 0;
    this.naming = undefined;
    this.desk.enter(`${this.of}/owners`);
    void this.updateComplete.then(() => {
      const picker = this.querySelector<HTMLElement>('.picker');
      const from = this.querySelector('button.owners')?.getBoundingClientRect();
      if (!picker || !from) return;
      picker.showPopover();
      const { width, height } = picker.getBoundingClientRect();
      const top = from.bottom + height + 8 < innerHeight ? from.bottom + 4 : Math.max(8, from.top - height - 4);
      picker.style.setProperty('top', `${top}px`);
      picker.style.setProperty('left', `${Math.max(8, Math.min(from.right - width, innerWidth - width - 8))}px`);
      picker.querySelector<HTMLElement>('input')?.focus();
    });
  };

  #toggled = (event: Event): void => {
    if ((event as ToggleEvent).newState === 'closed') this.#close();
  };

  #close(): void {
    if (!this.isOpen) return;
    const wasInside = this.contains((this.getRootNode() as ShadowRoot).activeElement);
    this.isOpen = false;
    this.desk.leave(`${this.of}/owners`);
    if (wasInside) void this.updateComplete.then(() => this.querySelector<HTMLElement>('button.owners')?.focus());
  }

  #key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      return this.naming ? void this.#back() : this.#close();
    }
    if (this.naming || (event.target as Element).getAttribute('role') !== 'combobox') return;
    const found = this.#found;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      this.at = (this.at + step + found.length) % found.length;
      void this.updateComplete.then(() => this.querySelector('.option.at')?.scrollIntoView({ block: 'nearest' }));
    } else if (event.key === 'Enter' && found[this.at]) {
      event.preventDefault();
      this.#choose(found[this.at]!);
    }
  };
}

function partiesOf(desk: Piece['desk'], people: Iterable<string>): string[] {
  return [...new Set([...people].map((id) => desk.partyOf(id) ?? ''))].filter(Boolean).sort();
}

function present(fields: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((each): each is [string, string] => each[1] !== null));
}

define('plansync-owners', Owners);
export const ownersLook = Owners.look;
