/**
 * Who is at the table: both teams and the partners, what each of them decides and needs to say yes, and who is here now.
 *
 * In: the plan; beside the other side's people, the own party's private views. Out: edits of `people`, `stakeholders`,
 * `meta.sponsors`, and of `views` in the private document alone. What is always true: what the own party thinks of somebody
 * is read from and written to the private document only, and looks like nothing else on the page.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { sideWords } from '../controls/chips.js';
import {
  choicesOf,
  factsOf,
  fieldOf,
  folded,
  said,
  yesOrNo,
  type Choices,
  type FieldOptions,
} from '../controls/facts.js';
import { Piece, define } from '../piece.js';
import { flash } from '../controls/status.js';
import type { Answers, Ask } from '../controls/sheet.js';
import type { Party, Person } from '../../schema.js';
import { apart, counted, initials, monthWords, quoted, wordOf } from '../words.js';

const DECISION_ROLES = [
  'economic_buyer',
  'executive_sponsor',
  'champion',
  'technical_evaluator',
  'approver',
  'legal',
  'procurement',
  'security',
  'influencer',
  'end_user',
  'other',
] as const;
const ROLE_CHOICES: Choices = [['', 'Not known yet'], ...choicesOf(DECISION_ROLES)];
const STANCES = ['champion', 'supporter', 'neutral', 'sceptic', 'opponent', 'unknown'] as const;

class People extends Piece {
  static look = css`
    .teams {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(23rem, 100%), 1fr));
      gap: 0 1.25rem;
      align-items: start;
    }
    .team > .section-head h2 {
      display: inline-flex;
      gap: 0.5rem;
      align-items: center;
    }
    .team > .rest {
      margin: -0.25rem 0 0.75rem;
    }
    .person {
      display: grid;
      grid-template-columns: 2.25rem minmax(0, 1fr);
      gap: 0.125rem 0.75rem;
      padding: 0.75rem 0.875rem;
      margin-bottom: 0.5rem;
    }
    .person .face {
      margin: 0;
      width: 2.25rem;
      height: 2.25rem;
    }
    .person .face.open {
      color: var(--mute);
      background: none;
      border: 1.5px dashed var(--mute);
    }
    .person h3 {
      font-size: 1rem;
      font-weight: 600;
    }
    .person .about {
      font-size: 0.8667rem;
      color: var(--mute);
    }
    .person dl {
      display: grid;
      grid-template-columns: auto minmax(0, 1fr);
      gap: 0.125rem 0.75rem;
      margin-top: 0.25rem;
      font-size: 0.8667rem;
    }
    .person dt {
      color: var(--mute);
    }
    .here-now {
      font-size: 0.75rem;
      font-weight: 600;
      color: var(--ok);
      white-space: nowrap;
    }
    .sponsor {
      font-size: 0.75rem;
      font-weight: 600;
      white-space: nowrap;
      padding: 0 0.5rem;
      border: 1px solid var(--line);
      border-radius: 0.625rem;
    }
    .secret {
      grid-column: 1 / -1;
      margin-top: 0.5rem;
      padding: 0.5rem 0.75rem;
      border: 1px dashed var(--secret-line);
      border-radius: 0.5rem;
      background: var(--secret-bg);
      color: var(--secret);
      font-size: 0.8667rem;
    }
    .secret dt,
    .secret .value.blank {
      color: inherit;
    }
    .judge {
      grid-column: 2;
      justify-self: start;
      padding: 0.125rem 0.375rem;
      margin-inline-start: -0.375rem;
      min-height: 1.5rem;
      font-size: 0.8125rem;
      font-weight: 500;
      color: var(--secret);
    }
    .secret dt {
      padding-inline-end: 0.5rem;
    }
    .secret .lock {
      font-weight: 650;
      font-size: 0.75rem;
    }
  `;

  static override properties = {
    ...Piece.properties,
    adding: { state: true },
    naming: { state: true },
    judging: { state: true },
  };
  /** The party that somebody is added to; none for a new partner. */
  declare adding: string | undefined;
  /** The placeholder that gets a name. */
  declare naming: string | undefined;
  /** People of the other side whose private view was opened. */
  declare judging: ReadonlySet<string>;

  constructor() {
    super();
    this.judging = new Set();
  }

  override render(): TemplateResult {
    const { desk } = this;
    const mine = desk.party;
    const order = { buyer: 0, seller: 1, partner: 2 } as Readonly<Record<string, number>>;
    const parties = [...desk.plan.parties.all()].sort(
      (a, b) => (order[a.kind ?? ''] ?? 3) - (order[b.kind ?? ''] ?? 3),
    );
    const open = desk.people().filter((person) => person.placeholder);
    return html`${
        open.length
          ? html`<p class="mute small">
              ${counted(open.length, 'role is', 'roles are')} without a name yet: somebody has to be asked, and to have
              said yes.
            </p>`
          : nothing
      }
      <div class="teams" part="people">
        ${repeat(
          parties,
          ({ id }) => id,
          (party) => this.#team(party, party.id === mine),
        )}
      </div>
      ${
        desk.rights.party()
          ? html`<button class="quiet no-print" id="add-to-" @click=${() => (this.adding = '')}>
              + Add a partner
            </button>`
          : nothing
      }
      ${
        this.adding === ''
          ? html`<plansync-sheet
              heading="A partner"
              .asks=${[{ name: 'name', label: 'Name', required: true }]}
              .done=${({ name }: Answers) => desk.edit((tx) => void tx.parties.add({ kind: 'partner', name: name! }))}
              .leave=${() => this.#left('#add-to-')}
            ></plansync-sheet>`
          : nothing
      }`;
  }

  #team(party: Party, isOwn: boolean): TemplateResult {
    const { desk } = this;
    const people = desk.people(party.id);
    const side = desk.side(party.id);
    return html`<section class="team" aria-label=${desk.partyName(party.id)}>
      <div class="section-head ${side}">
        <i class="shape" aria-hidden="true"></i>
        <h2><bdi>${desk.partyName(party.id)}</bdi>${isOwn ? html`<span class="tag">your side</span>` : nothing}</h2>
        <span class="mute small">${counted(people.length, 'person', 'people')}</span>
        ${
          desk.rights.lead
            ? html`<button class="push" id="add-to-${party.id}" @click=${() => (this.adding = party.id)}>
                + ${isOwn ? 'Add a person' : 'Add a role'}
              </button>`
            : nothing
        }
      </div>
      ${
        this.adding === party.id
          ? html`<plansync-sheet
              heading=${isOwn ? 'Somebody of your side' : `A role of ${sideWords(desk, party.id)}`}
              .asks=${isOwn ? this.#personAsks() : this.#roleAsks()}
              .done=${(answers: Answers) => this.#add(party.id, isOwn, answers)}
              .leave=${() => this.#left(`#add-to-${party.id}`)}
            ></plansync-sheet>`
          : nothing
      }
      ${this.#party(party)} ${people.length ? nothing : html`<p class="empty">Nobody yet.</p>`}
      ${repeat(
        people,
        ({ id }) => id,
        (person) => this.#person(person, party, isOwn),
      )}
    </section>`;
  }

  /** What is seldom changed of a party. */
  #party({ id, kind, name, domains, fiscalYearStartMonth }: Party): TemplateResult | typeof nothing {
    const { desk } = this;
    const may = desk.rights.party(id);
    const row = factsOf(desk, `parties/${id}`, may);
    const called = desk.partyName(id);
    const months = Array.from({ length: 12 }, (_, n) => [`${n + 1}`, monthWords(n + 1, desk.locale)] as const);
    return folded(
      called,
      [
        may ? row('name', 'Name', name) : nothing,
        row('domains', 'Mail domains', (domains ?? []).join(', '), {
          blank: 'example.com',
          take: (written) => written.split(/[\s,;]+/).filter(Boolean),
        }),
        row('fiscalYearStartMonth', 'Fiscal year from', fiscalYearStartMonth && `${fiscalYearStartMonth}`, {
          choices: [['', 'not known'], ...months],
          take: Number,
          blank: 'not known',
        }),
      ],
      may && kind === 'partner' ? this.#remove(`parties/${id}`, called, '#add-to-') : nothing,
    );
  }

  /** `next` gets the focus. */
  #remove(of: string, name: string, next: string): TemplateResult {
    const remove = () => {
      this.desk.remove([of], `${quoted(name)} was removed.`);
      this.#left(next);
    };
    return html`<button class="quiet" aria-label="Remove ${name}" @click=${remove}>Remove</button>`;
  }

  #personAsks(person?: Person): Ask[] {
    return [
      { name: 'name', label: 'Name', required: true },
      { name: 'role', label: 'Role', placeholder: 'IT Manager', value: person?.role ?? '', required: true },
      { name: 'title', label: 'Title', value: person?.title ?? '' },
      { name: 'email', label: 'Email', value: person?.email ?? '' },
    ];
  }

  #roleAsks(): Ask[] {
    return [
      { name: 'role', label: 'Role', placeholder: 'Chief Financial Officer', required: true },
      {
        name: 'decisionRole',
        label: 'In the decision',
        kind: 'choice',
        choices: ROLE_CHOICES,
      },
    ];
  }

  #person(person: Person, party: Party, isOwn: boolean): TemplateResult {
    const { desk } = this;
    const { plan, rights, seen } = desk;
    const of = `people/${person.id}`;
    const stake = plan.stakeholders.get(person.id);
    const name = desk.personName(person.id);
    const isHere = plan.presence.people.some((each) => each.person === person.id);
    const isSponsor = (plan.meta.sponsors ?? []).includes(person.id);
    const isOpen = person.placeholder ?? false;
    const mayName = rights.people(party.id);
    const maySponsor = rights.meta('sponsors') && (desk.side(desk.party) === 'seller' || isOwn);
    const isMarked = seen.has(of) || seen.has(`stakeholders/${person.id}`);
    const about = [person.name ? person.role : undefined, person.title, person.team ? 'a team' : undefined];
    const row = factsOf(desk, of, mayName);
    const stakes = (field: string, label: string, value: string | undefined, options: FieldOptions) =>
      fieldOf(desk, `stakeholders/${person.id}`, field, label, value, rights.structure(), options);
    const ours = (field: 'role' | 'title' | 'externalRef', label: string) =>
      mayName ? row(field, label, person[field]) : nothing;
    return html`<article
      class="person card ${isMarked ? 'hot' : ''} ${flash(desk, of)}"
      id="item-${person.id}"
      aria-label=${name}
      part="person"
    >
      <span class="face ${isOpen ? 'open' : desk.side(party.id)}" aria-hidden="true"
        ><span>${initials(name)}</span></span
      >
      <div>
        <div class="row">
          <h3>${person.name ? fieldOf(desk, of, 'name', 'Name', person.name, mayName) : name}</h3>
          ${isHere ? html`<span class="here-now">● here now</span>` : nothing}
          ${isSponsor ? html`<span class="sponsor">★ Executive sponsor</span>` : nothing}
          ${seen.added(of) ? html`<span class="tag new">new</span>` : nothing}
          ${
            isOpen
              ? mayName
                ? html`<button class="push" id="name-${person.id}" @click=${() => (this.naming = person.id)}>
                    Name this role
                  </button>`
                : html`<span class="tag push">no name yet</span>`
              : nothing
          }
          ${
            maySponsor
              ? html`<button
                  class="quiet icon ${isOpen ? '' : 'push'}"
                  aria-label="${isSponsor ? 'No longer' : 'Make'} executive sponsor: ${name}"
                  title="${isSponsor ? 'No longer' : 'Make'} executive sponsor"
                  @click=${() => desk.set('meta', 'sponsors', { [person.id]: isSponsor ? null : true })}
                >
                  ${isSponsor ? '★' : '☆'}
                </button>`
              : nothing
          }
        </div>
        <p class="about">${about.filter(Boolean).map(apart).join(' · ')}</p>
        ${
          this.naming === person.id
            ? html`<plansync-sheet
                heading="Who is the ${person.role ?? name}?"
                action="Name"
                .asks=${this.#personAsks(person)}
                .done=${(answers: Answers) => this.#name(person, answers)}
                .leave=${() => this.#left(`#name-${person.id}`)}
              ></plansync-sheet>`
            : nothing
        }
        <dl>
          <dt>In the decision</dt>
          <dd>
            ${stakes('decisionRole', 'Role in the decision', stake?.decisionRole, {
              choices: ROLE_CHOICES,
              blank: 'not known yet',
            })}
          </dd>
          <dt>Says yes when</dt>
          <dd>
            ${stakes('needs', 'What they need to say yes', stake?.needs, { kind: 'long', blank: 'what do they need?' })}
          </dd>
        </dl>
        ${folded(
          name,
          [
            ours('role', 'Role'),
            ours('title', 'Title'),
            row('email', 'Email', person.email),
            mayName ? row('team', 'Stands for', said(person.team), yesOrNo('a team', 'one person')) : nothing,
            ours('externalRef', 'Id elsewhere'),
          ],
          mayName && person.id !== plan.me?.person ? this.#remove(of, name, `#add-to-${party.id}`) : nothing,
        )}
      </div>
      ${isOwn || !desk.party ? nothing : this.#views(person)}
    </article>`;
  }

  /** What the own party thinks of somebody of another. */
  #views(person: Person): TemplateResult | typeof nothing {
    const { own } = this.desk;
    if (!own?.ready || own.plan.status.state === 'refused') return nothing;
    const view = own.plan.collection('views').get(person.id);
    const may = own.rights.structure();
    if (!view && !this.judging.has(person.id)) {
      if (!may) return nothing;
      const judge = () => {
        this.judging = new Set([...this.judging, person.id]);
        void this.updateComplete.then(() =>
          this.querySelector<HTMLElement>(`#item-${CSS.escape(person.id)} .secret button`)?.focus(),
        );
      };
      return html`<button class="quiet judge" @click=${judge}>
        <span aria-hidden="true">🔒 </span>Private view of ${this.desk.personName(person.id)}
      </button>`;
    }
    const field = (
      name: 'stance' | 'influence' | 'note',
      label: string,
      kind: string,
      values: readonly string[] = [],
    ) =>
      html`<dt>${label}</dt>
        <dd>
          <plansync-field
            .desk=${own}
            of="views/${person.id}"
            name=${name}
            kind=${kind}
            label="${label}, private"
            .value=${view?.[name]}
            .shown=${name === 'influence' && view?.influence ? `${view.influence} of 5` : wordOf(String(view?.[name] ?? ''))}
            .choices=${[['', '–'], ...values.map((each) => [each, wordOf(each)])]}
            blank="say"
            ?may=${may}
          ></plansync-field>
        </dd>`;
    return html`<section class="secret" aria-label="Private view of ${this.desk.personName(person.id)}">
      <p class="lock">🔒 Only ${apart(this.desk.partyName(this.desk.party))} sees this</p>
      <dl>
        ${field('stance', 'Stance', 'choice', STANCES)} ${field('influence', 'Influence, 1 to 5', 'number')}
        ${field('note', 'Note', 'long')}
      </dl>
    </section>`;
  }

  #add(party: string, isOwn: boolean, { decisionRole, ...answers }: Answers): boolean {
    return this.desk.edit((tx) => {
      const id = tx.people.add({ ...answers, party, ...(isOwn ? {} : { placeholder: true }) });
      if (decisionRole) tx.stakeholders.add({ id, decisionRole });
    });
  }

  #name(person: Person, answers: Answers): boolean {
    return this.desk.edit((tx) => tx.people.set(person.id, { ...answers, placeholder: null }));
  }

  #left(focus: string): void {
    this.adding = this.naming = undefined;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(focus)?.focus());
  }
}

define('plansync-people', People);
export const peopleLook = People.look;
