/**
 * The rows of the timeline: phases, their milestones, their tasks, each with its first and its last day.
 *
 * In: the plan, and whose tasks are hidden. Out: rows in the order of the plan. What is always true: what is cancelled has no
 * row, and everything else has one, under a phase of its own where the plan names none.
 */

import type { Milestone, Task } from '../../schema.js';
import type { Desk } from '../desk.js';
import type { Item } from '../controls/status.js';
import { dayNumber } from '../words.js';

/** Days a bar is long where the plan does not say when it begins. */
const MILESTONE_DAYS = 7;
const TASK_DAYS = 4;
/** With more rows than this the tasks begin folded. */
const OPEN_ROWS_MAX = 60;

export /** A row. */
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

/** Whose tasks are hidden before the reader has chosen: everybody's in a long plan. */
export function foldedFirst({ plan }: Desk): ReadonlySet<string> {
  const milestones = plan.milestones.all().filter(isShown);
  return new Set(milestones.length + plan.tasks.size > OPEN_ROWS_MAX ? milestones.map(({ id }) => id) : []);
}

/** The rows, without those that are hidden. */
export function rowsOf({ plan }: Desk, folded: ReadonlySet<string>): Row[] {
  const tasks = new Map<string, Task[]>();
  for (const task of plan.tasks.all().filter(isShown)) {
    const own = tasks.get(task.milestone ?? '');
    if (own) own.push(task);
    else tasks.set(task.milestone ?? '', [task]);
  }
  const milestones = plan.milestones.all().filter(isShown);
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
    if (!folded.has(each.id)) for (const task of own) add(task, 'task');
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

function isShown(item: Item): boolean {
  return item.status !== 'cancelled';
}
