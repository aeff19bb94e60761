/**
 * The details of a milestone or a task, beside the plan; on a phone in its place.
 *
 * In: which item is open. Out: edits of its fields, its blocker, its dependencies, its comments. What is always true: it
 * shows what everybody may read and offers what the reader may change; Escape closes it and the focus goes back to where
 * it was opened; a link is one only where it begins with http: or https:.
 */

import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { askFor, commitmentLine, proposalLines, valueWords } from './consent.js';
import { split } from './desk.js';
import { statusField } from './outline.js';
import { Piece, define } from './piece.js';
import type { ChangeData } from './seen.js';
import type { Change } from '../machine.js';
import type { Comment, Dependency, Milestone, Phase, Task } from '../schema.js';
import { agoWords, counted, instantWords, quoted, wordOf } from './words.js';

const KINDS = ['task', 'call', 'meeting', 'approval', 'document', 'checkpoint'] as const;
/** On a window narrower than this the details take all of it. */
const PHONE = '(max-width: 44rem)';

class Item extends Piece {
  static look = css`
    .drawer {
      position: fixed;
      inset: 0 0 0 auto;
      z-index: 15;
      width: min(30rem, 100vw);
      max-width: none;
      height: 100dvh;
      max-height: none;
      margin: 0;
      padding: 0 1.25rem 2rem;
      border: 0;
      border-inline-start: 1px solid var(--line);
      background: var(--card);
      color: var(--ink);
      box-shadow: -16px 0 48px var(--shade);
      overflow: auto;
      overscroll-behavior: contain;
      font-size: 0.9333rem;
    }
    .drawer::backdrop {
      background: var(--veil);
    }
    .drawer .top {
      position: sticky;
      top: 0;
      z-index: 3;
      display: flex;
      gap: 0.5rem;
      align-items: center;
      min-height: 3.25rem;
      margin: 0 -1.25rem;
      padding: 0 1.25rem;
      background: var(--card);
      border-bottom: 1px solid var(--line);
      font-size: 0.8125rem;
      color: var(--mute);
    }
    .drawer h2 {
      margin: 1rem 0 0.75rem;
      font-size: 1.25rem;
      line-height: 1.3;
      font-weight: 650;
    }
    .facts {
      display: grid;
      grid-template-columns: 7rem minmax(0, 1fr);
      gap: 0.25rem 0.75rem;
      align-items: center;
    }
    .facts dt {
      color: var(--mute);
      font-size: 0.8667rem;
    }
    .facts dd {
      min-width: 0;
      min-height: 1.75rem;
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 0.5rem;
      align-items: center;
    }
    .facts dd .status {
      width: auto;
      text-align: start;
      font-size: inherit;
    }
    .drawer section {
      margin-top: 1.125rem;
      padding-top: 0.875rem;
      border-top: 1px solid var(--line);
      display: grid;
      gap: 0.5rem;
    }
    .drawer section > h3,
    .drawer summary {
      font-size: 0.8667rem;
      font-weight: 620;
    }
    .drawer form.row {
      flex-wrap: nowrap;
    }
    .drawer form.row button {
      flex: none;
    }
    .drawer summary {
      cursor: pointer;
      min-height: 1.5rem;
    }
    .drawer .note {
      margin-inline-start: 0;
    }
    .deps li,
    .said li,
    .past li {
      display: flex;
      flex-wrap: wrap;
      gap: 0.125rem 0.5rem;
      align-items: center;
      padding: 0.25rem 0;
    }
    .deps li {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto auto auto;
    }
    .deps li .title {
      min-width: 0;
      padding: 0.125rem 0;
      color: var(--ink);
      font-weight: 450;
      text-align: start;
      unicode-bidi: isolate;
    }
    .deps select {
      width: auto;
      border-color: var(--line);
      padding: 0.125rem 0.375rem;
      font-size: 0.8667rem;
    }
    .deps input[type='number'] {
      width: 3.5rem;
      border-color: var(--line);
      padding: 0.125rem 0.375rem;
      font-size: 0.8667rem;
    }
    .drawer :is(section > select, form > textarea, form > input, dd > select) {
      border-color: var(--line);
    }
    .said li {
      display: block;
      padding: 0.5rem 0;
      border-top: 1px solid var(--line);
    }
    .said li.resolved p {
      color: var(--mute);
    }
    .said p {
      white-space: pre-wrap;
      unicode-bidi: isolate;
    }
    .said .by {
      display: flex;
      gap: 0.5rem;
      align-items: center;
      font-size: 0.8125rem;
      color: var(--mute);
    }
    .said .by b {
      color: var(--ink);
      font-weight: 600;
    }
    .past li {
      display: block;
      font-size: 0.8667rem;
      color: var(--mute);
    }
    .past ins,
    .past b {
      color: var(--ink);
      font-weight: 550;
    }
    .mentions {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem;
    }
    @media (max-width: 44rem) {
      .drawer {
        inset: 0;
        width: 100vw;
        border: 0;
      }
    }
    @media print {
      .drawer {
        display: none;
      }
    }
  `;

