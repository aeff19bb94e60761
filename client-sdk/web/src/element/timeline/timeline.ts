/**
 * The plan over time: phases, milestones and their tasks as bars, what waits for what, what has to move, and what would
 * move if a bar did.
 *
 * In: the plan, the day it is. Out: one edit when the reader has moved a bar and said why. What is always true: what else
 * moves is worked out here (`schedule.ts`) and shown before anything is written; whatever a pointer can do a keyboard can,
 * and a table says the same in words.
 */

import { html, nothing, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Schedule } from '../../http.js';
import type { Dialog } from '../controls/dialog.js';
import { schedule, shift, type Moved } from '../../schedule.js';
import type { Dependency, PlanJson, Task } from '../../schema.js';
import { Piece, define } from '../piece.js';
import { itemOf, type Item } from '../controls/status.js';
import { styled } from '../styled.js';
import { linesOf } from './lines.js';
import { effectsOf, plusDays, sentenceOf, type Held, type Moving } from './move.js';
import { foldedFirst, rowsOf, type Row } from './rows.js';
import { HEAD_PX, backdrop, heading, inLane, lanesOf, place, scaleOf, type Scale, type Zoom } from './scale.js';
import { tableOf } from './table.js';
import { apart, counted, dayNumber, shiftWords, wordOf } from '../words.js';

/** A pointer that moves less than this has clicked. */
const DRAG_PX_MIN = 4;
class Timeline extends Piece {
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
  #preview: (Moving & { readonly of: PlanJson; readonly held: Held }) | undefined;
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
  get #moving(): Moving | undefined {
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

  /** What is under the hand stays there. */
  #scale(rows: readonly Row[], now: Schedule): Scale {
    const scale = scaleOf(this.desk, rows, now, this.width, this.zoom);
    if (!this.held) this.#frozen = scale;
    return this.#frozen ? { ...this.#frozen, last: Math.max(this.#frozen.last, scale.last) } : scale;
  }

  // --- Drawing ---------------------------------------------------------------------------------------------------

  override render(): TemplateResult {
    this.folded ??= foldedFirst(this.desk);
    const rows = rowsOf(this.desk, this.folded);
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
          ${
            this.desk.rights.lead && !this.desk.beside
              ? html`<button class="quiet" aria-haspopup="dialog" @click=${this.#openBackward}>
                  Dates back from the target
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
              ? tableOf(this.desk, items, this.#schedule, this.#waits)
              : this.#chart(rows)
        }
        ${this.#panel()}
      </section>
      <plansync-backward .desk=${this.desk}></plansync-backward>
      <plansync-calendar .desk=${this.desk}></plansync-calendar>`;
  }

  #openBackward = (): void => this.querySelector<Dialog>('plansync-backward')?.show();

  #chart(rows: readonly Row[]): TemplateResult {
    const now = this.#schedule;
    const scale = this.#scale(rows, now);
    const moving = this.#moving;
    const critical = new Set((moving?.after ?? now).critical);
    const lanes = lanesOf(this.desk);
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
            ${heading(this.desk, scale)} ${lanes.map((lane, at) => lane.map((each) => inLane(each, at, scale)))}
          </div>
          <div class="tl-back" aria-hidden="true">${backdrop(this.desk, scale)}</div>
          ${linesOf(this.desk, rows, scale, critical.size > 0 ? now.drivingPath : [], this.held)}
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
              ? html`<i class="tl-span" ${place(row.from, row.to!, scale)}></i>`
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
    return html`${by ? html`<i class="tl-was" ${place(from, to, scale)}></i>` : nothing}
      ${
        ghost
          ? html`<i class="tl-ghost ${gap === undefined ? '' : 'gap'}" ${place(from + ghost, to + ghost, scale)}
              ><b>${shiftWords(ghost)}</b></i
            >`
          : nothing
      }
      <button
        class=${classMap(classes)}
        id="bar-${item.id}"
        ${place(from + by, to + by, scale)}
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

  // --- What would move -------------------------------------------------------------------------------------------

  #panel(): TemplateResult {
    const { held, desk } = this;
    const item = held && itemOf(this.desk, held.id);
    // The live region is there before it speaks.
    const says = html`<p class="unseen" role="status">${item ? sentenceOf(desk, item, held, this.#moving) : ''}</p>`;
    if (!held || !item?.due) return says;
    const moving = this.#moving;
    const may = desk.rights.structure(item);
    const due = plusDays(item.due, held.days);
    const shown = (days: number) => shiftWords(days).replace(' d', '');
    const step = (days: number, words: string) =>
      html`<button class="icon" aria-label="${shown(days)}, ${words}" @click=${() => this.#by(item, held.days + days)}>
        ${shown(days)}
      </button>`;
    return html`${says}
      <section class="tl-panel" aria-label="Move ${item.title ?? item.id}" @keydown=${this.#panelKey} part="move">
        <div class="row">
          <h3>${item.title ?? item.id}</h3>
          <button class="quiet icon push" aria-label="Close" @click=${() => this.#leave()}>✕</button>
        </div>
        <div class="row">
          ${step(-7, 'a week earlier')} ${step(-1, 'a day earlier')}
          <input
            type="date"
            aria-label="Due"
            .value=${due}
            @change=${(event: Event) => this.#to(item, (event.target as HTMLInputElement).value)}
          />
          ${step(1, 'a day later')} ${step(7, 'a week later')}
          ${
            held.days
              ? html`<span
                  ><del>${desk.day(item.due)}</del> <ins>${desk.day(due)}</ins>
                  <span class=${held.days > 0 ? 'late' : 'ok'}>${shiftWords(held.days)}</span></span
                >`
              : html`<span class="mute small">Drag the bar, or set another day, to see what else moves.</span>`
          }
        </div>
        ${moving ? effectsOf(desk, moving, held, (along) => (this.held = { ...held, along })) : nothing}
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

  /** Who is asked before the date counts. */
  #consent(item: Item): TemplateResult | typeof nothing {
    const asked = this.#along().filter((each) => this.#isAccepted(each));
    const all = this.#isAccepted(item) ? [item, ...asked] : asked;
    const parties = new Set(all.map((each) => apart(this.desk.partyName(this.desk.rights.partyOf(each as Task)))));
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
    return this.#alongMoves().flatMap((each) => itemOf(this.desk, each.id) ?? []);
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
          const each = itemOf(this.desk, id);
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
    const item = this.held && itemOf(this.desk, this.held.id);
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
    const item = itemOf(this.desk, drag.id);
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

define('plansync-timeline', Timeline);
export { timelineLook } from './look.js';
