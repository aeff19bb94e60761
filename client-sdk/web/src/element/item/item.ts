/**
 * The details of a milestone or a task, beside the plan; on a phone in its place.
 *
 * In: which item is open. Out: edits of its fields, its blocker, its dependencies, its comments. What is always true: it
 * shows what everybody may read and offers what the reader may change; Escape closes it and the focus goes back to where
 * it was opened; a link is one only where it begins with http: or https:.
 */

import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { askFor, commitmentLine, proposalLines } from '../consent.js';
import { choicesOf, fact, factsOf, fieldOf, partyChoices, type Choices, type FieldOptions } from '../controls/facts.js';
import { split, type Desk } from '../desk.js';
import './blocker.js';
import './past.js';
import './talk.js';
import './waits.js';
import { Piece, define } from '../piece.js';
import { statusField } from '../controls/status.js';
import type { Milestone, Phase, Task } from '../../schema.js';
import { apart, counted, quoted } from '../words.js';

const KINDS = choicesOf(['task', 'call', 'meeting', 'approval', 'document', 'checkpoint']);
/** On a window narrower than this the details take all of it. */
const PHONE = '(max-width: 44rem)';

class Item extends Piece {
  #open: string | undefined;
  #from: HTMLElement | undefined;

  protected override willUpdate(): void {
    super.willUpdate();
    const { opened } = this.desk;
    if (opened === this.#open) return;
    if (opened && !this.#open) {
      const root = this.getRootNode() as ShadowRoot | Document;
      this.#from = (root.activeElement as HTMLElement | null) ?? undefined;
    }
    this.#open = opened;
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
      <dl class="facts">
        ${factsOf(desk, of, may)('kind', 'Kind', phase.kind, { blank: 'evaluation, purchase, rollout' })}
      </dl>
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
                        ...partyChoices(desk),
                        ['joint', 'Both'] as const,
                      ])}
                    </dd>
                    <dt>Kind</dt>
                    <dd>${this.#choice(subject, 'kind', 'Kind', task.kind ?? 'task', may, KINDS)}</dd>`
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
                        ...partyChoices(desk),
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
            ${task && (may || task.parent) ? fact('Part of', this.#parent(task, may)) : nothing}
          </dl>
          ${task ? this.#commitment(task) : nothing} <plansync-blocker .desk=${desk} of=${subject}></plansync-blocker>
          <section aria-label="Texts">
            ${
              milestone
                ? this.#text(subject, 'doneWhen', 'Done when', milestone.doneWhen, may, 'What one can check')
                : this.#text(subject, 'resources', 'Resources', task!.resources, may, 'People and things it takes')
            }
            ${this.#text(subject, 'notes', 'Notes', item.notes, mayWrite, 'For both sides')}
            ${!mayWrite && !item.notes ? html`<p class="mute">No notes.</p>` : nothing}
          </section>
          ${milestone && rights.add ? this.#addTask(milestone) : nothing}
          <plansync-waits .desk=${desk} of=${subject} ?may=${may}></plansync-waits>
          <plansync-talk .desk=${desk} of=${subject}></plansync-talk>
          <plansync-past .desk=${desk} of=${subject}></plansync-past>`,
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
          const shown = days === undefined ? undefined : `${apart(desk.personName(id))}: ${counted(days, 'day')}`;
          return this.#field(subject, `effort.${id}`, `Days of ${desk.personName(id)}`, days, may, {
            kind: 'number',
            blank: `${apart(desk.personName(id))}: days`,
            shown,
          });
        })}
      </dd>`;
  }

  #field(
    of: string,
    name: string,
    label: string,
    value: string | number | undefined,
    may: boolean,
    more?: FieldOptions,
  ): TemplateResult {
    return fieldOf(this.desk, of, name, label, value, may, more);
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
    choices: Choices,
  ): TemplateResult {
    return fieldOf(this.desk, of, name, label, value, may, { choices, blank: 'nobody' });
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

  /** The task that this one is a part of: another of its milestone that is no part of it. */
  #parent(task: Task, may: boolean): TemplateResult {
    const { desk } = this;
    const { tasks } = desk.plan;
    const parent = tasks.get(task.parent ?? '');
    if (!may) return html`<bdi>${parent?.title ?? '–'}</bdi>`;
    const others = tasks.all().filter((each) => each.milestone === task.milestone && !isUnder(desk, each, task.id));
    const under = (event: Event) => {
      const to = (event.target as HTMLSelectElement).value;
      const last = tasks
        .all()
        .filter((each) => each.parent === to && each.id !== task.id)
        .at(-1);
      desk.edit((tx) =>
        to ? tx.tasks.move(task.id, { after: last?.id ?? to, parent: to }) : tx.tasks.set(task.id, { parent: null }),
      );
    };
    const isElsewhere = parent && !others.includes(parent);
    return html`<select aria-label="Part of" @change=${under}>
      <option value="" ?selected=${!parent}>no other task</option>
      ${[...(isElsewhere ? [parent] : []), ...others].map(
        ({ id, title }) => html`<option value=${id} ?selected=${id === parent?.id}>${title ?? id}</option>`,
      )}
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

  // --- Commitment ------------------------------------------------------------------------------------------------

  #commitment(task: Task): TemplateResult {
    const { desk } = this;
    const isOpen = task.status !== 'complete' && task.status !== 'cancelled';
    const mayAsk = !task.commitment?.state && isOpen && desk.rights.structure(task);
    const party = desk.rights.partyOf(task);
    const isOurs = party === undefined || party === desk.party;
    return html`${commitmentLine(desk, task)}${
      mayAsk
        ? html`<p class="row commit">
            <button @click=${() => askFor(desk, task, isOurs ? 'accepted' : 'proposed')}>
              ${isOurs ? 'Commit to this day' : `Ask ${apart(desk.partyName(party))} to commit`}
            </button>
          </p>`
        : nothing
    }`;
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

/** Whether a task is another one or a part of it, however far below. */
function isUnder(desk: Desk, task: Task, id: string): boolean {
  const seen = new Set<string>();
  for (let each: Task | undefined = task; each && !seen.has(each.id); each = desk.plan.tasks.get(each.parent ?? '')) {
    if (each.id === id) return true;
    seen.add(each.id);
  }
  return false;
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

define('plansync-item', Item);
export { itemLook } from './look.js';