  static override properties = {
    ...Piece.properties,
    history: { state: true },
    blocking: { state: true },
    picking: { state: true },
    draft: { state: true },
    mentions: { state: true },
  };
  declare history: readonly Change[] | string | undefined;
  declare blocking: boolean;
  /** Which list of items is open: a thousand of them are drawn only then. */
  declare picking: 'from' | 'to' | undefined;
  /** A comment that is being written. */
  declare draft: string;
  declare mentions: readonly string[];

  #open: string | undefined;
  #from: HTMLElement | undefined;

  constructor() {
    super();
    this.#reset();
  }

  #reset(): void {
    this.history = undefined;
    this.blocking = false;
    this.picking = undefined;
    this.draft = '';
    this.mentions = [];
  }

  protected override willUpdate(): void {
    super.willUpdate();
    const { opened } = this.desk;
    if (opened === this.#open) return;
    if (opened && !this.#open) {
      const root = this.getRootNode() as ShadowRoot | Document;
      this.#from = (root.activeElement as HTMLElement | null) ?? undefined;
    }
    this.#open = opened;
    this.#reset();
  }

  #shown: string | undefined;
  #hasFocus = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('focusin', () => (this.#hasFocus = true));
    // A control that goes away while it has the focus takes it along; the reader has not left.
    this.addEventListener('focusout', ({ target }) =>
      queueMicrotask(() => {
        if ((target as Element).isConnected && !this.contains(this.#focused)) this.#hasFocus = false;
      }),
    );
  }

  get #focused(): Element | null {
    return (this.getRootNode() as ShadowRoot | Document).activeElement;
  }

  protected override updated(_: PropertyValues): void {
    if (this.#shown === this.#open) {
      if (this.#open && this.#hasFocus && !this.contains(this.#focused))
        this.querySelector<HTMLElement>('.close')?.focus();
      return;
    }
    const wasOpen = this.#shown !== undefined;
    this.#hasFocus = this.#open !== undefined;
    this.#shown = this.#open;
    const dialog = this.querySelector<HTMLDialogElement>('dialog');
    if (this.#open && dialog) {
      if (!dialog.open) {
        if (matchMedia(PHONE).matches) dialog.showModal();
        else dialog.show();
      }
      dialog.scrollTop = 0;
      dialog.querySelector<HTMLElement>('.close')?.focus();
    } else if (wasOpen) {
      const from = this.#from?.isConnected ? this.#from : undefined;
      (
        from ?? (this.getRootNode() as ShadowRoot).querySelector<HTMLElement>('[role=tab][aria-selected=true]')
      )?.focus();
      this.#from = undefined;
    }
  }

  override render(): TemplateResult | typeof nothing {
    const subject = this.#open;
    if (!subject) return nothing;
    const [collection, id] = split(subject);
    const { plan } = this.desk;
    const phase = (collection as string) === 'phases' ? plan.phases.get(id) : undefined;
    if (phase) return this.#dialog('Phase', phase.name ?? id, this.#phase(phase));
    const item: Milestone | Task | undefined = collection === 'tasks' ? plan.tasks.get(id) : plan.milestones.get(id);
    const kind = collection === 'tasks' ? 'Task' : 'Milestone';
    const remove =
      item && this.desk.rights.structure(item)
        ? html`<button class="quiet" @click=${() => this.#remove(subject, item)}>Remove</button>`
        : nothing;
    const body = item ? this.#item(subject, item) : html`<p class="empty">It is not in the plan any more.</p>`;
    return this.#dialog(kind, item?.title ?? id, body, html`${kind}${this.#within(item)}`, remove);
  }

  #dialog(
    kind: string,
    title: string,
    body: TemplateResult,
    head: TemplateResult | string = kind,
    action: TemplateResult | typeof nothing = nothing,
  ): TemplateResult {
    return html`<dialog
      class="drawer"
      aria-label="${kind}: ${title}"
      part="details"
      @keydown=${this.#key}
      @cancel=${this.#cancel}
    >
      <div class="top">
        <span>${head}</span><span class="push"></span>${action}
        <button class="quiet icon close" aria-label="Close" @click=${this.#close}>✕</button>
      </div>
      ${body}
    </dialog>`;
  }

  #phase(phase: Phase): TemplateResult {
    const { desk } = this;
    const may = desk.rights.structure();
    const of = `phases/${phase.id}`;
    return html`<h2>${this.#field(of, 'name', 'Phase', phase.name, may, { blank: 'Without a name' })}</h2>
      ${this.#text(of, 'exitCriteria', 'Done when', phase.exitCriteria, may, 'What one can check at its end')}
      ${!may && !phase.exitCriteria ? html`<p class="mute">No exit criteria.</p>` : nothing}`;
  }

  #within(item: Milestone | Task | undefined): TemplateResult | typeof nothing {
    const { plan } = this.desk;
    if (!item) return nothing;
    const above =
      'phase' in item
        ? plan.phases.get(item.phase ?? '')?.name
        : plan.milestones.get((item as Task).milestone ?? '')?.title;
    return above ? html` in <bdi>${above}</bdi>` : nothing;
  }

  // --- Fields ----------------------------------------------------------------------------------------------------

  #item(subject: string, item: Milestone | Task): TemplateResult {
    const { desk } = this;
    const { rights } = desk;
    const may = rights.structure(item);
    const mayWrite = may || rights.progress(item);
    const task = subject.startsWith('tasks/') ? (item as Task) : undefined;
    const milestone = task ? undefined : (item as Milestone);
    return html`${repeat(
      [subject],
      (key) => key,
      () =>
        html`<h2>${this.#field(subject, 'title', 'Title', item.title, may, { blank: 'Without a title' })}</h2>
          ${proposalLines(desk, subject)}
          <dl class="facts">
            <dt>Status</dt>
            <dd><span class="status ${item.status ?? 'pending'}">${statusField(desk, subject, item)}</span></dd>
            <dt>Owners</dt>
            <dd>
              <plansync-owners
                .desk=${desk}
                of=${subject}
                .owners=${item.owners}
                .party=${task?.party}
                ?may=${may}
              ></plansync-owners>
            </dd>
            ${
              task
                ? html`<dt>Whose</dt>
                    <dd>
                      ${this.#choice(subject, 'party', 'Whose', task.party, may, [
                        ...this.#parties(),
                        ['joint', 'Both'] as const,
                      ])}
                    </dd>
                    <dt>Kind</dt>
                    <dd>
                      ${this.#choice(
                        subject,
                        'kind',
                        'Kind',
                        task.kind ?? 'task',
                        may,
                        KINDS.map((each) => [each, wordOf(each)] as const),
                      )}
                    </dd>`
                : nothing
            }
            <dt>Start</dt>
            <dd>${this.#day(subject, 'start', 'Start', item.start, may)}</dd>
            <dt>Due</dt>
            <dd>${this.#day(subject, 'due', 'Due', item.due, may)}</dd>
            <dt>Takes</dt>
            <dd>
              ${this.#field(subject, 'durationDays', 'Days it takes', item.durationDays, may, {
                kind: 'number',
                blank: 'no duration',
                shown: item.durationDays === undefined ? undefined : counted(item.durationDays, 'day'),
              })}
            </dd>
            ${
              milestone
                ? html`<dt>The buyer gets</dt>
                    <dd>
                      ${this.#field(subject, 'buyerGets', 'What the buyer gets', milestone.buyerGets, may, {
                        blank: 'What it is worth to the buyer',
                      })}
                    </dd>
                    ${this.#effort(subject, milestone, may)}
                    ${
                      may || milestone.optimization
                        ? html`<dt>Optimization</dt>
                            <dd>
                              <label class="row"
                                ><input
                                  type="checkbox"
                                  .checked=${milestone.optimization ?? false}
                                  ?disabled=${!may}
                                  @change=${(event: Event) =>
                                    desk.set(
                                      subject,
                                      'optimization',
                                      (event.target as HTMLInputElement).checked || null,
                                    )}
                                />the buyer has the value</label
                              >
                            </dd>`
                        : nothing
                    }`
                : nothing
            }
            ${
              task
                ? html`<dt>Waiting on</dt>
                    <dd>
                      ${this.#choice(subject, 'waitingOn', 'Waiting on', task.waitingOn, mayWrite, [
                        ['', 'nobody'] as const,
                        ...this.#parties(),
                      ])}
                    </dd>
                    <dt>Evidence</dt>
                    <dd>${this.#evidence(subject, task, mayWrite)}</dd>`
                : nothing
            }
            ${
              may
                ? html`<dt>${task ? 'In milestone' : 'In phase'}</dt>
                    <dd>${this.#group(subject, item)}</dd>`
                : nothing
            }
          </dl>
          ${task ? this.#commitment(task) : nothing} ${this.#blocker(subject, item)}
          <section aria-label="Texts">
            ${
              milestone
                ? this.#text(subject, 'doneWhen', 'Done when', milestone.doneWhen, may, 'What one can check')
                : this.#text(subject, 'resources', 'Resources', task!.resources, may, 'People and things it takes')
            }
            ${this.#text(subject, 'notes', 'Notes', item.notes, mayWrite, 'For both sides')}
            ${!mayWrite && !item.notes ? html`<p class="mute">No notes.</p>` : nothing}
          </section>
          ${milestone && rights.structure() ? this.#addTask(milestone) : nothing} ${this.#dependencies(item, may)}
          ${this.#comments(subject)} ${this.#history(subject, item)}`,
    )}`;
  }

  /** The days that each owner gives. */
  #effort(subject: string, milestone: Milestone, may: boolean): TemplateResult | typeof nothing {
    const { desk } = this;
    const people = (milestone.owners ?? []).filter((id) => may || milestone.effort?.[id] !== undefined);
    if (people.length === 0) return nothing;
    return html`<dt>Effort</dt>
      <dd>
        ${people.map((id) => {
          const days = milestone.effort?.[id];
          const shown = days === undefined ? undefined : `${desk.personName(id)}: ${counted(days, 'day')}`;
          return this.#field(subject, `effort.${id}`, `Days of ${desk.personName(id)}`, days, may, {
            kind: 'number',
            blank: `${desk.personName(id)}: days`,
            shown,
          });
        })}
      </dd>`;
  }

  #parties(): (readonly [string, string])[] {
    return this.desk.plan.parties.all().map((each) => [each.id, this.desk.partyName(each.id)] as const);
  }

  #field(
    of: string,
    name: string,
    label: string,
    value: string | number | undefined,
    may: boolean,
    more: { kind?: string; blank?: string; shown?: TemplateResult | string | undefined } = {},
  ): TemplateResult {
    return html`<plansync-field
      .desk=${this.desk}
      of=${of}
      name=${name}
      kind=${more.kind ?? 'text'}
      label=${label}
      .value=${value}
      .shown=${more.shown}
      blank=${more.blank ?? 'none'}
      ?may=${may}
    ></plansync-field>`;
  }

  #day(of: string, name: string, label: string, value: string | undefined, may: boolean): TemplateResult {
    const { desk } = this;
    const shown = html`<time datetime=${value ?? ''}>${desk.day(value)}</time>`;
    return html`<plansync-field
      .desk=${desk}
      of=${of}
      name=${name}
      kind="day"
      label=${label}
      .value=${value}
      .shown=${value ? shown : undefined}
      blank="no date"
      ?may=${may}
      ?asksWhy=${name === 'due'}
    ></plansync-field>`;
  }

  #choice(
    of: string,
    name: string,
    label: string,
    value: string | undefined,
    may: boolean,
    choices: readonly (readonly [string, string])[],
  ): TemplateResult {
    const words = choices.find(([each]) => each === value)?.[1] ?? value;
    return html`<plansync-field
      .desk=${this.desk}
      of=${of}
      name=${name}
      kind="choice"
      label=${label}
      .value=${value}
      .shown=${value ? words : undefined}
      .choices=${choices}
      blank="nobody"
      ?may=${may}
    ></plansync-field>`;
  }

  #text(
    of: string,
    name: string,
    label: string,
    value: string | undefined,
    may: boolean,
    hint: string,
  ): TemplateResult {
    return html`<plansync-text
      .desk=${this.desk}
      of=${of}
      name=${name}
      label=${label}
      hint=${hint}
      .value=${value}
      ?may=${may}
    ></plansync-text>`;
  }

  #evidence(subject: string, task: Task, may: boolean): TemplateResult {
    const link = linkOf(task.evidence);
    return html`${
      link ? html`<a href=${link} target="_blank" rel="noopener noreferrer nofollow">Open</a>` : nothing
    }${this.#field(subject, 'evidence', 'Evidence', task.evidence, may, { blank: 'a link that shows it' })}`;
  }

  /** Another milestone or phase: what dragging does, by a choice. */
  #group(subject: string, item: Milestone | Task): TemplateResult {
    const { desk } = this;
    const { plan } = desk;
    const isTask = subject.startsWith('tasks/');
    const now = (isTask ? (item as Task).milestone : (item as Milestone).phase) ?? '';
    const groups = isTask
      ? plan.milestones.all().map((each) => [each.id, each.title] as const)
      : plan.phases.all().map((each) => [each.id, each.name] as const);
    const move = (event: Event) => {
      const group = (event.target as HTMLSelectElement).value || null;
      desk.edit((tx) =>
        isTask
          ? tx.tasks.move(item.id, { milestone: group, last: true })
          : tx.milestones.move(item.id, { phase: group, last: true }),
      );
    };
    return html`<select aria-label=${isTask ? 'Milestone' : 'Phase'} @change=${move}>
      <option value="" ?selected=${!now}>none</option>
      ${groups.map(([id, name]) => html`<option value=${id} ?selected=${id === now}>${name ?? id}</option>`)}
    </select>`;
  }

  #addTask(milestone: Milestone): TemplateResult {
    const { desk } = this;
    const add = (event: Event) => {
      event.preventDefault();
      const input = (event.target as HTMLFormElement).elements.namedItem('title') as HTMLInputElement;
      const title = input.value.trim();
      const { id, due } = milestone;
      const party = desk.party ? { party: desk.party } : {};
      if (!title) return;
      const isMade = desk.edit((tx) =>
        tx.tasks.add({ title, milestone: id, status: 'pending', ...(due ? { due } : {}), ...party }),
      );
      if (!isMade) return;
      input.value = '';
      desk.announce(`Added ${title}`);
    };
    return html`<section>
      <form class="row" @submit=${add}>
        <input name="title" aria-label="New task" placeholder="Add a task" maxlength="300" autocomplete="off" />
        <button>Add</button>
      </form>
    </section>`;
  }

  // --- Commitment and blocker ------------------------------------------------------------------------------------

  #commitment(task: Task): TemplateResult {
    const { desk } = this;
    const isOpen = task.status !== 'complete' && task.status !== 'cancelled';
    const mayAsk = !task.commitment?.state && isOpen && desk.rights.structure(task);
    const party = desk.rights.partyOf(task);
    const isOurs = party === undefined || party === desk.party;
    return html`${commitmentLine(desk, task)}${
      mayAsk
        ? html`<p class="row">
            <button @click=${() => askFor(desk, task, isOurs ? 'accepted' : 'proposed')}>
              ${isOurs ? 'Commit to this day' : `Ask ${desk.partyName(party)} to commit`}
            </button>
          </p>`
        : nothing
    }`;
  }

  #blocker(subject: string, item: Milestone | Task): TemplateResult | typeof nothing {
    const { desk } = this;
    const may = desk.rights.talk;
    const isBlocked = item.status === 'blocked' || item.blocked?.reason !== undefined;
    if (!isBlocked && !may) return nothing;
    const { reason, needs, since, by } = item.blocked ?? {};
    if (isBlocked)
      return html`<section aria-label="Blocker">
        <p class="note blocked">
          ⚠
          Blocked${reason ? html`: <bdi>${reason}</bdi>` : nothing}${needs ? html` · needs <bdi>${needs}</bdi>` : nothing}
          <span class="mute">${[by && desk.personName(by), since && desk.day(since)].filter(Boolean).join(', ')}</span>
        </p>
        ${
          may
            ? html`<span class="row"><button @click=${() => this.#unblock(subject)}>Clear the blocker</button></span>`
            : nothing
        }
      </section>`;
    if (!this.blocking)
      return item.status === 'complete' || item.status === 'cancelled'
        ? nothing
        : html`<p class="row"><button class="quiet" @click=${this.#beginBlock}>⚠ Raise a blocker</button></p>`;
    return html`<section aria-label="Blocker">
      <form class="blocking" @submit=${(event: Event) => this.#block(event, subject)}>
        <label class="field"
          >What is in the way<input name="reason" maxlength="2000" required autocomplete="off"
        /></label>
        <label class="field">What it needs<input name="needs" maxlength="2000" autocomplete="off" /></label>
        <span class="row">
          <button class="pri">Raise it</button>
          <button type="button" class="quiet" @click=${() => (this.blocking = false)}>Cancel</button>
        </span>
      </form>
    </section>`;
  }

  #beginBlock = (): void => {
    this.blocking = true;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.blocking input')?.focus());
  };

  #block(event: Event, subject: string): void {
    event.preventDefault();
    const { desk } = this;
    const { elements } = event.target as HTMLFormElement;
    const value = (name: string) => (elements.namedItem(name) as HTMLInputElement).value.trim();
    const me = desk.plan.me?.person;
    const [collection, id] = split(subject);
    const isMade = desk.edit((tx) =>
      tx[collection].set(id, {
        status: 'blocked',
        blocked: {
          reason: value('reason'),
          needs: value('needs') || null,
          since: desk.today,
          ...(me && desk.plan.people.has(me) ? { by: me } : {}),
        },
      }),
    );
    if (isMade) this.blocking = false;
  }

  #unblock(subject: string): void {
    const [collection, id] = split(subject);
    this.desk.edit((tx) =>
      tx[collection].set(id, {
        status: 'in_progress',
        blocked: { reason: null, needs: null, since: null, by: null },
      }),
    );
  }

  // --- Dependencies ----------------------------------------------------------------------------------------------

  #dependencies(item: Milestone | Task, may: boolean): TemplateResult | typeof nothing {
    const all = this.desk.plan.dependencies.all();
    const before = all.filter((each) => each.to === item.id);
    const after = all.filter((each) => each.from === item.id);
    if (!may && before.length + after.length === 0) return nothing;
    return html`<section aria-label="Dependencies">
      <h3>Waits for</h3>
      ${this.#edges(before, 'from', may)} ${may ? this.#addEdge(item, before, 'from') : nothing}
      ${after.length || may ? html`<h3>Waited for by</h3>` : nothing} ${this.#edges(after, 'to', may)}
      ${may ? this.#addEdge(item, after, 'to') : nothing}
    </section>`;
  }

  #edges(edges: readonly Dependency[], end: 'from' | 'to', may: boolean): TemplateResult {
    const { desk } = this;
    return html`<ul class="deps">
      ${repeat(
        edges,
        (edge) => edge.id,
        (edge) => {
          const title = this.#titleOf(edge[end] ?? '');
          const strength = edge.strength ?? 'hard';
          const gap = edge.minGapDays ?? 0;
          const set = (fields: { strength?: string; minGapDays?: number }) =>
            desk.edit((tx) => tx.dependencies.set(edge.id, fields));
          return html`<li>
            <button class="quiet title" @click=${() => desk.show(this.#subjectOf(edge[end] ?? ''))}>${title}</button>
            ${
              may
                ? html`<select
                      aria-label="How strictly it waits for ${title}"
                      @change=${(event: Event) => set({ strength: (event.target as HTMLSelectElement).value })}
                    >
                      <option value="hard" ?selected=${strength === 'hard'}>must</option>
                      <option value="soft" ?selected=${strength === 'soft'}>should</option>
                    </select>
                    <label class="tag"
                      ><input
                        type="number"
                        min="0"
                        max="36600"
                        aria-label="Days between, ${title}"
                        .value=${String(gap)}
                        @change=${(event: Event) =>
                          set({
                            minGapDays: Math.max(0, Math.round(Number((event.target as HTMLInputElement).value))),
                          })}
                      />
                      d</label
                    >
                    <button
                      class="quiet icon"
                      aria-label="Remove the dependency: ${title}"
                      @click=${() => desk.remove([`dependencies/${edge.id}`], 'The dependency was removed.')}
                    >
                      ✕
                    </button>`
                : html`<span class="tag"
                    >${strength === 'hard' ? 'must' : 'should'}${gap ? `, ${counted(gap, 'day')} between` : ''}</span
                  >`
            }
          </li>`;
        },
      )}
    </ul>`;
  }

  #addEdge(item: Milestone | Task, edges: readonly Dependency[], end: 'from' | 'to'): TemplateResult {
    const { desk } = this;
    const { milestones, tasks } = desk.plan;
    const taken = new Set([item.id, ...edges.map((edge) => edge[end])]);
    const add = (event: Event) => {
      const select = event.target as HTMLSelectElement;
      const other = select.value;
      select.value = '';
      if (!other) return;
      const [from, to] = end === 'from' ? [other, item.id] : [item.id, other];
      const id = `${from}>${to}`;
      const isBack = desk.plan.dependencies.has(id, { removed: true });
      desk.edit((tx) =>
        isBack ? tx.dependencies.restore(id) : void tx.dependencies.add({ from, to, type: 'FS', strength: 'hard' }),
      );
    };
    const options = (rows: readonly (Milestone | Task)[]) =>
      rows
        .filter((each) => !taken.has(each.id))
        .map((each) => html`<option value=${each.id}>${each.title ?? each.id}</option>`);
    return html`<select
      aria-label=${end === 'from' ? 'Add what it waits for' : 'Add what waits for it'}
      @focus=${() => (this.picking = end)}
      @pointerdown=${() => (this.picking = end)}
      @blur=${() => (this.picking = undefined)}
      @change=${add}
    >
      <option value="">Add…</option>
      ${
        this.picking === end
          ? html`<optgroup label="Milestones">${options(milestones.all())}</optgroup>
              <optgroup label="Tasks">${options(tasks.all())}</optgroup>`
          : nothing
      }
    </select>`;
  }

  #subjectOf(id: string): string {
    return this.desk.plan.milestones.has(id, { removed: true }) ? `milestones/${id}` : `tasks/${id}`;
  }

  #titleOf(id: string): string {
    return this.desk.title(this.#subjectOf(id)) ?? id;
  }

  // --- Comments --------------------------------------------------------------------------------------------------

  #comments(subject: string): TemplateResult {
    const { desk } = this;
    const comments = desk.commentsOf(subject);
    return html`<section aria-label="Comments">
      <h3>Comments</h3>
      <ul class="said">
        ${repeat(
          comments,
          (each) => each.id,
          (each) => this.#comment(each),
        )}
      </ul>
      ${desk.rights.talk ? this.#writer(subject) : nothing}
    </section>`;
  }

  #comment(comment: Comment): TemplateResult {
    const { desk } = this;
    const party = desk.partyOf(comment.by);
    const isMine = comment.by === undefined || comment.by === desk.plan.me?.person;
    const mentions = (comment.mentions ?? []).map((id) => desk.personName(id));
    return html`<li class=${comment.resolvedAt ? 'resolved' : ''}>
      <span class="by ${desk.side(party)}">
        <i class="shape" aria-hidden="true"></i><b>${desk.personName(comment.by) || 'You'}</b>
        <span>${agoWords(comment.at, desk.plan.serverNow(), desk.locale)}</span>
        ${comment.resolvedAt ? html`<span class="ok">✓ resolved</span>` : nothing}
        ${
          isMine && desk.rights.talk
            ? html`<button
                class="quiet push"
                @click=${() =>
                  desk.edit((tx) =>
                    tx.comments.set(comment.id, {
                      resolvedAt: comment.resolvedAt ? null : new Date(desk.plan.serverNow()).toISOString(),
                    }),
                  )}
              >
                ${comment.resolvedAt ? 'Open again' : 'Resolve'}
              </button>`
            : nothing
        }
      </span>
      <p>${comment.text}</p>
      ${mentions.length ? html`<span class="tag">to ${mentions.join(', ')}</span>` : nothing}
    </li>`;
  }

  #writer(subject: string): TemplateResult {
    const { desk } = this;
    // What is behind the last @, while it may become a name.
    const typed = /(?:^|\s)@([^\s@]*)$/.exec(this.draft)?.[1]?.toLowerCase();
    const people =
      typed === undefined
        ? []
        : desk
            .people()
            .filter((each) => `${each.name ?? ''} ${each.role ?? ''}`.toLowerCase().includes(typed))
            .slice(0, 6);
    return html`<form @submit=${(event: Event) => this.#say(event, subject)}>
      <textarea
        aria-label="Write a comment"
        placeholder="Write a comment; @ calls somebody"
        maxlength="20000"
        .value=${this.draft}
        @input=${(event: Event) => (this.draft = (event.target as HTMLTextAreaElement).value)}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#say(event, subject);
        }}
      ></textarea>
      ${
        people.length
          ? html`<div class="mentions" role="group" aria-label="Call somebody">
              ${people.map(
                (each) =>
                  html`<button type="button" @click=${() => this.#mention(each.id)}>
                    @${desk.personName(each.id)}
                  </button>`,
              )}
            </div>`
          : nothing
      }
      <span class="row"><button class="pri" ?disabled=${!this.draft.trim()}>Comment</button></span>
    </form>`;
  }

  #mention(person: string): void {
    this.draft = this.draft.replace(/@[^\s@]*$/, `@${this.desk.personName(person)} `);
    this.mentions = [...this.mentions, person];
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('[aria-label="Write a comment"]')?.focus());
  }

  #say(event: Event, subject: string): void {
    event.preventDefault();
    const text = this.draft.trim();
    if (!text) return;
    const mentions = [...new Set(this.mentions)].filter((id) => text.includes(`@${this.desk.personName(id)}`));
    const isMade = this.desk.edit((tx) =>
      tx.comments.add({ on: split(subject)[1], text, ...(mentions.length ? { mentions } : {}) }),
    );
    if (!isMade) return;
    this.draft = '';
    this.mentions = [];
  }

  // --- The past --------------------------------------------------------------------------------------------------

  #history(subject: string, item: Milestone | Task): TemplateResult {
    const { desk, history } = this;
    const done = item.completedBy
      ? html`<p class="mute small">
          Completed by ${desk.personName(item.completedBy)}, ${instantWords(item.completedAt, desk.locale)}
        </p>`
      : nothing;
    const load = async (event: Event) => {
      if (!(event.target as HTMLDetailsElement).open) return;
      this.history = undefined;
      try {
        this.history = await desk.plan.http.history(subject);
      } catch {
        this.history = 'The server cannot be asked now.';
      }
    };
    const rows = Array.isArray(history) ? [...(history as readonly Change[])].reverse() : [];
    return html`<section aria-label="Who set what">
      ${done}
      <details @toggle=${load}>
        <summary>Who set what</summary>
        ${
          history === undefined
            ? html`<p class="mute">Asking…</p>`
            : typeof history === 'string'
              ? html`<p class="mute">${history}</p>`
              : html`<ol class="past">
                  ${rows.map((change) => this.#past(change))}
                </ol>`
        }
      </details>
    </section>`;
  }

  #past(change: Change): TemplateResult {
    const { desk } = this;
    const data = (change.data ?? {}) as ChangeData;
    const who = desk.personName(change.actor) || 'Somebody';
    const field = data.field ?? '';
    const [old, now] = [valueWords(desk, field, data.old), valueWords(desk, field, data.new)];
    const verb = change.type.split('.').at(-1) ?? '';
    return html`<li>
      <b>${who}</b> ${
        field
          ? html`set ${wordOf(field).toLowerCase()}${old ? html` from <del>${cut(old)}</del>` : nothing} to
              <ins>${cut(now) || 'nothing'}</ins>`
          : html`${verb} it`
      }${data.reason ? html`: <q>${data.reason}</q>` : nothing},
      ${agoWords(change.time, desk.plan.serverNow(), desk.locale)}
    </li>`;
  }

  // --- Doing -----------------------------------------------------------------------------------------------------

  #remove(subject: string, item: Milestone | Task): void {
    const { desk } = this;
    const tasks = subject.startsWith('tasks/')
      ? []
      : desk.plan.tasks.all().filter((task) => task.milestone === item.id);
    const with_ = tasks.length ? ` and its ${counted(tasks.length, 'task')}` : '';
    desk.remove(
      [subject, ...tasks.map((task) => `tasks/${task.id}`)],
      `${quoted(item.title)}${with_} ${tasks.length ? 'were' : 'was'} removed.`,
    );
  }

  #close = (): void => this.desk.show(undefined);

  #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    this.#close();
  };

  #cancel = (event: Event): void => {
    event.preventDefault();
    this.#close();
  };
}

/** The address of a link; nothing for what is none, `javascript:` above all. */
export function linkOf(text: string | undefined): string | undefined {
  if (!text || !/^https?:\/\//i.test(text.trim())) return;
  try {
    const url = new URL(text.trim());
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return;
  }
}

function cut(text: string): string {
  const chars = [...text];
  return chars.length > 120 ? `${chars.slice(0, 119).join('')}…` : text;
}

define('plansync-item', Item);
export const itemLook = Item.look;
