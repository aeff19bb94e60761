/**
 * The plan itself: phases, their milestones, their tasks; what changed is marked, what may be edited is edited in place.
 *
 * What is always true: a row is drawn again only when something it shows is another value, so that a plan of a thousand
 * tasks stays quick; what is folded says how much there is, and stays folded for this reader on this device.
 */

import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { commitmentLine, proposalLines } from '../consent.js';
import { grouped, split } from '../desk.js';
import { Mover } from './move.js';
import { Piece, define } from '../piece.js';
import type { Mark } from '../call/seen.js';
import { flash, statusField } from '../controls/status.js';
import type { Milestone, Phase, Task } from '../../schema.js';
import { agoWords, apart, counted, daysBetween, fieldWords, quoted, shiftWords, wordOf } from '../words.js';

/** Beyond so many rows, what is not on the screen is not laid out, and what is over and done begins folded. */
const LONG_ROWS = 150;

/** What a field is to be drawn as; `quick` adds one with a title alone. */
type Adding = { readonly what: 'phase' } | { readonly what: 'milestone' | 'task'; readonly under: string };

class Outline extends Piece {
  static override properties = {
    ...Piece.properties,
    folds: { state: true },
    adding: { state: true },
    whose: { state: true },
  };
  /** What the reader has folded (true) or unfolded (false), by id. */
  declare folds: Readonly<Record<string, boolean>>;
  declare adding: Adding | undefined;
  /** Whose work is shown: a party's, the reader's own (`me`), everybody's when not given. */
  declare whose: string | undefined;

  readonly #mover = new Mover(this);
  #foldsOf: string | undefined;
  #isLong = false;
  #common: readonly unknown[] = [];
  #version = 0;
  /** The milestones in which something is marked. */
  #hot: ReadonlySet<string | undefined> = new Set();

  constructor() {
    super();
    this.folds = {};
  }

