/**
 * The timeline as a table: the same rows in words, for whoever does not see bars.
 *
 * In: rows, how they stand, what each waits for. Out: a table in which days are edited as anywhere.
 */

import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Schedule } from '../../http.js';
import type { Task } from '../../schema.js';
import { ownerChips } from '../controls/chips.js';
import type { Desk } from '../desk.js';
import type { Row } from './rows.js';
import { shiftWords } from '../words.js';

/** The table. */
export function tableOf(
  desk: Desk,
  rows: readonly Row[],
  now: Schedule,
  waits: ReadonlyMap<string, readonly string[]>,
): TemplateResult {
  const critical = new Set(now.critical);
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
