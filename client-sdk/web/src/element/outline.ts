/**
 * The plan itself: phases, their milestones, their tasks; what changed is marked, what may be edited is edited in place.
 *
 * What is always true: a row is drawn again only when something it shows is another value, so that a plan of a thousand
 * tasks stays quick; a milestone whose tasks are folded says how many there are.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { ownerChips } from './chips.js';
import type { Desk } from './desk.js';
import { Piece, define } from './piece.js';
import type { Mark } from './seen.js';
import type { Milestone, Phase, Task } from '../schema.js';
import { agoWords, counted, daysBetween, shiftWords, wordOf } from './words.js';

const STATUSES = ['pending', 'in_progress', 'blocked', 'complete', 'cancelled'] as const;

class Outline extends Piece {
  static look = css`
    .phase {
      margin-top: 1.375rem;
    }
    .phase-head {
      display: flex;
      flex-wrap: wrap;
      gap: 0 0.625rem;
      align-items: baseline;
      margin-bottom: 0.375rem;
      font-size: 0.75rem;
      color: var(--mute);
    }
    .phase-head h3 {
      font-size: 0.75rem;
      font-weight: 650;
      letter-spacing: 0.06em;
      text-transform: uppercase;
    }
    .ms {
      margin-bottom: 0.5rem;
      padding: 0.625rem 1rem;
      content-visibility: auto;
      contain-intrinsic-size: auto 3rem;
    }
    .ms .line {
      display: grid;
      grid-template-columns: 1.5rem 0.875rem minmax(0, 1fr) minmax(0, 19rem) 11.5rem 6rem;
      gap: 0.125rem 0.75rem;
      align-items: center;
    }
    .ms h4 {
      font-size: 1rem;
      font-weight: 580;
      line-height: 1.4;
      min-width: 0;
    }
    .ms.complete h4 {
      color: var(--mute);
      font-weight: 500;
    }
    .ms.cancelled h4,
    .task.cancelled .what {
      color: var(--mute);
      text-decoration: line-through;
    }
    .fold {
      padding: 0;
      min-width: 1.5rem;
      border-color: transparent;
      background: none;
      color: var(--mute);
    }
    .dot {
      width: 0.75rem;
      height: 0.75rem;
      border-radius: 50%;
      border: 2px solid var(--mute);
      forced-color-adjust: none;
    }
    .complete > .line > .dot {
      background: var(--ok);
      border-color: var(--ok);
    }
    .in_progress > .line > .dot {
      border-color: var(--now);
      background: linear-gradient(90deg, var(--now) 50%, transparent 50%);
    }
    .blocked > .line > .dot {
      border-color: var(--late);
      background: var(--late);
      border-radius: 2px;
    }
    .critical:not(.complete, .blocked) > .line > .dot {
      border-color: var(--late);
    }
    .due {
      display: flex;
      flex-wrap: wrap;
      gap: 0 0.375rem;
      align-items: baseline;
      font-size: 0.9333rem;
    }
    .status {
      font-size: 0.8125rem;
      color: var(--mute);
      justify-self: end;
    }
    .status.complete {
      color: var(--ok);
    }
    .status.in_progress {
      color: var(--now);
    }
    .status.blocked {
      color: var(--late);
      font-weight: 600;
    }
    .note {
      margin: 0.25rem 0 0 3.875rem;
      font-size: 0.8667rem;
      color: var(--mute);
    }
    .note.blocked {
      color: var(--late);
    }
    .tasks {
      margin: 0.5rem 0 0.125rem 2.25rem;
      border-top: 1px dashed var(--line);
    }
    .task {
      display: grid;
      grid-template-columns: 1.5rem minmax(0, 1fr) auto minmax(0, auto) 6.5rem;
      gap: 0.125rem 0.75rem;
      align-items: center;
      padding: 0.3125rem 0.5rem;
      border-radius: 0.375rem;
      font-size: 0.9333rem;
    }
    .task.hot {
      background: var(--hot);
    }
    .task .due {
      justify-content: end;
      color: var(--mute);
    }
    .task.complete .what {
      color: var(--mute);
    }
    @media (max-width: 48rem) {
      .ms .line {
        grid-template-columns: 1.5rem 0.875rem minmax(0, 1fr) auto;
      }
      .ms .line > .chips,
      .ms .line > .due {
        grid-column: 3 / -1;
      }
      .ms .line > .status {
        grid-area: 1 / 4;
      }
      .note {
        margin-inline-start: 3.125rem;
      }
      .tasks {
        margin-inline-start: 0;
      }
      .task {
        grid-template-columns: 1.5rem minmax(0, 1fr) auto;
      }
      .task > .chips {
        grid-column: 2;
      }
      .task > .marks {
        grid-column: 2 / -1;
      }
      .task > .due {
        grid-area: 1 / 3;
      }
    }
  `;

  static override properties = { ...Piece.properties, folded: { state: true } };
  /** Milestones whose tasks are hidden. */
  declare folded: ReadonlySet<string>;

  constructor() {
    super();
    this.folded = new Set();
  }

  override render(): TemplateResult {
    const { plan } = this.desk;
    const phases = plan.phases.all();
    const known = new Set(phases.map((phase) => phase.id));
    const milestones = grouped(plan.milestones.all(), (each) => (known.has(each.phase ?? '') ? each.phase : ''));
    const tasks = grouped(plan.tasks.all(), (each) =>
      plan.milestones.has(each.milestone ?? '') ? each.milestone : '',
    );
    if (plan.milestones.size === 0 && plan.tasks.size === 0)
      return html`<p class="empty">
        No milestones yet. A plan begins with the day both sides want, and the steps that lead there.
      </p>`;
    const loose = milestones.get('') ?? [];
    return html`<div part="outline">
      ${repeat(
        phases,
        (phase) => phase.id,
        (phase) => this.#phase(phase, milestones.get(phase.id) ?? [], tasks),
      )}
      ${loose.length ? this.#phase(undefined, loose, tasks) : nothing} ${this.#loose(tasks.get('') ?? [])}
    </div>`;
  }

  #phase(
    phase: Phase | undefined,
    milestones: readonly Milestone[],
    tasks: Map<string | undefined, Task[]>,
  ): TemplateResult | typeof nothing {
    if (milestones.length === 0 && !phase) return nothing;
    const complete = milestones.filter((each) => each.status === 'complete').length;
    return html`<section class="phase" aria-label=${phase?.name ?? 'Without a phase'}>
      <div class="phase-head">
        <h3>${phase?.name ?? 'Without a phase'}</h3>
        <span>${complete} of ${milestones.length}</span>
      </div>
      ${repeat(
        milestones,
        (each) => each.id,
        (each) => this.#milestone(each, tasks.get(each.id) ?? []),
      )}
    </section>`;
  }

  #milestone(item: Milestone, tasks: readonly Task[]): TemplateResult {
    const { desk } = this;
    const { seen, answer, rights } = desk;
    const subject = `milestones/${item.id}`;
    const isHot = seen.has(subject) || tasks.some((task) => seen.has(`tasks/${task.id}`));
    const isCritical = answer?.schedule.critical.includes(item.id) ?? false;
    const isFolded = this.folded.has(item.id);
    const status = item.status ?? 'pending';
    return html`<article
      class="ms card ${status} ${isHot ? 'hot' : ''} ${isCritical ? 'critical' : ''} ${flash(desk, subject)}"
      id="item-${item.id}"
      aria-label=${item.title ?? item.id}
      part="milestone"
    >
      <div class="line">
        ${
          tasks.length
            ? html`<button
                class="fold"
                aria-expanded=${!isFolded}
                aria-label="${isFolded ? 'Show' : 'Hide'} ${counted(tasks.length, 'task')} of ${item.title}"
                @click=${() => this.#fold(item.id)}
              >
                ${isFolded ? '▸' : '▾'}
              </button>`
            : html`<span></span>`
        }
        <span class="dot" aria-hidden="true"></span>
        <h4>
          <plansync-field
            .desk=${desk}
            of=${subject}
            name="title"
            label="Title"
            .value=${item.title}
            blank="Name this milestone"
            ?may=${rights.structure(item)}
          ></plansync-field>
          ${seen.added(subject) ? html`<span class="tag new">new</span>` : nothing}
          ${isFolded ? html`<span class="tag">${counted(tasks.length, 'task')}</span>` : nothing}
        </h4>
        ${ownerChips(desk, item.owners)} ${this.#due(subject, item)} ${this.#status(subject, item)}
      </div>
      ${this.#notes(subject, item)}
      ${
        tasks.length && !isFolded
          ? html`<ul class="tasks">
              ${repeat(
                tasks,
                (task) => task.id,
                (task) => this.#task(task),
              )}
            </ul>`
          : nothing
      }
    </article>`;
  }

  #loose(tasks: readonly Task[]): TemplateResult | typeof nothing {
    if (tasks.length === 0) return nothing;
    return html`<section class="phase" aria-label="Tasks without a milestone">
      <div class="phase-head"><h3>Without a milestone</h3></div>
      <div class="ms card">
        <ul class="tasks">
          ${repeat(
            tasks,
            (task) => task.id,
            (task) => this.#task(task),
          )}
        </ul>
      </div>
    </section>`;
  }

  #task(task: Task): TemplateResult {
    const { desk } = this;
    const { rights, seen } = desk;
    const subject = `tasks/${task.id}`;
    const isComplete = task.status === 'complete';
    return html`<li
      class="task ${task.status ?? 'pending'} ${seen.has(subject) ? 'hot' : ''} ${flash(desk, subject)}"
      id="item-${task.id}"
      part="task"
    >
      <input
        type="checkbox"
        .checked=${isComplete}
        ?disabled=${!rights.progress(task)}
        aria-label="Complete: ${task.title ?? task.id}"
        @change=${(event: Event) => this.#check(task, event.target as HTMLInputElement)}
      />
      <span class="what">
        <plansync-field
          .desk=${desk}
          of=${subject}
          name="title"
          label="Title"
          .value=${task.title}
          blank="Say what is to be done"
          ?may=${rights.structure(task)}
        ></plansync-field>
      </span>
      <span class="marks">
        ${seen.added(subject) ? html`<span class="tag new">new</span>` : this.#marks(subject)}
        ${task.status === 'blocked' ? html`<span class="late small">⚠ blocked</span>` : nothing}
      </span>
      ${ownerChips(desk, task.owners, task.party)} ${this.#due(subject, task)}
    </li>`;
  }

  /** What else of a task is different since the last visit, in a few words. */
  #marks(subject: string): TemplateResult | typeof nothing {
    const { desk } = this;
    const status = desk.seen.field(subject, 'status');
    if (status) {
      const words =
        status.new === 'complete'
          ? 'done since your visit'
          : `was ${wordOf(String(status.old ?? 'pending')).toLowerCase()}`;
      return html`<span class="tag ${status.new === 'complete' ? 'ok' : ''}" title=${this.#who(status)}
        >${words}</span
      >`;
    }
    const owners = desk.seen.field(subject, 'owners');
    if (owners) {
      const old = Array.isArray(owners.old) ? owners.old.map((id) => desk.personName(String(id))).join(', ') : '';
      return html`<span class="tag" title=${this.#who(owners)}>owner was ${old || 'nobody'}</span>`;
    }
    const title = desk.seen.field(subject, 'title');
    if (title) return html`<span class="tag" title=${this.#who(title)}>was “${String(title.old ?? '')}”</span>`;
    return nothing;
  }

  #who(mark: Mark): string {
    const { desk } = this;
    const names = mark.actors.map((id) => desk.personName(id)).join(', ');
    return [names, agoWords(mark.time, desk.plan.serverNow(), desk.locale)].filter(Boolean).join(', ');
  }

  #due(subject: string, item: Milestone | Task): TemplateResult {
    const { desk } = this;
    const mark = desk.seen.field(subject, 'due');
    const moves = desk.answer?.figures.mustMove.items.find((each) => each.id === item.id);
    const overdue = desk.answer?.figures.overdue.items.find((each) => each.id === item.id);
    const days = mark ? daysBetween(String(mark.old ?? ''), item.due) : 0;
    const shown = html`${
      mark
        ? html`<del>${desk.day(String(mark.old ?? ''))}</del>
            <ins><time datetime=${item.due ?? ''}>${desk.day(item.due)}</time></ins>`
        : html`<time datetime=${item.due ?? ''}>${desk.day(item.due)}</time>`
    }`;
    return html`<span class="due">
      <plansync-field
        .desk=${desk}
        of=${subject}
        name="due"
        kind="day"
        label="Due"
        .value=${item.due}
        .shown=${shown}
        blank="no date"
        ?may=${desk.rights.structure(item)}
        asksWhy
      ></plansync-field>
      ${days ? html`<span class="small ${days > 0 ? 'late' : 'ok'}">${shiftWords(days)}</span>` : nothing}
      ${
        overdue
          ? html`<span class="late small">⚠ ${overdue.days} d overdue</span>`
          : moves
            ? html`<span class="late small">⚠ must move to ${desk.day(moves.to)}, ${shiftWords(moves.days)}</span>`
            : nothing
      }
    </span>`;
  }

  #status(subject: string, item: Milestone): TemplateResult {
    const { desk } = this;
    const status = item.status ?? 'pending';
    return html`<span class="status ${status}">
      <plansync-field
        .desk=${desk}
        of=${subject}
        name="status"
        kind="choice"
        label="Status"
        .value=${status}
        .shown=${wordOf(status)}
        .choices=${STATUSES.map((each) => [each, wordOf(each)] as const)}
        ?may=${desk.rights.progress(item)}
      ></plansync-field>
    </span>`;
  }

  #notes(subject: string, item: Milestone): TemplateResult | typeof nothing {
    const { desk } = this;
    const mark = desk.seen.field(subject, 'due') ?? desk.seen.field(subject, 'status');
    const blocked = item.blocked?.reason;
    if (!blocked && !(mark?.reason ?? '')) return nothing;
    return html`${blocked ? html`<p class="note blocked">⚠ Blocked: ${blocked}</p>` : nothing}
    ${mark?.reason ? html`<p class="note"><q>${mark.reason}</q> · ${this.#who(mark)}</p>` : nothing}`;
  }

  #check(task: Task, box: HTMLInputElement): void {
    const status = box.checked ? 'complete' : 'pending';
    if (!this.desk.set(`tasks/${task.id}`, 'status', status)) box.checked = !box.checked;
  }

  #fold(id: string): void {
    const folded = new Set(this.folded);
    if (!folded.delete(id)) folded.add(id);
    this.folded = folded;
  }
}

function grouped<T>(all: readonly T[], key: (each: T) => string | undefined): Map<string | undefined, T[]> {
  const groups = new Map<string | undefined, T[]>();
  for (const each of all) {
    const group = groups.get(key(each));
    if (group) group.push(each);
    else groups.set(key(each), [each]);
  }
  return groups;
}

/** Lights up what somebody else has just changed. */
export function flash(desk: Desk, subject: string): string {
  const at = desk.flashes.get(subject);
  return at !== undefined && Date.now() - at < 1_600 ? 'flash' : '';
}

define('plansync-outline', Outline);
export const outlineLook = Outline.look;
