/**
 * The plan over time: phases, milestones and their tasks as bars, what waits for what, what has to move, and what would
 * move if a bar did.
 *
 * In: the plan, the day it is. Out: one edit when the reader has moved a bar and said why. What is always true: what else
 * moves is worked out here (`schedule.ts`) and shown before anything is written; whatever a pointer can do a keyboard can,
 * and a table says the same in words.
 */

import { css, html, nothing, svg, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Schedule } from '../http.js';
import { isClosed, schedule, shift, type Moved, type Shift } from '../schedule.js';
import type { CalendarWindow, Dependency, Milestone, PlanJson, Task } from '../schema.js';
import { ownerChips } from './chips.js';
import { Piece, define } from './piece.js';
import { styled } from './styled.js';
import { counted, dayNumber, dayOf, shiftWords, wordOf } from './words.js';

/** Days a bar is long where the plan does not say when it begins. */
const MILESTONE_DAYS = 7;
const TASK_DAYS = 4;
/** With more rows than this the tasks begin folded. */
const OPEN_ROWS_MAX = 60;
/** A pointer that moves less than this has clicked. */
const DRAG_PX_MIN = 4;
const CALENDAR_LANES_MAX = 3;
/** More moves than this are counted. */
const MOVES_MAX = 5;
/** Heights that the lines between bars are drawn by, as in the look. */
const HEAD_PX = 58;
const PHASE_PX = 28;

type Item = Milestone | Task;
type Zoom = 'fit' | 'weeks' | 'months';

interface Row {
  readonly key: string;
  readonly kind: 'phase' | 'milestone' | 'task';
  readonly title: string;
  readonly item?: Item;
  readonly subject?: string;
  /** Days since 1970; nothing where the plan names no day. */
  readonly from?: number;
  readonly to?: number;
  /** Whether the plan says when it begins. */
  readonly isStated?: boolean;
  readonly tasks?: number;
}

/** The bar that the reader is about to move. */
interface Held {
  readonly id: string;
  readonly days: number;
  /** What moves with it. */
  readonly along: 'nothing' | 'must' | 'gaps';
}

/** How days become places. */
interface Scale {
  readonly first: number;
  readonly last: number;
  readonly px: number;
  readonly label: number;
  readonly row: number;
}

