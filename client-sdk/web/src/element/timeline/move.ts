/**
 * A move on the timeline before it is made: what else must move, and what moves if gaps are kept.
 *
 * In: the bar that is held, and what follows from it as `schedule.ts` has worked it out. Out: sentences and lists, and what the
 * reader wants to move along. What is always true: nothing of it is written.
 */

import { html, nothing, type TemplateResult } from 'lit';
import type { Schedule } from '../../http.js';
import type { Moved, Shift } from '../../schedule.js';
import type { Desk } from '../desk.js';
import { itemOf, type Item } from '../controls/status.js';
import { counted, dayNumber, dayOf, shiftWords } from '../words.js';

/** More moves than this are counted. */
const MOVES_MAX = 5;

/** The bar that the reader is about to move. */
export interface Held {
  readonly id: string;
  readonly days: number;
  /** What moves with it. */
  readonly along: 'nothing' | 'must' | 'gaps';
}

/** What follows from a move. */
export interface Moving {
  readonly shift: Shift;
  readonly after: Schedule;
}

/** So many days later. */
export function plusDays(day: string, days: number): string {
  return dayOf((dayNumber(day) ?? 0) + days);
}

/** What a move does, in a sentence for whoever hears it. */
export function sentenceOf(desk: Desk, item: Item, held: Held, moving: Moving | undefined): string {
  if (!moving) return `${item.title}, due ${desk.day(item.due)}`;
  const { must } = moving.shift;
  return `${item.title}: ${desk.day(plusDays(item.due!, held.days))}, ${counted(Math.abs(held.days), 'day')} ${
    held.days > 0 ? 'later' : 'earlier'
  }. ${must.length ? `${counted(must.length, 'other')} must move.` : 'Nothing else must move.'} ${targetWords(desk, moving.after)}`;
}

function targetWords(desk: Desk, after: Schedule): string {
  const date = desk.plan.meta.target?.date;
  if (!date) return 'There is no target date yet.';
  const slip = after.targetSlip ?? 0;
  return slip > 0
    ? `The target slips by ${counted(slip, 'day')}, to ${desk.day(plusDays(date, slip))}.`
    : `The target ${desk.day(date)} holds.`;
}

/** What else moves, and the choice of what moves along. */
export function effectsOf(
  desk: Desk,
  { shift: { must, keepGap }, after }: Moving,
  held: Held,
  choose: (along: Held['along']) => void,
): TemplateResult {
  const isLate = (after.targetSlip ?? 0) > 0;
  const list = (moves: readonly Moved[], none: string) =>
    moves.length
      ? html`<ul>
          ${moves.slice(0, MOVES_MAX).map(
            (each) =>
              html`<li>
                <span>${itemOf(desk, each.id)?.title ?? each.id}</span>
                <span><del>${desk.day(each.from)}</del> <ins>${desk.day(each.to)}</ins></span>
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
        @change=${() => choose(value)}
      />${words}</label
    >`;
  return html`<p class=${isLate ? 'late' : 'ok'}>${isLate ? '⚠' : '✓'} ${targetWords(desk, after)}</p>
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
