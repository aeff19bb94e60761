/**
 * Dates back from the target: what each item should be due on for the target to hold, to be taken or left.
 *
 * In: the server's proposal. Out: one edit with the days that were chosen. What is always true: nothing is dated without
 * somebody's saying so; a day that has passed is not proposed as one to keep.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { until } from 'lit/directives/until.js';
import type { Proposed } from '../../http.js';
import { Dialog, saying } from '../controls/dialog.js';
import { itemOf } from '../controls/status.js';
import { define } from '../piece.js';
import { counted, daysBetween, shiftWords } from '../words.js';

class Backward extends Dialog {
  static look = css`
    .back-days {
      border-collapse: collapse;
      width: 100%;
    }
    .back-days :is(td, th) {
      padding: 0.375rem 0.75rem 0.375rem 0;
      text-align: start;
      font-weight: 400;
      vertical-align: top;
    }
    .back-days tr + tr {
      border-top: 1px solid var(--line);
    }
  `;

  #proposed: readonly Proposed[] = [];
  #asked: Promise<TemplateResult> | undefined;

  override show(): void {
    this.#asked = this.#ask();
    super.show();
  }

  override render(): TemplateResult | typeof nothing {
    return this.sheet('Dates back from the target', html`${until(this.#asked, html`<p class="mute">Asking…</p>`)}`);
  }

  async #ask(): Promise<TemplateResult> {
    const { desk } = this;
    try {
      // What was just written is part of it.
      await desk.plan.flush({ timeoutMs: 3_000 }).catch(() => {});
      const { target, proposed } = await desk.plan.http.backward();
      this.#proposed = proposed.filter(({ id }) => {
        const item = itemOf(desk, id);
        return item !== undefined && desk.rights.structure(item);
      });
      if (!target) return html`<p>There is no target date yet: set it at the head of the plan.</p>`;
      if (this.#proposed.length === 0)
        return html`<p>Nothing to change: every item that the target waits for is due as late as it may be.</p>`;
      return this.#list(target);
    } catch (error) {
      return html`<p class="wrong" role="alert">${saying(error)}</p>`;
    }
  }

  #list(target: string): TemplateResult {
    const { desk } = this;
    return html`<p>
        For ${desk.day(target)} to hold, each of these has to be done by the day on the right: back over gaps, blackouts
        and days that nobody works on. What has no day, or one too late, is ticked; the others have room, and keep their
        day unless you tick them.
      </p>
      <form @submit=${this.#take}>
        <table class="back-days">
          <thead>
            <tr>
              <th><span class="unseen">Take</span></th>
              <th class="mute">Milestone or task</th>
              <th class="mute">Due</th>
              <th class="mute">At the latest</th>
            </tr>
          </thead>
          <tbody>
            ${this.#proposed.map((each) => this.#line(each))}
          </tbody>
        </table>
        <p class="row"><button class="pri">Take these days</button></p>
      </form>`;
  }

  #line({ id, from, to }: Proposed): TemplateResult {
    const { desk } = this;
    const title = itemOf(desk, id)?.title ?? id;
    const isPast = daysBetween(to, desk.today) > 0;
    const isNeeded = !isPast && (!from || to < from);
    return html`<tr>
      <td>
        <input
          type="checkbox"
          name="take"
          value=${id}
          aria-label="Take the day of ${title}"
          .checked=${isNeeded}
          ?disabled=${isPast}
        />
      </td>
      <th scope="row">${title}</th>
      <td>${desk.day(from ?? undefined) || 'no day'}</td>
      <td>
        ${desk.day(to)}
        ${
          isPast
            ? html`<span class="late small">has passed: the target is too near</span>`
            : from
              ? html`<span class="mute small">${shiftWords(daysBetween(from, to))}</span>`
              : nothing
        }
      </td>
    </tr>`;
  }

  #take = (event: SubmitEvent): void => {
    event.preventDefault();
    const { desk } = this;
    const taken = new Set(new FormData(event.target as HTMLFormElement).getAll('take'));
    const wanted = this.#proposed.filter(({ id }) => taken.has(id));
    const isWritten = desk.edit(
      (tx) => {
        for (const { id, to } of wanted) {
          if (desk.plan.milestones.has(id)) tx.milestones.set(id, { due: to });
          else tx.tasks.set(id, { due: to });
        }
      },
      { reason: 'Dated back from the target' },
    );
    if (!isWritten) return;
    this.close();
    desk.announce(`${counted(wanted.length, 'day')} set`);
  };
}

define('plansync-backward', Backward);
export const backwardLook = Backward.look;
