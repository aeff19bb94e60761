/**
 * What can be done with the plan as a whole: the buttons of the head, and a menu for taking it along.
 *
 * In: the desk, the reader's own link. Out: dialogs, files, the printer. What is always true: what a reader may not do is
 * not offered; the arrow keys go through the menu and Escape gives the focus back.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { running, sinceWords } from '../call/call.js';
import { saying, type Dialog } from '../controls/dialog.js';
import { Piece, define } from '../piece.js';
import { download, type SummaryDialog } from '../call/summary.js';

/** The files a plan can be had as. */
const FILES = {
  csv: ['Spreadsheet', 'text/csv'],
  md: ['Markdown', 'text/markdown'],
  ics: ['Calendar', 'text/calendar'],
  json: ['JSON', 'application/json'],
} as const;

class Menu extends Piece {
  static look = css`
    .actions > :is(plansync-call, plansync-summary, plansync-share) {
      display: contents;
    }
    .actions .runs {
      border-color: var(--late);
      color: var(--late);
      font-variant-numeric: tabular-nums;
    }
    .actions .runs i {
      display: inline-block;
      width: 0.5rem;
      height: 0.5rem;
      margin-inline-end: 0.4rem;
      border-radius: 50%;
      background: var(--late);
    }
    .actions span.runs {
      font-size: 0.8667rem;
      font-weight: 600;
    }
    .menu {
      position: relative;
    }
    .menu [role='menu'] {
      position: absolute;
      inset-block-start: calc(100% + 0.25rem);
      inset-inline-end: 0;
      z-index: 15;
      min-width: 13rem;
      padding: 0.375rem;
      display: grid;
      background: var(--card);
      border: 1px solid var(--line);
      border-radius: 0.75rem;
      box-shadow: 0 12px 32px rgb(0 0 0 / 0.18);
    }
    .menu [role='menuitem'] {
      display: flex;
      gap: 1rem;
      justify-content: space-between;
      text-align: start;
      border: 0;
      background: none;
      padding: 0.4375rem 0.75rem;
      white-space: nowrap;
    }
    .menu [role='menuitem']:is(:hover, :focus) {
      background: var(--shade);
    }
    .menu [role='menuitem'] kbd {
      font: inherit;
      color: var(--mute);
      font-weight: 400;
    }
    .menu hr {
      width: 100%;
      margin: 0.375rem 0;
      border: 0;
      border-top: 1px solid var(--line);
    }
    .sheet-form {
      display: grid;
      gap: 0.875rem;
    }
    @media (max-width: 40rem) {
      .menu [role='menu'] {
        inset-inline: auto 0;
      }
    }
  `;

  static override properties = { ...Piece.properties, link: {}, isOpen: { state: true } };
  /** The reader's own link to the plan, if it is known. */
  declare link: string | undefined;
  declare isOpen: boolean;

  constructor() {
    super();
    this.isOpen = false;
  }

  override render(): TemplateResult {
    const { desk } = this;
    const call = running(desk);
    const { lead } = desk.rights;
    const since = call
      ? html`<i aria-hidden="true"></i>${call.title ?? 'Call'} since ${sinceWords(desk, call)}`
      : nothing;
    return html`<div class="actions no-print" part="actions" @call-ended=${this.#summarise}>
      ${
        lead
          ? html`<button class=${call ? 'runs' : ''} part="call" @click=${() => this.#open('call')}>
              ${call ? since : 'Call'}
            </button>`
          : call
            ? html`<span class="runs" role="status">${since}</span>`
            : nothing
      }
      <button part="summary-button" @click=${() => this.#open('summary')}>Summary</button>
      ${lead ? html`<button part="share" @click=${() => this.#open('share')}>Share</button>` : nothing}
      <div class="menu" @keydown=${this.#key} @focusout=${this.#left}>
        <button
          class="icon"
          aria-label="More"
          aria-haspopup="menu"
          aria-expanded=${this.isOpen}
          @click=${() => void this.#toggle()}
        >
          ⋯
        </button>
        ${
          this.isOpen
            ? html`<div role="menu" aria-label="More">
                ${Object.entries(FILES).map(([format, [label]]) =>
                  this.#item(`Download ${label}`, () => void this.#keep(format as keyof typeof FILES), `.${format}`),
                )}
                <hr />
                ${this.#item('Print', () => setTimeout(() => window.print()))}
                ${this.link ? this.#item('Copy my link', () => void this.#copyLink()) : nothing}
              </div>`
            : nothing
        }
      </div>
      <plansync-call .desk=${desk}></plansync-call>
      <plansync-summary .desk=${desk}></plansync-summary>
      ${lead ? html`<plansync-share .desk=${desk}></plansync-share>` : nothing}
    </div>`;
  }

  #item(label: string, run: () => void, more = ''): TemplateResult {
    return html`<button
      role="menuitem"
      tabindex="-1"
      @click=${() => {
        this.#close();
        run();
      }}
    >
      ${label}${more ? html`<kbd>${more}</kbd>` : nothing}
    </button>`;
  }

  #open(what: 'call' | 'summary' | 'share'): void {
    this.querySelector<Dialog>(`plansync-${what}`)?.show();
  }

  #summarise = (event: CustomEvent<string>): void => {
    // The touchpoint's end may reach this copy a moment after the answer.
    const { plan } = this.desk;
    const show = () => this.querySelector<SummaryDialog>('plansync-summary')?.show(`of:${event.detail}`);
    const isHere = () => plan.touchpoints.get(event.detail)?.closedSeq !== undefined;
    if (isHere()) return show();
    const stop = this.desk.listen(() => {
      if (!isHere()) return;
      stop();
      show();
    });
  };

  async #toggle(): Promise<void> {
    this.isOpen = !this.isOpen;
    await this.updateComplete;
    this.#items[0]?.focus();
  }

  #close(): void {
    this.isOpen = false;
    this.querySelector<HTMLElement>('.menu > button')?.focus();
  }

  get #items(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[role=menuitem]')];
  }

  #key = (event: KeyboardEvent): void => {
    if (!this.isOpen) return;
    if (event.key === 'Escape') return this.#close();
    const items = this.#items;
    const at = items.indexOf(event.target as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items[(to + items.length) % items.length]?.focus();
  };

  #left = (event: FocusEvent): void => {
    const menu = event.currentTarget as HTMLElement;
    if (!menu.contains(event.relatedTarget as Node | null)) this.isOpen = false;
  };

  async #keep(format: keyof typeof FILES): Promise<void> {
    const { desk } = this;
    try {
      // What was just written is part of it.
      await desk.plan.flush({ timeoutMs: 3_000 }).catch(() => {});
      download(`${desk.plan.id}.${format}`, FILES[format][1], await desk.plan.export(format));
    } catch (error) {
      desk.say('failed', `The file could not be made. ${saying(error)}`);
    }
  }

  async #copyLink(): Promise<void> {
    const { desk, link } = this;
    try {
      await navigator.clipboard.writeText(link ?? '');
      desk.say('said', 'Copied. This link opens the plan as you: keep it to yourself, and invite others with “Share”.');
    } catch {
      desk.say('failed', 'This browser does not let the page copy: take the link from your mail instead.');
    }
  }
}

define('plansync-menu', Menu);
export const menuLook = Menu.look;
