/**
 * The past of an item: who set what, asked of the server when somebody wants to know.
 */

import { html, nothing, type TemplateResult } from 'lit';
import { valueWords } from '../consent.js';
import { split } from '../desk.js';
import { Piece, define } from '../piece.js';
import { itemOf } from '../controls/status.js';
import type { Change } from '../../machine.js';
import { agoWords, apart, fieldWords, instantWords } from '../words.js';

class Past extends Piece {
  static override properties = { ...Piece.properties, of: {}, history: { state: true } };
  /** The item: `tasks/ca-1`. */
  declare of: string;
  declare history: readonly Change[] | string | undefined;

  override render(): TemplateResult | typeof nothing {
    const { desk, history, of: subject } = this;
    const item = itemOf(desk, split(subject)[1]);
    if (!item) return nothing;
    const done = item.completedBy
      ? html`<p class="mute small">
          Completed by ${apart(desk.personName(item.completedBy))}, ${instantWords(item.completedAt, desk.locale)}
        </p>`
      : nothing;
    const load = async (event: Event) => {
      if (!(event.target as HTMLDetailsElement).open) return;
      this.history = undefined;
      try {
        this.history = await desk.plan.http.history(subject);
      } catch {
        this.history = 'The server cannot be asked now.';
      }
    };
    const rows = Array.isArray(history) ? [...(history as readonly Change[])].reverse() : [];
    return html`<section aria-label="Who set what">
      ${done}
      <details @toggle=${load}>
        <summary>Who set what</summary>
        ${
          history === undefined
            ? html`<p class="mute">Asking…</p>`
            : typeof history === 'string'
              ? html`<p class="mute">${history}</p>`
              : rows.length
                ? html`<ol class="past">
                    ${rows.map((change) => this.#past(change))}
                  </ol>`
                : html`<p class="mute">Nothing since the plan was made.</p>`
        }
      </details>
    </section>`;
  }

  #past(change: Change): TemplateResult {
    const { desk } = this;
    const { data } = change;
    const who = desk.personName(change.actor) || 'Somebody';
    const field = data.field ?? '';
    const [old, now] = [valueWords(desk, field, data.old), valueWords(desk, field, data.new)];
    const verb = change.type.split('.').at(-1) ?? '';
    return html`<li>
      <b>${apart(who)}</b> ${
        field
          ? html`set ${fieldWords(field)}${old ? html` from <del>${cut(old)}</del>` : nothing} to
              <ins>${cut(now) || 'nothing'}</ins>`
          : html`${verb} it`
      }${data.reason ? html`: <q>${data.reason}</q>` : nothing},
      ${agoWords(change.time, desk.plan.serverNow(), desk.locale)}
    </li>`;
  }
}

function cut(text: string): string {
  const chars = [...text];
  return chars.length > 120 ? `${chars.slice(0, 119).join('')}…` : text;
}

define('plansync-past', Past);
