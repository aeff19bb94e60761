/** What changed since the reader's last visit: counts, lines, what else moves; and "mark as seen". */

import { css, html, nothing, type TemplateResult } from 'lit';
import type { Line, Span } from '../desk.js';
import { Piece, define } from '../piece.js';
import { daysBetween, shiftWords } from '../words.js';

/** The text of a line of the summary, with its marks. */
export function spans(of: readonly Span[] | undefined): readonly (TemplateResult | string)[] {
  return (of ?? []).map(({ mark, text }) => {
    switch (mark) {
      case 'strong':
        return html`<b>${text}</b>`;
      case 'old':
      case 'cut':
        return html`<del>${text}</del>`;
      case 'new':
      case 'put':
        return html`<ins>${text}</ins>`;
      case 'late':
        return html`<span class="late">${text}</span>`;
      case 'early':
        return html`<span class="ok">${text}</span>`;
      case 'quote':
        return html`<q>${text}</q>`;
      case 'faint':
        return html`<span class="mute">${text}</span>`;
      default:
        return text;
    }
  });
}

/** Wide signs of a summary as plain ones: many fonts have only these. */
export function plain(symbol = '·'): string {
  return symbol.replace('＋', '+').replace('－', '−');
}

class Changed extends Piece {
  static look = css`
    .changed {
      margin-top: 1rem;
      background: var(--hot);
      border-inline-start: 4px solid var(--hot-line);
      border-radius: 4px 0.875rem 0.875rem 4px;
      padding: 1rem 1.375rem;
    }
    .changed .top {
      display: flex;
      flex-wrap: wrap;
      gap: 0.375rem 1.125rem;
      align-items: baseline;
    }
    .changed h2 {
      font-size: 1.0625rem;
      font-weight: 640;
    }
    .changed .legend {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 0.875rem;
      flex: 1 1 14rem;
      font-size: 0.875rem;
      color: var(--mute);
    }
    .changed .moves {
      margin-top: 0.75rem;
      padding: 0.875rem 1.125rem;
    }
    .changed table {
      border-collapse: collapse;
      margin-top: 0.5rem;
      font-size: 0.9333rem;
    }
    .changed :is(td, th) {
      padding: 0.1875rem 1.75rem 0.1875rem 0;
      text-align: start;
      font-weight: 400;
    }
    .changed .lines {
      margin-top: 0.75rem;
      display: grid;
      gap: 0.75rem;
    }
    .changed h3 {
      font-size: 0.75rem;
      letter-spacing: 0.06em;
      text-transform: uppercase;
      color: var(--mute);
      font-weight: 650;
    }
    .changed .asks {
      margin-top: 0.5rem;
    }
    .changed li {
      display: flex;
      gap: 0.5rem;
      font-size: 0.9333rem;
      padding: 0.125rem 0;
    }
    .changed li > i {
      flex: none;
      width: 1.25rem;
      font-style: normal;
      text-align: center;
    }
  `;

  static override properties = { ...Piece.properties, open: { state: true } };
  declare open: boolean;

  constructor() {
    super();
    this.open = false;
  }

  override render(): TemplateResult | typeof nothing {
    const { desk } = this;
    const { summary } = desk;
    const asks = desk.proposals.map(
      (each) => html`<plansync-proposal .desk=${desk} of=${each.id}></plansync-proposal>`,
    );
    if (!summary || desk.seen.size === 0)
      return asks.length
        ? html`<section class="changed" aria-labelledby="asks-title" part="changed">
            <h2 id="asks-title">Waiting for an answer</h2>
            <div class="asks">${asks}</div>
          </section>`
        : nothing;
    const groups = [
      ...(summary.completed ? [{ heading: 'Completed', ...summary.completed }] : []),
      ...(summary.changed ?? []),
    ];
    const legend = (summary.legend ?? []).filter((each) => each.count > 0);
    return html`<section class="changed" aria-labelledby="changed-title" part="changed">
      <div class="top">
        <h2 id="changed-title">Changed since your last visit</h2>
        <p class="legend">
          ${legend.map(
            ({ symbol, word, count }) =>
              html`<span class=${symbol === '⚠' ? 'late' : ''}
                ><span aria-hidden="true">${plain(symbol)}</span> ${count} ${word}</span
              >`,
          )}
        </p>
        <span class="row no-print">
          <button
            class="quiet"
            aria-expanded=${this.open}
            aria-controls="changed-lines"
            @click=${() => (this.open = !this.open)}
          >
            ${this.open ? 'Hide details' : 'Show details'}
          </button>
          <button class="quiet" part="mark-seen" @click=${() => desk.markSeen()}>Mark as seen</button>
        </span>
      </div>
      ${asks.length ? html`<div class="asks">${asks}</div>` : nothing} ${this.#moves()}
      <div class="lines" id="changed-lines" ?hidden=${!this.open}>
        ${groups.map(
          ({ heading, lines, more }) =>
            html`<div>
              <h3>${heading}</h3>
              <ul>
                ${lines.map((line) => this.#line(line))}
                ${more > 0 ? html`<li class="mute">and ${more} more</li>` : nothing}
              </ul>
            </div>`,
        )}
      </div>
    </section>`;
  }

  #line(line: Line): TemplateResult {
    return html`<li><i aria-hidden="true">${plain(line.symbol)}</i><span>${spans(line.spans)}</span></li>`;
  }

  #moves(): TemplateResult | typeof nothing {
    const { desk } = this;
    const { moves } = desk.summary!;
    const rows = (moves?.rows ?? []).filter((row) => row.must);
    if (!moves || rows.length === 0) return nothing;
    return html`<div class="moves card">
      <p>${spans(moves.cause)}</p>
      <table>
        <thead class="unseen">
          <tr>
            <th>Milestone or task</th>
            <th>Due, and the day it can be done</th>
            <th>Moves by</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                <th scope="row">${row.title ?? row.id}</th>
                <td><del>${desk.day(row.due)}</del> <ins>${desk.day(row.must)}</ins></td>
                <td class="late">${shiftWords(daysBetween(row.due, row.must))}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }
}

define('plansync-changed', Changed);
export const changedLook = Changed.look;