class Timeline extends Piece {
  static look = css`
    plansync-timeline {
      display: block;
    }
    .tl {
      position: relative;
      margin-top: 0.75rem;
    }
    .tl-tools {
      padding: 0.625rem 0.75rem;
      border-bottom: 1px solid var(--line);
    }
    .segments {
      display: inline-flex;
      border: 1px solid var(--line);
      border-radius: 0.5rem;
      overflow: hidden;
    }
    .segments button {
      border: 0;
      border-radius: 0;
      background: none;
      color: var(--mute);
    }
    .segments button[aria-pressed='true'] {
      background: var(--pri);
      color: var(--pri-ink);
    }
    .tl-scroll {
      overflow-x: auto;
      overscroll-behavior-x: contain;
      border-radius: 0 0 0.75rem 0.75rem;
    }
    .tl-chart {
      position: relative;
      width: calc(var(--label) + var(--days));
      min-width: 100%;
      padding-bottom: 0.75rem;
    }
    .tl-scale {
      position: relative;
      margin-inline-start: var(--label);
      border-bottom: 1px solid var(--line);
      font-size: 0.75rem;
      color: var(--mute);
    }
    .tl-scale > * {
      position: absolute;
      white-space: nowrap;
    }
    .tl-month {
      top: 1.375rem;
      padding-inline-start: 0.375rem;
      font-weight: 600;
    }
    .tl-week {
      top: 2.4375rem;
      padding-inline-start: 0.375rem;
      font-variant-numeric: tabular-nums;
    }
    .tl-flag {
      top: 0.1875rem;
      transform: translateX(-50%);
      padding: 0 0.4375rem;
      border-radius: 0.625rem;
      font-size: 0.6875rem;
      font-weight: 650;
      line-height: 1.6;
      color: var(--card);
      background: var(--now);
      z-index: 1;
    }
    .tl-flag.target {
      background: var(--ok);
    }
    .tl-window {
      height: 1.125rem;
      padding: 0 0.375rem;
      border-radius: 0.25rem;
      font-size: 0.6875rem;
      line-height: 1.125rem;
      overflow: hidden;
      text-overflow: ellipsis;
      color: var(--other);
      background: var(--other-bg);
      border-inline-start: 3px solid var(--mute);
    }
    .tl-back,
    .tl-lines {
      position: absolute;
      inset: var(--head) 0 0.75rem var(--label);
      pointer-events: none;
    }
    .tl-lines {
      width: var(--days);
      height: calc(100% - var(--head) - 0.75rem);
      overflow: visible;
    }
    .tl-lines path {
      fill: none;
      stroke: var(--mute);
      stroke-opacity: 0.55;
      stroke-width: 1.25;
    }
    .tl-lines path.soft {
      stroke-dasharray: 3 3;
    }
    .tl-lines path.drives {
      stroke: var(--late);
      stroke-opacity: 0.9;
    }
    .tl-lines marker path {
      fill: var(--mute);
      stroke: none;
    }
    .tl-back > * {
      position: absolute;
      inset-block: 0;
    }
    .tl-line {
      border-inline-start: 1px solid var(--line);
    }
    .tl-band {
      background: var(--shade);
    }
    .tl-band.closed {
      background: repeating-linear-gradient(
        135deg,
        color-mix(in srgb, var(--mute) 28%, transparent) 0 2px,
        transparent 2px 7px
      );
    }
    .tl-band.edge {
      background: none;
      border-inline-start: 2px dotted var(--mute);
    }
    .tl-today,
    .tl-target {
      border-inline-start: 2px solid var(--now);
    }
    .tl-target {
      border-inline-start: 2px dashed var(--ok);
    }
    .tl-row {
      position: relative;
      display: grid;
      grid-template-columns: var(--label) 1fr;
      height: var(--row);
    }
    .tl-row.tl-phase {
      height: 1.75rem;
      color: var(--mute);
    }
    .tl-label {
      position: sticky;
      inset-inline-start: 0;
      z-index: 3;
      display: flex;
      gap: 0.25rem;
      align-items: center;
      min-width: 0;
      padding-inline: 0.5rem;
      background: var(--card);
      border-inline-end: 1px solid var(--line);
      font-size: 0.8667rem;
    }
    .tl-label .name {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .tl-row.tl-phase .name {
      font-size: 0.6875rem;
      font-weight: 650;
      letter-spacing: 0.06em;
      text-transform: uppercase;
    }
    .tl-row.tl-task .name {
      padding-inline-start: 1.75rem;
      color: var(--mute);
      font-size: 0.8125rem;
    }
    .tl-row.tl-milestone .name {
      font-weight: 560;
    }
    .tl-row.held > .tl-label {
      box-shadow: inset 3px 0 var(--now);
    }
    .tl-fold {
      flex: none;
      width: 1.5rem;
      height: 1.5rem;
      padding: 0;
    }
    .tl-label .none {
      flex: none;
      width: 1.5rem;
    }
    .tl-lane {
      position: relative;
    }
    .tl-span {
      position: absolute;
      top: calc(50% - 2px);
      height: 4px;
      border-radius: 2px;
      background: var(--track);
    }
    .tl-bar {
      position: absolute;
      top: calc(50% - 0.8125rem);
      height: 1.625rem;
      min-width: 0.75rem;
      padding: 0;
      border: 0;
      border-radius: 0.375rem;
      background: none;
      cursor: default;
      touch-action: manipulation;
      z-index: 2;
    }
    .tl-bar.may {
      cursor: ew-resize;
    }
    .tl-bar.held {
      touch-action: none;
    }
    .tl-bar > i {
      position: absolute;
      inset: 0.3125rem 0;
      border-radius: 0.25rem;
      background: color-mix(in srgb, var(--mute) 55%, var(--card));
      forced-color-adjust: none;
    }
    .tl-task > .tl-lane > .tl-bar > i {
      inset-block: 0.4375rem;
      opacity: 0.85;
    }
    .tl-bar.open-start > i {
      mask-image: linear-gradient(90deg, rgb(0 0 0 / 0.35), #000 60%);
    }
    .tl-bar.complete > i {
      background: var(--ok);
    }
    .tl-bar.in_progress > i {
      background: var(--now);
    }
    .tl-bar.critical > i {
      background: repeating-linear-gradient(
        135deg,
        var(--late) 0 6px,
        color-mix(in srgb, var(--late) 72%, var(--card)) 6px 9px
      );
    }
    .tl-bar.critical.in_progress > i {
      box-shadow: inset 0 -0.25rem var(--now);
    }
    .tl-bar.blocked > i {
      background: var(--card);
      border: 2px solid var(--late);
    }
    .tl-bar.held > i {
      box-shadow:
        0 0 0 2px var(--card),
        0 0 0 4px var(--now);
    }
    .tl-was,
    .tl-ghost {
      position: absolute;
      top: calc(50% - 0.5rem);
      height: 1rem;
      border-radius: 0.25rem;
      border: 1.5px dashed var(--late);
      pointer-events: none;
    }
    .tl-was {
      border: 1.5px dotted var(--mute);
    }
    .tl-ghost > b {
      position: absolute;
      inset-inline-start: calc(100% + 0.3125rem);
      top: 50%;
      transform: translateY(-50%);
      font-size: 0.6875rem;
      white-space: nowrap;
      color: var(--late);
    }
    .tl-ghost.gap {
      border-color: var(--mute);
    }
    .tl-ghost.gap > b {
      color: var(--mute);
    }
    .tl-legend {
      gap: 0.25rem 1rem;
      padding: 0.5rem 0.75rem;
      border-top: 1px solid var(--line);
      font-size: 0.75rem;
      color: var(--mute);
    }
    .tl-legend > span {
      display: inline-flex;
      gap: 0.375rem;
      align-items: center;
    }
    .tl-legend .tl-bar,
    .tl-legend .tl-ghost {
      position: relative;
      display: inline-block;
      top: 0;
      width: 1.5rem;
    }
    .tl-legend .tl-ghost {
      height: 0.75rem;
    }
    .tl-panel {
      position: sticky;
      bottom: 0.5rem;
      z-index: 6;
      display: grid;
      gap: 0.625rem;
      margin: 0.5rem;
      padding: 0.875rem 1rem;
      border: 1px solid var(--line);
      border-top: 3px solid var(--now);
      border-radius: 0.75rem;
      background: var(--card);
      box-shadow: 0 8px 32px rgb(0 0 0 / 0.18);
      max-height: min(30rem, 60vh);
      overflow: auto;
    }
    @media (max-width: 40rem) {
      .tl-panel {
        margin: 0;
        padding: 0.625rem 0.75rem;
        gap: 0.375rem;
      }
    }
    .tl-panel h3 {
      font-size: 1rem;
    }
    .tl-panel input[type='date'] {
      width: auto;
    }
    .tl-moves {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr));
      gap: 0.75rem 1.5rem;
    }
    .tl-moves li {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto 3.5rem;
      gap: 0.5rem;
      font-size: 0.875rem;
    }
    .tl-moves li > :last-child {
      text-align: end;
    }
    .tl-moves h4 {
      font-size: 0.8125rem;
      font-weight: 600;
    }
    .choices {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 1rem;
      border: 0;
      margin: 0;
      padding: 0;
      font-size: 0.9333rem;
    }
    .choices label {
      display: inline-flex;
      gap: 0.375rem;
      align-items: center;
      min-height: 1.5rem;
    }
    .table-scroll {
      overflow-x: auto;
    }
    table.rows {
      width: 100%;
      border-collapse: collapse;
      font-size: 0.9rem;
    }
    table.rows :is(th, td) {
      padding: 0.4375rem 0.75rem;
      text-align: start;
      vertical-align: top;
      border-bottom: 1px solid var(--line);
    }
    table.rows thead th {
      font-size: 0.75rem;
      font-weight: 600;
      color: var(--mute);
      white-space: nowrap;
    }
    table.rows tbody th {
      font-weight: 560;
      min-width: 11rem;
    }
    table.rows tr.tl-task th {
      font-weight: 400;
      padding-inline-start: 1.75rem;
    }
    @media (max-width: 40rem) {
      .tl-row {
        display: block;
      }
      .tl-label {
        display: inline-flex;
        max-width: calc(100vw - 4rem);
        height: 1.375rem;
        background: none;
        border: 0;
        padding: 0 0.25rem;
        z-index: 1;
      }
      .tl-row.tl-phase .tl-label {
        height: 100%;
        align-items: end;
      }
      .tl-row.tl-task .name {
        padding-inline-start: 0;
      }
      .tl-lane {
        position: absolute;
        inset: 1.125rem 0 0;
      }
      .tl-row.tl-phase .tl-lane {
        display: none;
      }
    }
  `;

