/** An item, a milestone or a task; how it stands, to read and to change in place; that somebody else has just changed it. */

import { html, nothing, type TemplateResult } from 'lit';
import type { Milestone, Task } from '../../schema.js';
import type { Desk } from '../desk.js';
import { wordOf } from '../words.js';

/** A milestone or a task. */
export type Item = Milestone | Task;

/** A milestone or a task by its id. */
export function itemOf({ plan }: Desk, id: string): Item | undefined {
  return plan.milestones.get(id) ?? plan.tasks.get(id);
}

/** The words for how an item stands. */
export const STATUSES = ['pending', 'in_progress', 'blocked', 'complete', 'cancelled'] as const;

/** The status of an item, to choose where the reader may. */
export function statusField(desk: Desk, subject: string, item: Milestone | Task): TemplateResult {
  const status = item.status ?? 'pending';
  const party = desk.rights.asksOthers(item) ? desk.partyName(desk.rights.partyOf(item)) || 'The others' : undefined;
  return html`<plansync-field
    .desk=${desk}
    of=${subject}
    name="status"
    kind="choice"
    label="Status"
    .value=${status}
    .shown=${wordOf(status)}
    .choices=${STATUSES.map((each) => [each, wordOf(each)] as const)}
    note=${party ? `${party} will be asked to agree.` : nothing}
    ?may=${desk.rights.progress(item)}
  ></plansync-field>`;
}

/** Lights up what somebody else has just changed. */
export function flash(desk: Desk, subject: string): string {
  return desk.flashes.has(subject) ? 'flash' : '';
}