  protected override get shows(): readonly unknown[] {
    const { plan } = this.desk;
    this.#readCommon();
    return [plan.phases.all(), plan.milestones.all(), plan.tasks.all(), ...this.#shared];
  }

  override render(): TemplateResult {
    const { desk } = this;
    const { plan, rights } = desk;
    this.#readFolds();
    this.#readCommon();
    this.#hot = new Set(desk.seen.subjects.map((each) => this.#milestoneOf(each)));
    const phases = plan.phases.all();
    const known = new Set(phases.map((phase) => phase.id));
    const tasks = grouped(
      plan.tasks.all().filter((each) => this.#isWanted(each)),
      (each) => (plan.milestones.has(each.milestone ?? '') ? each.milestone! : ''),
    );
    const milestones = grouped(
      plan.milestones.all().filter((each) => tasks.has(each.id) || this.#isWanted(each)),
      (each) => (known.has(each.phase ?? '') ? each.phase! : ''),
    );
    this.#isLong = plan.milestones.size + plan.tasks.size > LONG_ROWS;
    const loose = milestones.get('') ?? [];
    const looseTasks = tasks.get('') ?? [];
    const isEmpty = plan.milestones.size === 0 && plan.tasks.size === 0;
    return html`<div
      class="outline ${this.#isLong ? 'long' : ''}"
      part="outline"
      @pointerdown=${this.#mover.press}
      @keydown=${this.#mover.key}
      @click=${this.#click}
    >
      ${isEmpty ? nothing : this.#whoseWork()}
      ${
        isEmpty
          ? html`<p class="empty">
              No milestones yet. A plan begins with the day both sides want, and the steps that lead there.
            </p>`
          : nothing
      }
      ${
        this.whose && tasks.size + milestones.size === 0
          ? html`<p class="empty">Nothing here is ${this.whose === 'me' ? 'yours' : 'theirs'}.</p>`
          : nothing
      }
      ${repeat(
        this.whose ? phases.filter((phase) => milestones.has(phase.id)) : phases,
        (phase) => phase.id,
        (phase) => this.#phase(phase, milestones.get(phase.id) ?? [], tasks),
      )}
      ${loose.length || (isEmpty && phases.length === 0) ? this.#phase(undefined, loose, tasks) : nothing}
      ${
        looseTasks.length
          ? html`<section class="phase" aria-label="Tasks without a milestone">
              <div class="phase-head"><h3>Without a milestone</h3></div>
              <div class="ms card" data-group="task:">${this.#tasks(looseTasks)}</div>
            </section>`
          : nothing
      }
      ${this.adding?.what === 'phase' ? this.#adder('Name of the phase') : nothing}
      <div class="outline-foot no-print">
        ${
          rights.structure() && this.adding?.what !== 'phase'
            ? html`<button class="quiet" @click=${() => this.#add({ what: 'phase' })}>+ Add a phase</button>`
            : nothing
        }
        ${this.#removed()}
      </div>
    </div>`;
  }

  /** All of the plan, a party's part of it, or the reader's own. */
  #whoseWork(): TemplateResult {
    const { desk } = this;
    const choices: [string | undefined, string][] = [
      [undefined, 'Everything'],
      ...desk.plan.parties.all().map(({ id }): [string, string] => [id, desk.partyName(id)]),
    ];
    if (desk.plan.people.has(desk.plan.me?.person ?? '')) choices.push(['me', 'Mine']);
    return html`<div class="whose no-print" role="group" aria-label="Whose work is shown">
      ${choices.map(
        ([whose, words]) =>
          html`<button class="quiet" aria-pressed=${this.whose === whose} @click=${() => (this.whose = whose)}>
            ${words}
          </button>`,
      )}
    </div>`;
  }

  /** What belongs to several parties, or to none, is everybody's. */
  #isWanted(item: Milestone | Task): boolean {
    const { whose, desk } = this;
    if (whose === undefined) return true;
    if (whose === 'me') return item.owners?.includes(desk.plan.me?.person ?? '') ?? false;
    return (desk.rights.partyOf(item) ?? whose) === whose;
  }

  // --- Rows ------------------------------------------------------------------------------------------------------

  #phase(
    phase: Phase | undefined,
    milestones: readonly Milestone[],
    tasks: Map<string, Task[]>,
  ): TemplateResult | typeof nothing {
    const { desk } = this;
    const id = phase?.id ?? '';
    const may = desk.rights.structure();
    const complete = milestones.filter((each) => each.status === 'complete').length;
    const isHot = (each: Milestone) => this.#hot.has(each.id);
    const isDone = milestones.length > 0 && complete === milestones.length;
    const isFolded = this.folds[`phases/${id}`] ?? (this.#isLong && isDone && !milestones.some(isHot));
    const name = phase?.name ?? 'Without a phase';
    const isAdding = this.adding?.what === 'milestone' && this.adding.under === id;
    return html`<section class="phase" aria-label=${name}>
      <div class="phase-head" data-group="milestone:${id}">
        <h3>
          ${
            phase
              ? html`<plansync-field
                  .desk=${desk}
                  of="phases/${id}"
                  name="name"
                  label="Phase"
                  .value=${phase.name}
                  blank="Name this phase"
                  ?may=${may}
                ></plansync-field>`
              : name
          }
        </h3>
        ${
          milestones.length
            ? html`<button
                class="fold"
                aria-expanded=${!isFolded}
                aria-label="${isFolded ? 'Show' : 'Hide'} ${counted(milestones.length, 'milestone')} of ${name}: ${complete} of ${milestones.length} complete"
                @click=${() => this.#fold(`phases/${id}`, !isFolded)}
              >
                ${complete} of ${milestones.length}
              </button>`
            : html`<span>empty</span>`
        }
        ${
          phase
            ? html`<button
                class="quiet more"
                aria-label="Details of the phase ${name}"
                aria-haspopup="dialog"
                title="Details"
                @click=${() => desk.show(`phases/${id}`)}
              >
                …
              </button>`
            : nothing
        }${
          may
            ? html`<button
                  class="quiet"
                  aria-label="Add a milestone to ${name}"
                  @click=${() => this.#add({ what: 'milestone', under: id })}
                >
                  + Milestone</button
                >${
                  phase && milestones.length === 0
                    ? html`<button
                        class="quiet"
                        aria-label="Remove the phase ${name}"
                        @click=${() => desk.remove([`phases/${id}`], `The phase ${quoted(name)} was removed.`)}
                      >
                        Remove
                      </button>`
                    : nothing
                }`
            : nothing
        }
      </div>
      ${
        isFolded
          ? nothing
          : repeat(
              milestones,
              (each) => each.id,
              (each) => this.#milestone(each, tasks.get(each.id) ?? []),
            )
      }
      ${isAdding ? this.#adder('What is reached, in the buyer’s words') : nothing}
    </section>`;
  }

  /** What every row shows: when any of it is another, all rows are drawn. */
  #readCommon(): void {
    const { plan, rights, today, seen } = this.desk;
    const common = [this.desk, plan.people.all({ removed: true }), plan.parties.all(), rights.key, today, seen];
    if (common.every((each, n) => each === this.#common[n])) return;
    this.#common = common;
    this.#version += 1;
  }

  /** What any row of a milestone may show: while this and its tasks are the same, none of its rows is looked at. */
  get #shared(): unknown[] {
    const { desk } = this;
    const { plan, seen, standing, opened, flashes } = desk;
    return [
      this.#version,
      seen.taken,
      standing,
      opened,
      flashes.size ? [...flashes.keys()].join() : '',
      plan.collection('proposals').all(),
      plan.collection('comments').all(),
    ];
  }

  /** What a row shows beside its own fields: when all of it is the same, the row is. */
  #seenIn(subject: string, id: string): unknown[] {
    const { desk } = this;
    const { seen, standing } = desk;
    return [
      this.#version,
      seen.version(subject),
      standing.critical.has(id),
      standing.moves.get(id)?.to,
      desk.flashes.has(subject),
      desk.proposalsOf(subject),
      desk.commentsOf(subject).length,
      desk.opened === subject,
    ];
  }

  #milestoneOf(subject: string): string | undefined {
    const [collection, id] = subject.split('/', 2);
    return collection === 'tasks' ? this.desk.plan.tasks.get(id ?? '')?.milestone : id;
  }

  #milestone(item: Milestone, tasks: readonly Task[]): unknown {
    const { desk } = this;
    const subject = `milestones/${item.id}`;
    const isHot = this.#hot.has(item.id);
    const isFolded = this.folds[item.id] ?? (this.#isLong && item.status === 'complete' && !isHot);
    const isAdding = this.adding?.what === 'task' && this.adding.under === item.id;
    const status = item.status ?? 'pending';
    const isCritical = desk.standing.critical.has(item.id);
    const done = tasks.filter((task) => task.status === 'complete').length;
    return html`<article
      class="ms card ${status} ${isHot ? 'hot' : ''} ${isCritical ? 'critical' : ''} ${flash(desk, subject)}"
      id="item-${item.id}"
      data-item=${subject}
      aria-label=${item.title ?? item.id}
      part="milestone"
    >
      ${guard([item, done, tasks.length, isFolded, ...this.#seenIn(subject, item.id)], () =>
        this.#milestoneLine(item, subject, tasks.length, done, isFolded, isCritical),
      )}
      ${tasks.length && !isFolded ? guard([...this.#shared, ...tasks], () => this.#tasks(tasks)) : nothing}
      ${isAdding ? this.#adder('What is to be done, and how one sees that it is') : nothing}
    </article>`;
  }

  #milestoneLine(
    item: Milestone,
    subject: string,
    count: number,
    done: number,
    isFolded: boolean,
    isCritical: boolean,
  ): TemplateResult {
    const { desk } = this;
    const { rights, seen } = desk;
    const may = rights.structure(item);
    return html`<div class="line">
        ${may ? this.#grip(item.title ?? 'this milestone') : nothing}
        <span class="dot" aria-hidden="true"></span>
        <h4>
          <plansync-field
            .desk=${desk}
            of=${subject}
            name="title"
            label="Title"
            .value=${item.title}
            blank="Name this milestone"
            ?may=${may}
          ></plansync-field
          >${isCritical ? html`<span class="unseen">On the critical path</span>` : nothing}${
            count
              ? html`<button
                  class="fold"
                  aria-expanded=${!isFolded}
                  aria-label="${isFolded ? 'Show' : 'Hide'} ${counted(count, 'task')} of ${item.title}: ${done} of ${count} done"
                  @click=${() => this.#fold(item.id, !isFolded)}
                >
                  ${done} of ${count}
                </button>`
              : nothing
          }${seen.added(subject) ? html`<span class="tag new">new</span>` : nothing}${this.#talk(subject)}${
            rights.add
              ? html`<button
                  class="quiet add no-print"
                  aria-label="Add a task to ${item.title}"
                  @click=${() => this.#add({ what: 'task', under: item.id })}
                >
                  + Task
                </button>`
              : nothing
          }
        </h4>
        <plansync-owners
          .desk=${desk}
          of=${subject}
          .owners=${item.owners}
          .party=${undefined}
          ?may=${may}
        ></plansync-owners>
        ${this.#due(subject, item)}
        <span class="status ${item.status ?? 'pending'}">${statusField(desk, subject, item)}</span>
        <span class="tools no-print">${this.#more(subject, item.title)} </span>
      </div>
      ${this.#notes(subject, item)}${proposalLines(desk, subject)}`;
  }

  #tasks(tasks: readonly Task[]): TemplateResult {
    // Those above a row, as long as their parts stand right below them.
    const above: string[] = [];
    return html`<ul class="tasks">
      ${repeat(
        tasks,
        (task) => task.id,
        (task) => {
          const subject = `tasks/${task.id}`;
          const whole = this.desk.plan.tasks.get(task.parent ?? '')?.title;
          above.length = whole ? above.indexOf(task.parent!) + 1 : 0;
          const depth = above.length;
          above.push(task.id);
          return guard([task, whole, depth, ...this.#seenIn(subject, task.id)], () =>
            this.#task(task, subject, whole, depth),
          );
        },
      )}
    </ul>`;
  }

  #task(task: Task, subject: string, whole: string | undefined, depth: number): TemplateResult {
    const { desk } = this;
    const { rights, seen } = desk;
    const may = rights.structure(task);
    const isComplete = task.status === 'complete';
    const isJoint = task.kind && task.kind !== 'task';
    return html`<li
      class="task ${task.status ?? 'pending'} ${depth ? `part part-${Math.min(depth, 2)}` : ''} ${seen.has(subject) ? 'hot' : ''} ${flash(desk, subject)}"
      id="item-${task.id}"
      data-item=${subject}
      part="task"
    >
      <div class="line">
        ${may ? this.#grip(task.title ?? 'this task') : nothing}
        <input
          type="checkbox"
          .checked=${isComplete}
          ?disabled=${!rights.progress(task)}
          aria-label="Complete: ${task.title ?? task.id}"
          @change=${(event: Event) => this.#check(task, event.target as HTMLInputElement)}
        />
        <span class="what"
          ><plansync-field
            .desk=${desk}
            of=${subject}
            name="title"
            label="Title"
            .value=${task.title}
            blank="Say what is to be done"
            ?may=${may}
          ></plansync-field
          >${
            whole ? html`<span class=${depth ? 'unseen' : 'tag'}>part of <bdi>${whole}</bdi></span>` : nothing
          }${isJoint ? html`<span class="tag">${wordOf(task.kind)}</span>` : nothing}${this.#talk(subject)}
          <span class="marks">
            ${seen.added(subject) ? html`<span class="tag new">new</span>` : nothing}
            ${
              ['in_progress', 'cancelled'].includes(task.status ?? '')
                ? html`<span class="tag">${wordOf(task.status)}</span>`
                : nothing
            }
          </span>
        </span>
        <plansync-owners
          .desk=${desk}
          of=${subject}
          .owners=${task.owners}
          .party=${task.party}
          ?may=${may}
        ></plansync-owners>
        ${this.#due(subject, task)}
        <span class="tools no-print">${this.#more(subject, task.title)}</span>
      </div>
      ${this.#notes(subject, task)}${commitmentLine(desk, task)}${proposalLines(desk, subject)}
    </li>`;
  }

  #grip(title: string): TemplateResult {
    return html`<button
      class="grip no-print"
      aria-label="Move ${title}: arrow keys, or drag"
      title="Drag to move, or use the arrow keys"
    ></button>`;
  }

  #more(subject: string, title: string | undefined): TemplateResult {
    return html`<button
      class="quiet more"
      aria-label="Details of ${title}"
      aria-haspopup="dialog"
      title="Details"
      @click=${() => this.desk.show(subject)}
    >
      …
    </button>`;
  }

  #talk(subject: string): TemplateResult | typeof nothing {
    const open = this.desk.commentsOf(subject).filter((each) => !each.resolvedAt).length;
    if (!open) return nothing;
    return html`<button
      class="quiet tag"
      aria-label=${counted(open, 'open comment')}
      @click=${() => this.desk.show(subject)}
    >
      ${counted(open, 'comment')}
    </button>`;
  }

  #who(mark: Mark): string {
    const { desk } = this;
    const names = mark.actors.map((id) => desk.personName(id)).join(', ');
    return [names, agoWords(mark.time, desk.plan.serverNow(), desk.locale)].filter(Boolean).join(', ');
  }

  #due(subject: string, item: Milestone | Task): TemplateResult {
    const { desk } = this;
    const { status } = item;
    const mark = desk.seen.field(subject, 'due');
    const isOpen = status !== 'complete' && status !== 'cancelled';
    const moves = isOpen ? desk.standing.moves.get(item.id) : undefined;
    const overdue = isOpen ? daysBetween(item.due, desk.today) : 0;
    const days = mark ? daysBetween(String(mark.old ?? ''), item.due) : 0;
    const now = html`<time datetime=${item.due ?? ''}>${desk.day(item.due)}</time>`;
    const shown = mark ? html`<del>${desk.day(String(mark.old ?? ''))}</del> <ins>${now}</ins>` : now;
    return html`<span class="due"
      ><plansync-field
        .desk=${desk}
        of=${subject}
        name="due"
        kind="day"
        label="Due"
        .value=${item.due}
        .shown=${item.due ? shown : undefined}
        blank="no date"
        ?may=${desk.rights.structure(item)}
        asksWhy
      ></plansync-field
      >${days ? html`<span class="small ${days > 0 ? 'late' : 'ok'}">${shiftWords(days)}</span>` : nothing}${
        overdue > 0
          ? html`<span class="late small">⚠ ${overdue} d overdue</span>`
          : moves
            ? html`<span class="late small">⚠ must move to ${desk.day(moves.to)}, ${shiftWords(moves.days)}</span>`
            : nothing
      }</span
    >`;
  }

  #notes(subject: string, item: Milestone | Task): TemplateResult | typeof nothing {
    const isBlocked = item.status === 'blocked' || item.blocked?.reason;
    const { reason, needs } = item.blocked ?? {};
    return html`${
      isBlocked
        ? html`<p class="note blocked">
            ⚠
            Blocked${reason ? html`: <bdi>${reason}</bdi>` : nothing}${
              needs ? html` · needs <bdi>${needs}</bdi>` : nothing
            }
          </p>`
        : nothing
    }${this.#marks(subject)}`;
  }

  /** What is different since the last visit, and who did it: a line for each who did. */
  #marks(subject: string): readonly TemplateResult[] {
    const marks = [...this.desk.seen.fields(subject)].map(([field, mark]) => ({ field, ...mark }));
    const by = grouped(marks, (mark) => mark.actors.join());
    return [...by.values()].map((marks) => {
      const words = [...new Set(marks.map((mark) => this.#wasWords(mark)).filter(Boolean))];
      const reasons = [...new Set(marks.flatMap(({ reason }) => reason ?? []))];
      const latest = marks.reduce((a, b) => (a.time < b.time ? b : a));
      return html`<p class="note">
        ${reasons.map((reason) => html`<q>${reason}</q> · `)}${words.length ? `${words.join(', ')} · ` : nothing}${this.#who(latest)}
      </p>`;
    });
  }

  /** What a field was; of a day nothing, since the old one stands beside the new. */
  #wasWords({ field, old, new: now }: Mark & { readonly field: string }): string {
    const { desk } = this;
    switch (field) {
      case 'due':
        return '';
      case 'status':
        return now === 'complete' ? 'done' : `was ${wordOf(String(old ?? 'pending')).toLowerCase()}`;
      case 'owners':
        return `owner was ${Array.isArray(old) && old.length ? old.map((id) => apart(desk.personName(String(id)))).join(', ') : 'nobody'}`;
      case 'title':
        return `was ${quoted(String(old ?? ''))}`;
      case 'rank':
        return 'in another place';
      default:
        return `${fieldWords(field)} ${now === undefined || now === null ? 'gone' : old === undefined || old === null ? 'added' : 'changed'}`;
    }
  }

  #removed(): TemplateResult | typeof nothing {
    const { desk } = this;
    const { plan, rights } = desk;
    if (!rights.structure()) return nothing;
    const all = (['milestones', 'tasks'] as const).flatMap((name) => {
      const collection = plan[name];
      if (collection.all({ removed: true }).length === collection.size) return [];
      return (collection.all({ removed: true }) as readonly (Milestone | Task)[])
        .filter((each) => each.removed)
        .map((each) => ({ subject: `${name}/${each.id}`, each }));
    });
    if (all.length === 0) return nothing;
    return html`<details class="removed">
      <summary>${all.length} removed</summary>
      <ul>
        ${all.map(
          ({ subject, each }) =>
            html`<li>
              <del>${each.title ?? each.id}</del>
              <button
                aria-label="Restore ${each.title}"
                @click=${() => {
                  const [collection, id] = split(subject);
                  if (desk.edit((tx) => tx[collection].restore(id))) desk.announce(`${each.title} is back`);
                }}
              >
                Restore
              </button>
            </li>`,
        )}
      </ul>
    </details>`;
  }

  // --- Doing -----------------------------------------------------------------------------------------------------

  #adder(placeholder: string): TemplateResult {
    const label = { phase: 'New phase', milestone: 'New milestone', task: 'New task' }[this.adding!.what];
    return html`<form class="adding" @submit=${this.#added} @keydown=${this.#addingKey}>
      <input name="title" aria-label=${label} placeholder=${placeholder} maxlength="300" autocomplete="off" />
      <button class="pri">Add</button>
      <button type="button" class="quiet" @click=${() => (this.adding = undefined)}>Done</button>
    </form>`;
  }

  #add(adding: Adding): void {
    if (adding.what === 'task') this.#fold(adding.under, false);
    if (adding.what === 'milestone') this.#fold(`phases/${adding.under}`, false);
    this.adding = adding;
    void this.updateComplete.then(() => this.querySelector<HTMLInputElement>('.adding input')?.focus());
  }

  #added = (event: Event): void => {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem('title') as HTMLInputElement;
    const title = input.value.trim();
    const { desk, adding } = this;
    if (!adding || !title) return;
    // A task begins with the day of its milestone, so that none is without one.
    const due = adding.what === 'task' ? desk.plan.milestones.get(adding.under)?.due : undefined;
    const isMade = desk.edit((tx) => {
      if (adding.what === 'phase') tx.phases.add({ name: title });
      else if (adding.what === 'milestone')
        tx.milestones.add({ title, status: 'pending', ...(adding.under ? { phase: adding.under } : {}) });
      else
        tx.tasks.add({
          title,
          milestone: adding.under,
          status: 'pending',
          ...(due ? { due } : {}),
          ...(desk.party ? { party: desk.party } : {}),
        });
    });
    if (!isMade) return;
    input.value = '';
    desk.announce(`Added ${title}`);
  };

  #addingKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    const { adding } = this;
    this.adding = undefined;
    const back = adding?.what === 'task' ? `#item-${CSS.escape(adding.under)} .add` : '.outline-foot button';
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(back)?.focus());
  };

  /** A click beside every control opens the details. */
  #click = (event: MouseEvent): void => {
    const target = event.target as Element;
    if (target.closest('button, input, select, textarea, a, label, plansync-owners, summary, .editing, form')) return;
    const line = target.closest('.line');
    const item = line?.closest<HTMLElement>('[data-item]');
    if (item?.dataset['item'] && !String(document.getSelection() ?? '')) this.desk.show(item.dataset['item']);
  };

  #check(task: Task, box: HTMLInputElement): void {
    const status = box.checked ? 'complete' : 'pending';
    if (!this.desk.set(`tasks/${task.id}`, 'status', status)) box.checked = !box.checked;
  }

  #fold(key: string, isFolded: boolean): void {
    this.folds = { ...this.folds, [key]: isFolded };
    try {
      if (this.#foldsOf) localStorage.setItem(this.#foldsOf, JSON.stringify(this.folds));
    } catch {
      // Forbidden or full: then it holds until the page is closed.
    }
  }

  /** What this reader has folded here before. */
  #readFolds(): void {
    const { plan } = this.desk;
    const key = `plansync.folds.${plan.id}.${plan.me?.person ?? ''}`;
    if (this.#foldsOf === key) return;
    this.#foldsOf = key;
    try {
      const kept = JSON.parse(localStorage.getItem(key) ?? '{}') as unknown;
      if (kept && typeof kept === 'object') this.folds = kept as Record<string, boolean>;
    } catch {
      // Nothing that could be read.
    }
  }
}

define('plansync-outline', Outline);
export { outlineLook } from './look.js';