  static override properties = {
    ...Piece.properties,
    zoom: { state: true },
    folded: { state: true },
    asTable: { state: true },
    held: { state: true },
    current: { state: true },
    width: { state: true },
  };
  declare zoom: Zoom;
  /** Milestones whose tasks are hidden; nothing before the reader has chosen. */
  declare folded: ReadonlySet<string> | undefined;
  declare asTable: boolean;
  declare held: Held | undefined;
  /** The bar that the tab key leads to. */
  declare current: string | undefined;
  declare width: number;

  #frozen: Scale | undefined;
  #plan: { of: PlanJson; today: string; is: Schedule } | undefined;
  #preview: { of: PlanJson; held: Held; shift: Shift; after: Schedule } | undefined;
  #waiting: { of: readonly Dependency[]; is: ReadonlyMap<string, readonly string[]> } | undefined;
  #drag: { id: string; x: number; by: number; pointer: number; isMoving: boolean } | undefined;
  #isDragged = false;
  #shown: string | undefined;
  readonly #resized = new ResizeObserver(([entry]) => (this.width = Math.round(entry?.contentRect.width ?? 0)));

  constructor() {
    super();
    this.zoom = 'fit';
    this.asTable = false;
    this.width = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    this.#resized.disconnect();
    super.disconnectedCallback();
  }

  // --- What there is to draw -------------------------------------------------------------------------------------

  get #schedule(): Schedule {
    const [of, today] = [this.desk.plan.toJSON(), this.desk.today];
    if (this.#plan?.of !== of || this.#plan.today !== today) this.#plan = { of, today, is: schedule(of, today) };
    return this.#plan.is;
  }

