/**
 * Moves tasks and milestones: by dragging their handle, or with the arrow keys on it.
 *
 * In: pointer and keys on a handle of the outline. Out: one edit for each move. What is always true: both ways reach the
 * same places (within a milestone and into another, within a phase and into another); the new place is announced, and the
 * handle keeps the focus; Escape ends a drag without an edit.
 */

import type { Place } from '../../edit.js';
import { grouped, split, type Desk } from '../desk.js';
import type { Piece } from '../piece.js';
import { quoted } from '../words.js';

/** Less than this is no drag, but a click. */
const DRAG_PX = 5;
/** How near to the edge of the window the page scrolls, and how far at once. */
const EDGE_PX = 56;
const SCROLL_PX = 14;

/** The groups of a kind, each with its rows, as they are shown. */
interface Group {
  readonly id: string;
  readonly name: string;
  readonly rows: readonly string[];
}

/** What moves. */
export class Mover {
  #drag:
    | {
        subject: string;
        grip: HTMLElement;
        y: number;
        isOn: boolean;
        over?: Element | undefined;
        place?: Place | undefined;
      }
    | undefined;

  /** Moves within this part. */
  constructor(private readonly host: Piece) {}

  get #desk(): Desk {
    return this.host.desk;
  }

  // --- Keys ------------------------------------------------------------------------------------------------------

  /** Arrow keys on a handle. */
  readonly key = (event: KeyboardEvent): void => {
    const grip = (event.target as Element).closest<HTMLElement>('.grip');
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const subject = grip?.closest<HTMLElement>('[data-item]')?.dataset['item'];
    if (!subject || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const place = this.#stepped(subject, step);
    if (place) this.#move(subject, place);
    else this.#desk.announce(step < 0 ? 'It is the first' : 'It is the last');
  };

  #stepped(subject: string, step: number): Place | undefined {
    const [collection, id] = split(subject);
    const groups = this.#groups(collection);
    const at = groups.findIndex((group) => group.rows.includes(id));
    const group = groups[at];
    if (!group) return;
    const beside = group.rows[group.rows.indexOf(id) + step];
    if (beside !== undefined) return step < 0 ? { before: beside } : { after: beside };
    const next = groups[at + step];
    if (!next) return;
    return { ...into(collection, next.id), ...(step < 0 ? { last: true } : { first: true }) };
  }

  #groups(collection: string): Group[] {
    const { plan } = this.#desk;
    const phases = plan.phases.all();
    const isPhase = new Set(phases.map((phase) => phase.id));
    const byPhase = grouped(plan.milestones.all(), (each) => (isPhase.has(each.phase ?? '') ? each.phase! : ''));
    const ids = (rows: readonly { id: string }[] | undefined) => (rows ?? []).map((each) => each.id);
    const none = { id: '', name: 'no phase', rows: ids(byPhase.get('')) };
    const ofPhases = [
      ...phases.map((phase) => ({ id: phase.id, name: phase.name ?? '', rows: ids(byPhase.get(phase.id)) })),
      ...(none.rows.length ? [none] : []),
    ];
    if (collection === 'milestones') return ofPhases;
    const byMilestone = grouped(plan.tasks.all(), (each) =>
      plan.milestones.has(each.milestone ?? '') ? each.milestone! : '',
    );
    const loose = { id: '', name: 'no milestone', rows: ids(byMilestone.get('')) };
    return [
      ...ofPhases
        .flatMap((group) => group.rows)
        .map((id) => ({ id, name: plan.milestones.get(id)?.title ?? '', rows: ids(byMilestone.get(id)) })),
      ...(loose.rows.length ? [loose] : []),
    ];
  }

  #move(subject: string, place: Place): void {
    const desk = this.#desk;
    const [collection, id] = split(subject);
    if (!desk.edit((tx) => tx[collection].move(id, place))) return;
    const group = this.#groups(collection).find((each) => each.rows.includes(id));
    desk.announce(
      `${desk.title(subject)} moved to place ${(group?.rows.indexOf(id) ?? 0) + 1} of ${group?.rows.length ?? 1} in ${quoted(group?.name)}`,
    );
    const grip = () => this.host.querySelector<HTMLElement>(`#item-${CSS.escape(id)} > .line > .grip`);
    void this.host.updateComplete.then(() => grip()?.focus());
  }

  // --- Pointer ---------------------------------------------------------------------------------------------------

  /** A handle is taken. */
  readonly press = (event: PointerEvent): void => {
    const grip = (event.target as Element).closest<HTMLElement>('.grip');
    const subject = grip?.closest<HTMLElement>('[data-item]')?.dataset['item'];
    if (!grip || !subject || event.button !== 0) return;
    this.#drag = { subject, grip, y: event.clientY, isOn: false };
    grip.setPointerCapture(event.pointerId);
    grip.addEventListener('pointermove', this.#over);
    grip.addEventListener('pointerup', this.#drop);
    grip.addEventListener('pointercancel', this.#cancel);
    addEventListener('keydown', this.#escape, true);
  };

  readonly #over = (event: PointerEvent): void => {
    const drag = this.#drag;
    if (!drag) return;
    if (!drag.isOn && Math.abs(event.clientY - drag.y) < DRAG_PX) return;
    drag.isOn = true;
    drag.grip.closest('[data-item]')?.classList.add('moving');
    if (event.clientY < EDGE_PX) scrollBy(0, -SCROLL_PX);
    else if (event.clientY > innerHeight - EDGE_PX) scrollBy(0, SCROLL_PX);
    this.#unmark();
    const found = this.#under(event.clientX, event.clientY);
    if (!found) return;
    [drag.over, drag.place] = [found.element, found.place];
    found.element.classList.add(found.sign);
  };

  /** Where it would go at a point of the window. */
  #under(x: number, y: number): { element: Element; place: Place; sign: string } | undefined {
    const { subject } = this.#drag!;
    const [collection, id] = split(subject);
    const hit = (this.host.getRootNode() as ShadowRoot | Document).elementFromPoint(x, y);
    const row = hit?.closest<HTMLElement>(`[data-item^="${collection}/"]`);
    if (row && this.host.contains(row)) {
      const beside = split(row.dataset['item']!)[1];
      if (beside === id) return;
      const { top, height } = row.getBoundingClientRect();
      return y < top + height / 2
        ? { element: row, place: { before: beside }, sign: 'drop-before' }
        : { element: row, place: { after: beside }, sign: 'drop-after' };
    }
    const groupOf = collection === 'tasks' ? '[data-item^="milestones/"]' : '[data-group^="milestone:"]';
    const group = hit?.closest<HTMLElement>(groupOf);
    if (!group || !this.host.contains(group)) return;
    const name = group.dataset['group'] ?? group.dataset['item'] ?? '';
    const isFolded = group.querySelector('.fold[aria-expanded="false"]') !== null;
    const place = {
      ...into(collection, name.slice(name.search(/[:/]/) + 1)),
      ...(isFolded ? { last: true as const } : { first: true as const }),
    };
    return { element: group, place, sign: 'drop-into' };
  }

  readonly #drop = (): void => {
    const { subject, place, isOn } = this.#drag ?? {};
    this.#end();
    if (isOn && subject && place) this.#move(subject, place);
  };

  readonly #cancel = (): void => this.#end();

  readonly #escape = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.#end();
  };

  #unmark(): void {
    this.#drag?.over?.classList.remove('drop-before', 'drop-after', 'drop-into');
    if (this.#drag) this.#drag.over = this.#drag.place = undefined;
  }

  #end(): void {
    const drag = this.#drag;
    if (!drag) return;
    this.#unmark();
    drag.grip.closest('[data-item]')?.classList.remove('moving');
    drag.grip.removeEventListener('pointermove', this.#over);
    drag.grip.removeEventListener('pointerup', this.#drop);
    drag.grip.removeEventListener('pointercancel', this.#cancel);
    removeEventListener('keydown', this.#escape, true);
    this.#drag = undefined;
  }
}

function into(collection: string, group: string): Place {
  return collection === 'tasks' ? { milestone: group || null } : { phase: group || null };
}
