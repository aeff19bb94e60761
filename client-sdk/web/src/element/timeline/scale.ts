/**
 * The scale of the timeline: how days become places, and what is drawn by days alone.
 *
 * In: rows, how they stand, how much room there is. Out: a scale; months, weeks, today, the target and the calendar upon it.
 * What is always true: every day of every row is on the scale.
 */

import { html, nothing, type TemplateResult } from 'lit';
import type { Schedule } from '../../http.js';
import { isClosed } from '../../schedule.js';
import type { CalendarWindow } from '../../schema.js';
import type { Desk } from '../desk.js';
import { styled } from '../styled.js';
import type { Row } from './rows.js';
import { dayNumber, dayOf, wordOf } from '../words.js';

const CALENDAR_LANES_MAX = 3;
/** Heights that the lines between bars are drawn by, as in the look. */
export const HEAD_PX = 58;
export const PHASE_PX = 28;

/** All of it, or so many pixels a day. */
export type Zoom = 'fit' | 'weeks' | 'months';

/** How days become places. */
export interface Scale {
  readonly first: number;
  readonly last: number;
  readonly px: number;
  readonly label: number;
  readonly row: number;
}

/** The scale that shows these rows. */
export function scaleOf(desk: Desk, rows: readonly Row[], now: Schedule, width: number, zoom: Zoom): Scale {
  const isNarrow = width < 560;
  const today = dayNumber(desk.today) ?? 0;
  const days = rows.flatMap((row) => (row.from === undefined ? [] : [row.from, row.to!]));
  const finishes = Object.keys(now.slip).flatMap((id) => dayNumber(now.finish[id]) ?? []);
  const target = dayNumber(desk.plan.meta.target?.date);
  const all = [today, ...days, ...finishes, ...(target === undefined ? [] : [target])];
  let first = Math.min(...all) - 4;
  let last = Math.max(...all) + 10;
  const label = isNarrow ? 0 : 248;
  const room = Math.max(width - label - 2, 240);
  const px = { fit: Math.max(room / (last - first + 1), isNarrow ? 3 : 1.5), weeks: 20, months: 5 }[zoom];
  last = Math.max(last, first + Math.ceil(room / px) - 1);
  return { first, last, px, label, row: isNarrow ? 46 : 32 };
}

/** Where a stretch of days stands. */
export function place(from: number, to: number, { first, px }: Scale): ReturnType<typeof styled> {
  return styled({ left: `${(from - first) * px}px`, width: `${Math.max((to - from + 1) * px, 6)}px` });
}

/** Months and weeks, today and the target, as words over the bars. */
export function heading(desk: Desk, scale: Scale): TemplateResult[] {
  const { first, last, px } = scale;
  const { locale } = desk;
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
  const today = dayNumber(desk.today)!;
  const target = dayNumber(desk.plan.meta.target?.date);
  marks.push(html`<span class="tl-flag" ${at(today + 0.5)}>Today</span>`);
  if (target !== undefined)
    marks.push(html`<span class="tl-flag target" ${at(target + 1)}>Target ${desk.day(dayOf(target))}</span>`);
  return marks;
}

/** What stands behind the bars: weeks, stretches of the calendar, today and the target. */
export function backdrop(desk: Desk, scale: Scale): TemplateResult[] {
  const { first, last, px } = scale;
  const at = (day: number) => styled({ left: `${(day - first) * px}px` });
  const lines: TemplateResult[] = [];
  for (let day = monday(first); day <= last; day += 7)
    if (day >= first && px * 7 >= 14) lines.push(html`<i class="tl-line" ${at(day)}></i>`);
  for (const each of desk.plan.calendar) {
    const [from, to] = [dayNumber(each.from), dayNumber(each.to ?? each.from)];
    if (from === undefined || to === undefined || to < first || from > last) continue;
    const kind = each.kind === 'fiscal_boundary' ? 'edge' : each.hard && isClosed(each.kind) ? 'closed' : '';
    lines.push(html`<i class="tl-band ${kind}" ${place(Math.max(from, first), to, scale)}></i>`);
  }
  lines.push(html`<i class="tl-today" ${at(dayNumber(desk.today)! + 0.5)}></i>`);
  const target = dayNumber(desk.plan.meta.target?.date);
  if (target !== undefined) lines.push(html`<i class="tl-target" ${at(target + 1)}></i>`);
  return lines;
}

/** Entries of the calendar, in as many lanes as they need. */
export function lanesOf(desk: Desk): CalendarWindow[][] {
  const lanes: CalendarWindow[][] = [];
  const entries = desk.plan.calendar
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

/** An entry of the calendar in its lane. */
export function inLane(each: CalendarWindow, lane: number, scale: Scale): TemplateResult | typeof nothing {
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

/** The Monday of a day's week. */
function monday(day: number): number {
  return day - ((((day + 3) % 7) + 7) % 7);
}
