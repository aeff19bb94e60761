/**
 * What every list of a view has: a head with the sheet that adds to it, what stood there before, the way to an item.
 *
 * In: the part that shows the list. Out: its pieces. What is always true: after adding the focus is where it began.
 */

import { html, nothing, type TemplateResult } from 'lit';
import type { Desk } from '../desk.js';
import type { Piece } from '../piece.js';
import type { Answers, Ask } from './sheet.js';
import { apart, quoted, wordOf } from '../words.js';

/** What can be added to a list. */
export interface Addition {
  /** One of the part's own. */
  readonly id: string;
  /** `+ Add a risk`. */
  readonly label: string;
  readonly heading: string;
  readonly asks: () => readonly Ask[];
  readonly done: (answers: Answers) => boolean;
}

/** The head of a list; `addition` only for whoever may add. */
export function listHead(
  part: Piece & { adding: string | undefined },
  title: string,
  more: unknown,
  addition: Addition | undefined,
): TemplateResult {
  const head = html`<h2>${title}</h2>
    <span class="mute">${more}</span>`;
  if (!addition) return html`<div class="section-head">${head}</div>`;
  const { id, label, heading, asks, done } = addition;
  const leave = () => {
    part.adding = undefined;
    void part.updateComplete.then(() => part.querySelector<HTMLElement>(`#add-${id}`)?.focus());
  };
  return html`<div class="section-head">
      ${head}<button class="push" id="add-${id}" @click=${() => (part.adding = id)}>${label}</button>
    </div>
    ${
      part.adding === id
        ? html`<plansync-sheet heading=${heading} .asks=${asks()} .done=${done} .leave=${leave}></plansync-sheet>`
        : nothing
    }`;
}

/** What a field was before it changed since the reader's last visit. */
export function was(desk: Desk, of: string, field: string): TemplateResult | typeof nothing {
  const mark = desk.seen.field(of, field);
  if (!mark) return nothing;
  const who = mark.actors.map((id) => apart(desk.personName(id))).join(', ');
  const old = mark.old === undefined || mark.old === null ? 'empty' : quoted(wordOf(String(mark.old)));
  return html` <span class="was">was ${old}${who ? ` · ${who}` : nothing}</span>`;
}

/** Leads to an item of the plan. */
export function goTo(from: HTMLElement, subject: string): void {
  from.dispatchEvent(new CustomEvent('plansync-go', { detail: subject, bubbles: true }));
}