  /** What follows from the move that the reader is about to make. */
  get #moving(): { shift: Shift; after: Schedule } | undefined {
    const { held } = this;
    if (!held || held.days === 0) return;
    const of = this.desk.plan.toJSON();
    const before = this.#preview;
    if (before?.of === of && before.held.id === held.id && before.held.days === held.days) return before;
    const { today } = this.desk;
    const move = (item: Item) =>
      item.id === held.id && item.due ? { ...item, due: plusDays(item.due, held.days) } : item;
    const moved = { ...of, milestones: of.milestones?.map(move), tasks: of.tasks?.map(move) } as PlanJson;
    this.#preview = { of, held, shift: shift(of, today, held.id, held.days), after: schedule(moved, today) };
    return this.#preview;
  }

  /** What each item waits for, in words. */
  get #waits(): ReadonlyMap<string, readonly string[]> {
    const { desk } = this;
    const of = desk.plan.dependencies.all();
    if (this.#waiting?.of === of) return this.#waiting.is;
    const is = new Map<string, string[]>();
    for (const { from, to } of of) {
      const title = desk.title(`milestones/${from}`) ?? desk.title(`tasks/${from}`);
      if (!title || !to) continue;
      const titles = is.get(to);
      if (titles) titles.push(title);
      else is.set(to, [title]);
    }
    this.#waiting = { of, is };
    return is;
  }

  #rows(): Row[] {
    const { plan } = this.desk;
    const isShown = (item: Item) => item.status !== 'cancelled';
    const tasks = new Map<string, Task[]>();
    for (const task of plan.tasks.all().filter(isShown)) {
      const own = tasks.get(task.milestone ?? '');
      if (own) own.push(task);
      else tasks.set(task.milestone ?? '', [task]);
    }
    const milestones = plan.milestones.all().filter(isShown);
    const isMany = milestones.length + plan.tasks.size > OPEN_ROWS_MAX;
    this.folded ??= new Set(isMany ? milestones.map(({ id }) => id) : []);
    const phases = plan.phases.all();
    const known = new Set(phases.map(({ id }) => id));
    const rows: Row[] = [];
    const add = (item: Item, kind: 'milestone' | 'task', count = 0) => {
      const to = dayNumber(item.due);
      const stated =
        dayNumber(item.start) ?? (to !== undefined && item.durationDays ? to - item.durationDays : undefined);
      const from = stated ?? (to === undefined ? undefined : to - (kind === 'task' ? TASK_DAYS : MILESTONE_DAYS) + 1);
      const subject = `${kind}s/${item.id}`;
      const common = { key: subject, kind, subject, item, title: item.title ?? item.id, tasks: count };
      const isStated = stated !== undefined;
      rows.push({
        ...common,
        isStated,
        ...(to !== undefined && from !== undefined ? { from: Math.min(from, to), to } : {}),
      });
    };
    const milestone = (each: Milestone) => {
      const own = tasks.get(each.id) ?? [];
      add(each, 'milestone', own.length);
      if (!this.folded!.has(each.id)) for (const task of own) add(task, 'task');
    };
    for (const phase of [...phases, undefined]) {
      const own = milestones.filter((each) => (known.has(each.phase ?? '') ? each.phase : undefined) === phase?.id);
      if (own.length === 0) continue;
      const days = own.flatMap((each) => dayNumber(each.due) ?? []);
      const span = days.length ? { from: Math.min(...days) - MILESTONE_DAYS + 1, to: Math.max(...days) } : {};
      if (phase || phases.length)
        rows.push({
          key: `phases/${phase?.id ?? ''}`,
          kind: 'phase',
          title: phase?.name ?? 'Without a phase',
          ...span,
        });
      own.forEach(milestone);
    }
    const placed = new Set(milestones.map(({ id }) => id));
    const loose = plan.tasks.all().filter((task) => isShown(task) && !placed.has(task.milestone ?? ''));
    if (loose.length) rows.push({ key: 'phases/~', kind: 'phase', title: 'Without a milestone' });
    for (const task of loose) add(task, 'task');
    return rows;
  }

  #scale(rows: readonly Row[], now: Schedule): Scale {
    const isNarrow = this.width < 560;
    const today = dayNumber(this.desk.today) ?? 0;
    const days = rows.flatMap((row) => (row.from === undefined ? [] : [row.from, row.to!]));
    const finishes = Object.keys(now.slip).flatMap((id) => dayNumber(now.finish[id]) ?? []);
    const target = dayNumber(this.desk.plan.meta.target?.date);
    const all = [today, ...days, ...finishes, ...(target === undefined ? [] : [target])];
    let first = Math.min(...all) - 4;
    let last = Math.max(...all) + 10;
    const label = isNarrow ? 0 : 248;
    const room = Math.max(this.width - label - 2, 240);
    const px = { fit: Math.max(room / (last - first + 1), isNarrow ? 3 : 1.5), weeks: 20, months: 5 }[this.zoom];
    last = Math.max(last, first + Math.ceil(room / px) - 1);
    const scale = { first, last, px, label, row: isNarrow ? 46 : 32 };
    // What is under the hand stays there.
    if (!this.held) this.#frozen = scale;
    return this.#frozen ? { ...this.#frozen, last: Math.max(this.#frozen.last, last) } : scale;
  }

  // --- Drawing ---------------------------------------------------------------------------------------------------

  override render(): TemplateResult {
    const rows = this.#rows();
    const items = rows.filter((row) => row.item);
    return html`<section class="tl card" part="timeline" aria-label="Timeline">
        <div class="tl-tools row no-print">
          <div class="segments" role="group" aria-label="Zoom">
            ${(['fit', 'weeks', 'months'] as const).map(
              (zoom) =>
                html`<button
                  aria-pressed=${this.zoom === zoom}
                  ?disabled=${this.asTable}
                  @click=${() => this.#zoom(zoom)}
                >
                  ${wordOf(zoom)}
                </button>`,
            )}
          </div>
          <button ?disabled=${this.asTable} @click=${() => this.#toToday('smooth')}>Today</button>
          ${
            this.desk.plan.tasks.size
              ? html`<button class="quiet" @click=${this.#foldAll}>
                  ${this.folded!.size ? 'Show all tasks' : 'Hide tasks'}
                </button>`
              : nothing
          }
          <button class="push" aria-pressed=${this.asTable} @click=${() => (this.asTable = !this.asTable)}>
            As table
          </button>
        </div>
        ${
          items.length === 0
            ? html`<p class="empty">Nothing with a date yet.</p>`
            : this.asTable
              ? this.#table(items)
              : this.#chart(rows)
        }
        ${this.#panel()}
      </section>
      <plansync-calendar .desk=${this.desk}></plansync-calendar>`;
  }

  #chart(rows: readonly Row[]): TemplateResult {
    const now = this.#schedule;
    const scale = this.#scale(rows, now);
    const moving = this.#moving;
    const critical = new Set((moving?.after ?? now).critical);
    const lanes = this.#lanes();
    const head = HEAD_PX + (lanes.length ? lanes.length * 20 + 4 : 0);
    const focusable = rows.find((row) => row.subject === this.current) ?? rows.find((row) => row.from !== undefined);
    return html`<div class="tl-scroll" tabindex="-1">
        <div
          class="tl-chart"
          role="group"
          aria-label="Bars. Up and down go from one to the next, plus and minus move one by a day, Enter sets it."
          ${styled({
            '--label': `${scale.label}px`,
            '--days': `${(scale.last - scale.first + 1) * scale.px}px`,
            '--row': `${scale.row}px`,
            '--head': `${head}px`,
          })}
        >
          <div class="tl-scale" aria-hidden="true" ${styled({ height: `${head}px` })}>
            ${this.#days(scale)} ${lanes.map((lane, at) => lane.map((each) => this.#window(each, at, scale)))}
          </div>
          <div class="tl-back" aria-hidden="true">${this.#back(scale)}</div>
          ${this.#lines(rows, scale, critical)}
          <ul>
            ${repeat(
              rows,
              (row) => row.key,
              (row) => {
                const id = row.item?.id ?? '';
                const isHeld = id !== '' && this.held?.id === id;
                const gap =
                  this.held?.along === 'gaps' ? moving?.shift.keepGap.find((each) => each.id === id)?.days : 0;
                return guard(
                  [
                    row.item ?? row.title,
                    row.from,
                    row.to,
                    row.tasks,
                    `${scale.first} ${scale.last} ${scale.px} ${scale.row}`,
                    critical.has(id),
                    (moving?.after ?? now).slip[id],
                    gap,
                    isHeld && this.held!.days,
                    row === focusable,
                    this.folded!.has(id),
                    this.#waits.get(id),
                  ],
                  () => this.#row(row, scale, critical, row === focusable),
                );
              },
            )}
          </ul>
        </div>
      </div>
      <div class="tl-legend row" aria-hidden="true">
        <span
          ><i class="tl-bar complete"><i></i></i>Complete</span
        >
        <span
          ><i class="tl-bar in_progress"><i></i></i>In progress</span
        >
        <span
          ><i class="tl-bar critical"><i></i></i>Drives the target</span
        >
        <span><i class="tl-ghost"></i>Must move</span>
        ${lanes.length ? html`<span>Hatched: nobody works</span>` : nothing}
      </div>`;
  }

  #row(row: Row, scale: Scale, critical: ReadonlySet<string>, isTabStop: boolean): TemplateResult {
    const { item, subject } = row;
    const isHeld = item !== undefined && this.held?.id === item.id;
    const isFolded = item !== undefined && this.folded!.has(item.id);
    return html`<li class="tl-row tl-${row.kind} ${isHeld ? 'held' : ''}">
      <div class="tl-label">
        ${
          row.kind === 'milestone'
            ? row.tasks
              ? html`<button
                  class="quiet tl-fold"
                  aria-expanded=${!isFolded}
                  aria-label="${isFolded ? 'Show' : 'Hide'} ${counted(row.tasks, 'task')} of ${row.title}"
                  @click=${() => this.#fold(item!.id)}
                >
                  ${isFolded ? '▸' : '▾'}
                </button>`
              : html`<span class="none"></span>`
            : nothing
        }
        <span class="name" title=${row.title}>${row.title}</span>
      </div>
      <div class="tl-lane">
        ${
          row.from === undefined
            ? nothing
            : row.kind === 'phase'
              ? html`<i class="tl-span" ${this.#place(row.from, row.to!, scale)}></i>`
              : this.#bar(row, subject!, scale, critical.has(item!.id), isHeld, isTabStop)
        }
      </div>
    </li>`;
  }

  #bar(
    row: Row,
    subject: string,
    scale: Scale,
    isCritical: boolean,
    isHeld: boolean,
    isTabStop: boolean,
  ): TemplateResult {
    const { from, to, item } = row as Required<Row>;
    const status = item.status ?? 'pending';
    const by = isHeld ? this.held!.days : 0;
    const moving = this.#moving;
    const now = moving?.after ?? this.#schedule;
    const slip = now.slip[item.id] ?? 0;
    const gap =
      this.held?.along === 'gaps' ? moving?.shift.keepGap.find((each) => each.id === item.id)?.days : undefined;
    const ghost = gap ?? (isHeld ? 0 : slip);
    const classes = {
      'tl-bar': true,
      [status]: true,
      critical: isCritical && status !== 'complete',
      held: isHeld,
      may: this.#may(item),
      'open-start': !row.isStated,
    };
    return html`${by ? html`<i class="tl-was" ${this.#place(from, to, scale)}></i>` : nothing}
      ${
        ghost
          ? html`<i class="tl-ghost ${gap === undefined ? '' : 'gap'}" ${this.#place(from + ghost, to + ghost, scale)}
              ><b>${shiftWords(ghost)}</b></i
            >`
          : nothing
      }
      <button
        class=${classMap(classes)}
        id="bar-${item.id}"
        ${this.#place(from + by, to + by, scale)}
        tabindex=${isTabStop ? 0 : -1}
        aria-label=${this.#words(row, isCritical, slip)}
        aria-pressed=${isHeld}
        @focus=${() => (this.current = subject)}
        @click=${() => this.#click(item)}
        @keydown=${(event: KeyboardEvent) => this.#key(event, item)}
        @pointerdown=${(event: PointerEvent) => this.#grab(event, item)}
        @pointermove=${(event: PointerEvent) => this.#pull(event, scale)}
        @pointerup=${this.#drop}
        @pointercancel=${this.#drop}
      >
        <i></i>
      </button>`;
  }

  #words(row: Row, isCritical: boolean, slip: number): string {
    const { desk } = this;
    const { item, title } = row as Required<Row>;
    const waits = this.#waits.get(item.id) ?? [];
    return [
      title,
      row.kind === 'task' ? 'task' : 'milestone',
      wordOf(item.status ?? 'pending'),
      `due ${desk.day(item.due)}`,
      slip ? `must move by ${counted(slip, 'day')}` : '',
      isCritical ? 'drives the target' : '',
      waits.length ? `waits for ${waits.slice(0, 3).join(', ')}` : '',
    ]
      .filter(Boolean)
      .join(', ');
  }

  #place(from: number, to: number, { first, px }: Scale): ReturnType<typeof styled> {
    return styled({ left: `${(from - first) * px}px`, width: `${Math.max((to - from + 1) * px, 6)}px` });
  }

  /** Months and weeks, today and the target, as words over the bars. */
  #days(scale: Scale): TemplateResult[] {
    const { first, last, px } = scale;
    const { locale } = this.desk;
    const at = (day: number) => styled({ left: `${(day - first) * px}px` });
    const month = new Intl.DateTimeFormat(locale, { month: px * 30 < 70 ? 'short' : 'long', timeZone: 'UTC' });
    const marks: TemplateResult[] = [];
    let free = -Infinity;
    for (let day = first; day <= last; day += 1) {
      const date = dayOf(day);
      if (day !== first && !date.endsWith('-01')) continue;
      const x = (day - first) * px;
      if (day === first && Number(date.slice(8)) > 20) continue;
      if (x < free) continue;
      free = x + 56;
      const year = date.slice(5, 7) === '01' ? ` ${date.slice(0, 4)}` : '';
      marks.push(html`<span class="tl-month" ${at(day)}>${month.format(day * 86_400_000)}${year}</span>`);
    }
    const step = px * 7 >= 30 ? 7 : px * 14 >= 30 ? 14 : 0;
    if (step)
      for (let day = monday(first); day <= last - 2; day += step)
        if (day >= first) marks.push(html`<span class="tl-week" ${at(day)}>${Number(dayOf(day).slice(8))}</span>`);
    const today = dayNumber(this.desk.today)!;
    const target = dayNumber(this.desk.plan.meta.target?.date);
    marks.push(html`<span class="tl-flag" ${at(today + 0.5)}>Today</span>`);
    if (target !== undefined)
      marks.push(html`<span class="tl-flag target" ${at(target + 1)}>Target ${this.desk.day(dayOf(target))}</span>`);
    return marks;
  }

  #back(scale: Scale): TemplateResult[] {
    const { first, last, px } = scale;
    const at = (day: number) => styled({ left: `${(day - first) * px}px` });
    const lines: TemplateResult[] = [];
    for (let day = monday(first); day <= last; day += 7)
      if (day >= first && px * 7 >= 14) lines.push(html`<i class="tl-line" ${at(day)}></i>`);
    for (const each of this.desk.plan.calendar) {
      const [from, to] = [dayNumber(each.from), dayNumber(each.to ?? each.from)];
      if (from === undefined || to === undefined || to < first || from > last) continue;
      const kind = each.kind === 'fiscal_boundary' ? 'edge' : each.hard && isClosed(each.kind) ? 'closed' : '';
      lines.push(html`<i class="tl-band ${kind}" ${this.#place(Math.max(from, first), to, scale)}></i>`);
    }
    lines.push(html`<i class="tl-today" ${at(dayNumber(this.desk.today)! + 0.5)}></i>`);
    const target = dayNumber(this.desk.plan.meta.target?.date);
    if (target !== undefined) lines.push(html`<i class="tl-target" ${at(target + 1)}></i>`);
    return lines;
  }

  /** Entries of the calendar, in as many lanes as they need. */
  #lanes(): CalendarWindow[][] {
    const lanes: CalendarWindow[][] = [];
    const entries = this.desk.plan.calendar
      .all()
      .filter((each) => each.from !== undefined)
      .sort((a, b) => (a.from! < b.from! ? -1 : 1));
    for (const each of entries) {
      // A title needs room beside a short stretch.
      const isFree = (lane: CalendarWindow[]) =>
        dayNumber(each.from)! > Math.max(dayNumber(lane.at(-1)!.to) ?? 0, dayNumber(lane.at(-1)!.from)! + 20);
      const lane = lanes.find(isFree);
      if (lane) lane.push(each);
      else if (lanes.length < CALENDAR_LANES_MAX) lanes.push([each]);
    }
    return lanes;
  }

  #window(each: CalendarWindow, lane: number, scale: Scale): TemplateResult | typeof nothing {
    const from = dayNumber(each.from)!;
    const to = Math.max(dayNumber(each.to) ?? from, from);
    if (to < scale.first || from > scale.last) return nothing;
    const left = (Math.max(from, scale.first) - scale.first) * scale.px;
    const style = {
      left: `${left}px`,
      'min-width': `${(to - from + 1) * scale.px}px`,
      top: `${HEAD_PX + lane * 20}px`,
      'max-width': '12rem',
    };
    return html`<span class="tl-window" ${styled(style)}>${each.title ?? wordOf(each.kind)}</span>`;
  }

  /** What waits for what, as lines between bars that are shown. */
  #lines(rows: readonly Row[], scale: Scale, critical: ReadonlySet<string>): TemplateResult {
    const places = new Map<string, { y: number; from: number; to: number }>();
    const moved = this.held;
    let top = 0;
    for (const row of rows) {
      const begin = top;
      top += row.kind === 'phase' ? PHASE_PX : scale.row;
      if (!row.item || row.from === undefined) continue;
      const by = moved?.id === row.item.id ? moved.days : 0;
      const x = (day: number) => (day + by - scale.first) * scale.px;
      // On a phone the name stands over the bar.
      const y = begin + (scale.label ? scale.row / 2 : scale.row / 2 + 9);
      places.set(row.item.id, { y, from: x(row.from), to: x(row.to! + 1) });
    }
    const path = this.#schedule.drivingPath;
    const drives = new Set(path.slice(1).map((id, at) => `${path[at]}>${id}`));
    return html`<svg class="tl-lines" aria-hidden="true">
      <defs>
        <marker id="tl-tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto">
          <path d="M0 0 6 3 0 6z" />
        </marker>
      </defs>
      ${this.desk.plan.dependencies.all().map((each) => {
        const [a, b] = [places.get(each.from ?? ''), places.get(each.to ?? '')];
        if (!a || !b) return nothing;
        const type = each.type ?? 'FS';
        const x1 = type.startsWith('F') ? a.to : a.from;
        const x2 = type.endsWith('S') ? b.from : b.to;
        const [out, into] = [type.startsWith('F') ? 6 : -6, type.endsWith('S') ? -6 : 6];
        const isDirect = (x2 + into - (x1 + out)) * Math.sign(out) >= 0 && out * into < 0;
        const between = a.y + (b.y > a.y ? 1 : -1) * (scale.row / 2);
        const way = isDirect
          ? `M${x1} ${a.y}h${out}V${b.y}H${x2}`
          : `M${x1} ${a.y}h${out}V${between}H${x2 + into}V${b.y}H${x2}`;
        const isDriving = drives.has(each.id) && critical.size > 0;
        const kind = `${each.strength === 'soft' ? 'soft' : ''} ${isDriving ? 'drives' : ''}`;
        return svg`<path class=${kind} d=${way} marker-end="url(#tl-tip)" />`;
      })}
    </svg>`;
  }

  #table(rows: readonly Row[]): TemplateResult {
    const { desk } = this;
    const now = this.#schedule;
    const critical = new Set(now.critical);
    const waits = this.#waits;
    return html`<div class="table-scroll">
      <table class="rows">
        <caption class="unseen">
          The timeline as a table
        </caption>
        <thead>
          <tr>
            <th scope="col">Item</th>
            <th scope="col">Owners</th>
            <th scope="col">Starts</th>
            <th scope="col">Due</th>
            <th scope="col">Must move</th>
            <th scope="col">Room before the target moves</th>
            <th scope="col">Waits for</th>
          </tr>
        </thead>
        <tbody>
          ${repeat(
            rows,
            (row) => row.key,
            (row) => {
              const item = row.item!;
              const slip = now.slip[item.id];
              const slack = now.slack[item.id];
              return html`<tr class="tl-${row.kind}">
                <th scope="row">${row.title}</th>
                <td>${ownerChips(desk, item.owners, (item as Task).party)}</td>
                <td>${item.start ? html`<time datetime=${item.start}>${desk.day(item.start)}</time>` : '–'}</td>
                <td>
                  <plansync-field
                    .desk=${desk}
                    of=${row.subject!}
                    name="due"
                    kind="day"
                    label="Due"
                    .value=${item.due}
                    .shown=${desk.day(item.due)}
                    blank="no date"
                    ?may=${desk.rights.structure(item)}
                    asksWhy
                  ></plansync-field>
                </td>
                <td>
                  ${
                    slip
                      ? html`<span class="late">${desk.day(now.finish[item.id])}, ${shiftWords(slip)}</span>`
                      : item.status === 'complete'
                        ? 'complete'
                        : 'no'
                  }
                </td>
                <td>
                  ${slack === undefined ? '–' : `${slack} d`}${
                    critical.has(item.id) ? html` <span class="late small">drives the target</span>` : nothing
                  }
                </td>
                <td>${(waits.get(item.id) ?? []).join(', ') || '–'}</td>
              </tr>`;
            },
          )}
        </tbody>
      </table>
    </div>`;
  }

  // --- What would move -------------------------------------------------------------------------------------------

  #panel(): TemplateResult {
    const { held, desk } = this;
    const item = held && this.#item(held.id);
    // The live region is there before it speaks.
    const says = html`<p class="unseen" role="status">${item ? this.#sentence(item, held) : ''}</p>`;
    if (!held || !item?.due) return says;
    const moving = this.#moving;
    const may = desk.rights.structure(item);
    const due = plusDays(item.due, held.days);
    const step = (days: number, words: string) =>
      html`<button class="icon" aria-label=${words} @click=${() => this.#by(item, held.days + days)}>
        ${shiftWords(days).replace(' d', '')}
      </button>`;
    return html`${says}
      <section class="tl-panel" aria-label="Move ${item.title ?? item.id}" @keydown=${this.#panelKey} part="move">
        <div class="row">
          <h3>${item.title ?? item.id}</h3>
          <button class="quiet icon push" aria-label="Close" @click=${() => this.#leave()}>✕</button>
        </div>
        <div class="row">
          ${step(-7, 'A week earlier')} ${step(-1, 'A day earlier')}
          <input
            type="date"
            aria-label="Due"
            .value=${due}
            @change=${(event: Event) => this.#to(item, (event.target as HTMLInputElement).value)}
          />
          ${step(1, 'A day later')} ${step(7, 'A week later')}
          ${
            held.days
              ? html`<span
                  ><del>${desk.day(item.due)}</del> <ins>${desk.day(due)}</ins>
                  <span class=${held.days > 0 ? 'late' : 'ok'}>${shiftWords(held.days)}</span></span
                >`
              : html`<span class="mute small">Drag the bar, or set another day, to see what else moves.</span>`
          }
        </div>
        ${moving ? this.#effects(moving, held) : nothing}
        ${
          !held.days
            ? nothing
            : may
              ? html`${this.#consent(item)}
                  <div class="row">
                    <label class="field grow"
                      >Why does it move by ${shiftWords(held.days)}?
                      <input class="reason" maxlength="2000" placeholder="The others will see this" />
                    </label>
                    <button class="pri" @click=${() => this.#write(item)}>Move it</button>
                    <button class="quiet" @click=${() => this.#leave()}>Leave it</button>
                  </div>`
              : html`<p class="mute small">This is a preview: owners and editors can move it.</p>`
        }
      </section>`;
  }

  #sentence(item: Item, held: Held): string {
    const { desk } = this;
    const moving = this.#moving;
    if (!moving) return `${item.title}, due ${desk.day(item.due)}`;
    const { must } = moving.shift;
    return `${item.title}: ${desk.day(plusDays(item.due!, held.days))}, ${counted(Math.abs(held.days), 'day')} ${
      held.days > 0 ? 'later' : 'earlier'
    }. ${must.length ? `${counted(must.length, 'other')} must move.` : 'Nothing else must move.'} ${this.#target(moving.after)}`;
  }

  #target(after: Schedule): string {
    const date = this.desk.plan.meta.target?.date;
    if (!date) return 'There is no target date yet.';
    const slip = after.targetSlip ?? 0;
    return slip > 0
      ? `The target slips by ${counted(slip, 'day')}, to ${this.desk.day(plusDays(date, slip))}.`
      : `The target ${this.desk.day(date)} holds.`;
  }

  #effects({ shift: { must, keepGap }, after }: { shift: Shift; after: Schedule }, held: Held): TemplateResult {
    const isLate = (after.targetSlip ?? 0) > 0;
    const list = (moves: readonly Moved[], none: string) =>
      moves.length
        ? html`<ul>
            ${moves.slice(0, MOVES_MAX).map(
              (each) =>
                html`<li>
                  <span>${this.#item(each.id)?.title ?? each.id}</span>
                  <span><del>${this.desk.day(each.from)}</del> <ins>${this.desk.day(each.to)}</ins></span>
                  <span class=${each.days > 0 ? 'late' : 'ok'}>${shiftWords(each.days)}</span>
                </li>`,
            )}
            ${moves.length > MOVES_MAX ? html`<li class="mute">and ${moves.length - MOVES_MAX} more</li>` : nothing}
          </ul>`
        : html`<p class="mute small">${none}</p>`;
    const along = (value: Held['along'], words: string) =>
      html`<label
        ><input
          type="radio"
          name="along"
          .checked=${held.along === value}
          @change=${() => (this.held = { ...held, along: value })}
        />${words}</label
      >`;
    return html`<p class=${isLate ? 'late' : 'ok'}>${isLate ? '⚠' : '✓'} ${this.#target(after)}</p>
      <div class="tl-moves">
        <div>
          <h4>Must move (${must.length})</h4>
          ${list(must, 'Nothing else has to.')}
        </div>
        <div>
          <h4>Moves if today’s gaps are kept (${keepGap.length})</h4>
          ${list(keepGap, 'Nothing waits for it.')}
        </div>
      </div>
      ${
        keepGap.length || must.length
          ? html`<fieldset class="choices">
              <legend class="unseen">What moves with it</legend>
              ${along('nothing', 'Move only this')}
              ${must.length ? along('must', `and what must move (${must.length})`) : nothing}
              ${keepGap.length ? along('gaps', `and keep the gaps (${keepGap.length})`) : nothing}
            </fieldset>`
          : nothing
      }`;
  }

  /** Who is asked before the date counts. */
  #consent(item: Item): TemplateResult | typeof nothing {
    const asked = this.#along().filter((each) => this.#isAccepted(each));
    const all = this.#isAccepted(item) ? [item, ...asked] : asked;
    const parties = new Set(all.map((each) => this.desk.partyName(this.desk.rights.partyOf(each as Task))));
    if (parties.size === 0) return nothing;
    return html`<p class="small">
      ${[...parties].join(' and ')} ${parties.size > 1 ? 'have' : 'has'} accepted this date and will be asked to agree
      first.
    </p>`;
  }

  #isAccepted(item: Item): boolean {
    return (item as Task).commitment?.state === 'accepted' && this.desk.rights.asksOthers(item as Task);
  }

  /** What moves with the bar, as the reader has chosen. */
  #along(): Item[] {
    return this.#alongMoves().flatMap((each) => this.#item(each.id) ?? []);
  }

  #alongMoves(): readonly Moved[] {
    const moves = this.#moving?.shift;
    const along = this.held?.along;
    return along === 'must' ? (moves?.must ?? []) : along === 'gaps' ? (moves?.keepGap ?? []) : [];
  }

  #write(item: Item): void {
    const { held, desk } = this;
    if (!held || held.days === 0 || !item.due) return;
    const reason = this.querySelector<HTMLInputElement>('.tl-panel .reason')?.value.trim();
    const moves = [{ id: item.id, days: held.days }, ...this.#alongMoves()];
    const isWritten = desk.edit(
      (tx) => {
        for (const { id, days } of moves) {
          const each = this.#item(id);
          if (!each?.due) continue;
          const fields = {
            due: plusDays(each.due, days),
            ...(each.start ? { start: plusDays(each.start, days) } : {}),
          };
          if (desk.plan.milestones.has(id)) tx.milestones.set(id, fields);
          else tx.tasks.set(id, fields);
        }
      },
      reason ? { reason } : undefined,
    );
    if (isWritten) this.#leave();
  }

  /** What has been chosen is not left under the panel about it. */
  protected override updated(): void {
    const panel = this.querySelector('.tl-panel');
    const id = this.held?.id;
    if (!panel || !id || this.#drag || this.#shown === id) {
      if (!id) this.#shown = undefined;
      return;
    }
    this.#shown = id;
    const bar = this.querySelector(`#bar-${CSS.escape(id)}`);
    const under = (bar?.getBoundingClientRect().bottom ?? 0) + 12 - panel.getBoundingClientRect().top;
    if (under > 0) globalThis.scrollBy({ top: under, behavior: 'instant' });
  }

  // --- Hands -----------------------------------------------------------------------------------------------------

  #item(id: string): Item | undefined {
    return this.desk.plan.milestones.get(id) ?? this.desk.plan.tasks.get(id);
  }

  #may(item: Item): boolean {
    return item.status !== 'complete' && item.due !== undefined;
  }

  #by(item: Item, days: number): void {
    if (!this.#may(item)) return;
    const { held } = this;
    this.held = { id: item.id, days, along: held?.id === item.id ? held.along : 'nothing' };
  }

  #to(item: Item, day: string): void {
    const [from, to] = [dayNumber(item.due), dayNumber(day)];
    if (from !== undefined && to !== undefined) this.#by(item, to - from);
  }

  #leave(): void {
    const id = this.held?.id;
    this.held = undefined;
    if (id) void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#bar-${CSS.escape(id)}`)?.focus());
  }

  #ask(): void {
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.tl-panel .reason')?.focus());
  }

  #click(item: Item): void {
    if (this.#isDragged) {
      this.#isDragged = false;
      return;
    }
    if (this.held?.id === item.id && this.held.days) this.#ask();
    else if (this.held?.id === item.id) this.#leave();
    else this.#by(item, 0);
  }

  #key(event: KeyboardEvent, item: Item): void {
    const steps: Record<string, number> = { '+': 1, '=': 1, '-': -1, '−': -1, _: -1 };
    const arrows: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };
    const step = (event.altKey ? arrows[event.key] : undefined) ?? steps[event.key];
    const days = this.held?.id === item.id ? this.held.days : 0;
    if (step !== undefined) this.#by(item, days + step * (event.altKey && event.shiftKey ? 7 : 1));
    else if (event.key === 'Escape' && this.held) this.#leave();
    else if (['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key)) this.#go(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #panelKey = (event: KeyboardEvent): void => {
    const item = this.held && this.#item(this.held.id);
    if (event.key === 'Escape') this.#leave();
    else if (event.key === 'Enter' && item && (event.target as Element).matches('.reason') && !event.isComposing)
      this.#write(item);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #go(key: string): void {
    const bars = [...this.querySelectorAll<HTMLElement>('.tl-lane > .tl-bar')];
    const at = bars.indexOf(this.querySelector<HTMLElement>('.tl-bar:focus') ?? bars[0]!);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: bars.length - 1 }[key] ?? at;
    bars[Math.min(Math.max(next, 0), bars.length - 1)]?.focus();
  }

  #grab(event: PointerEvent, item: Item): void {
    this.#isDragged = false;
    // A finger scrolls until the bar has been chosen.
    const isChosen = event.pointerType !== 'touch' || this.held?.id === item.id;
    if (event.button !== 0 || !isChosen || !this.#may(item)) return;
    const by = this.held?.id === item.id ? this.held.days : 0;
    this.#drag = { id: item.id, x: event.clientX, by, pointer: event.pointerId, isMoving: false };
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
  }

  #pull(event: PointerEvent, { px }: Scale): void {
    const drag = this.#drag;
    if (!drag || drag.pointer !== event.pointerId) return;
    const moved = event.clientX - drag.x;
    drag.isMoving ||= Math.abs(moved) >= DRAG_PX_MIN;
    const item = this.#item(drag.id);
    const days = drag.by + Math.round(moved / px);
    if (drag.isMoving && item && (this.held?.id !== drag.id || this.held.days !== days)) this.#by(item, days);
  }

  #drop = (event: PointerEvent): void => {
    const drag = this.#drag;
    this.#drag = undefined;
    if (!drag?.isMoving) return;
    this.#isDragged = true;
    if (event.type === 'pointercancel') this.#leave();
    else if (this.held?.days) this.#ask();
  };

  #zoom(zoom: Zoom): void {
    this.zoom = zoom;
    this.held = undefined;
    if (zoom !== 'fit') void this.updateComplete.then(() => this.#toToday('instant'));
  }

  #toToday(behavior: ScrollBehavior): void {
    const scroll = this.querySelector('.tl-scroll');
    const { px, first } = this.#frozen ?? { px: 0, first: 0 };
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const left = (dayNumber(this.desk.today)! - first) * px - 120;
    scroll?.scrollTo({ left, behavior: isStill ? 'instant' : behavior });
  }

  #fold(id: string): void {
    const folded = new Set(this.folded);
    if (!folded.delete(id)) folded.add(id);
    this.folded = folded;
  }

  #foldAll = (): void => {
    this.folded = new Set(this.folded!.size ? [] : this.desk.plan.milestones.all().map(({ id }) => id));
  };
}

function plusDays(day: string, days: number): string {
  return dayOf((dayNumber(day) ?? 0) + days);
}

/** The Monday of a day's week. */
function monday(day: number): number {
  return day - ((((day + 3) % 7) + 7) % 7);
}

define('plansync-timeline', Timeline);
export const timelineLook = Timeline.look;
