/**
 * A dialog of the element: modal, closed by Escape, by its button or beside it, with the focus back where it came from.
 *
 * In: {@link Dialog.show}. What is always true: it is in the page only while it is open; the browser's own `<dialog>` keeps
 * the focus inside.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { PlanError, words } from '../../error.js';
import { Piece } from '../piece.js';

/** What every dialog looks like. */
export const dialogLook = css`
  dialog.sheet {
    width: min(46rem, calc(100vw - 1.5rem));
    max-width: none;
    max-height: min(54rem, calc(100dvh - 1.5rem));
    padding: 0;
    border: 1px solid var(--line);
    border-radius: 1rem;
    background: var(--card);
    color: var(--ink);
    box-shadow: 0 24px 64px rgb(0 0 0 / 0.28);
    overscroll-behavior: contain;
    overflow: auto;
  }
  dialog.sheet.small {
    width: min(28rem, calc(100vw - 1.5rem));
  }
  dialog.sheet::backdrop {
    background: var(--veil);
  }
  @media (prefers-reduced-motion: no-preference) {
    dialog.sheet[open] {
      animation: sheet 0.16s ease-out;
    }
    @keyframes sheet {
      from {
        opacity: 0;
        transform: translateY(0.5rem);
      }
    }
  }
  .sheet-head {
    position: sticky;
    top: 0;
    z-index: 2;
    display: flex;
    gap: 0.5rem 1rem;
    align-items: center;
    padding: 1rem 1.5rem;
    background: var(--card);
    border-bottom: 1px solid var(--line);
  }
  .sheet-head h2 {
    flex: 1;
    font-size: 1.1875rem;
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  .sheet-body {
    padding: 1.25rem 1.5rem 1.75rem;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.25rem;
  }
  .sheet h3 {
    font-size: 1rem;
    font-weight: 640;
  }
  .sheet .wrong {
    color: var(--late);
    font-weight: 600;
  }
  @media (max-width: 40rem) {
    dialog.sheet:not(.small) {
      width: 100vw;
      max-height: 100dvh;
      height: 100dvh;
      border: 0;
      border-radius: 0;
    }
    .sheet-head,
    .sheet-body {
      padding-inline: 1rem;
    }
  }
`;

/** A dialog. */
export abstract class Dialog extends Piece {
  static override properties = { ...Piece.properties, isOpen: { state: true }, wrong: { state: true } };
  declare isOpen: boolean;
  /** What went wrong, in words. */
  declare wrong: string;

  constructor() {
    super();
    this.isOpen = false;
    this.wrong = '';
  }

  #from: HTMLElement | undefined;

  /** Opens it. */
  show(): void {
    this.#from = ((this.getRootNode() as ShadowRoot).activeElement as HTMLElement | null) ?? undefined;
    this.isOpen = true;
    this.wrong = '';
  }

  /** Closes it; the focus goes back. */
  close(): void {
    this.querySelector('dialog')?.close();
    this.#closed();
  }

  #closed = (): void => {
    if (!this.isOpen) return;
    this.isOpen = false;
    // What had the focus inside may have gone before the dialog did.
    this.#from?.focus();
  };

  protected override updated(): void {
    const dialog = this.querySelector('dialog');
    if (this.isOpen && dialog && !dialog.open) dialog.showModal();
  }

  /** The dialog around its content. */
  protected sheet(title: string, content: TemplateResult, small = false): TemplateResult | typeof nothing {
    if (!this.isOpen) return nothing;
    return html`<dialog
      class="sheet ${small ? 'small' : ''}"
      aria-label=${title}
      part="dialog"
      @close=${this.#closed}
      @click=${(event: Event) => event.target === event.currentTarget && this.close()}
    >
      <div class="sheet-head">
        <h2>${title}</h2>
        <button class="quiet icon" aria-label="Close" @click=${() => this.close()}>✕</button>
      </div>
      <div class="sheet-body">
        ${this.wrong ? html`<p class="wrong" role="alert">${this.wrong}</p>` : nothing}${content}
      </div>
    </dialog>`;
  }

  /** Does something that may fail; what failed is said. Whether it was done. */
  protected async attempt(make: () => Promise<unknown>): Promise<boolean> {
    this.wrong = '';
    try {
      await make();
      return true;
    } catch (error) {
      this.wrong = saying(error);
      return false;
    }
  }
}

/** What an error says to a person: the server's own sentence. */
export function saying(error: unknown): string {
  const text = words(error)
    .replace(/^[A-Z]+ v1\/\S*: /, '')
    .replace(/ \(\d{3}\)$/, '');
  if (error instanceof PlanError && error.kind === 'unreachable' && error.status === undefined)
    return 'The server cannot be reached. Try again in a moment.';
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
