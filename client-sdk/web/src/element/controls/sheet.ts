/**
 * A sheet to fill in: the few fields of something new, where it will stand.
 *
 * In: what is asked. Out: one call with the answers, without those left empty. What is always true: it is left by Escape
 * or "Leave it"; what was required and is empty keeps it open, and the browser says which.
 */

import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { define } from '../piece.js';

/** One question. */
export interface Ask {
  readonly name: string;
  readonly label: string;
  readonly kind?: 'text' | 'long' | 'day' | 'number' | 'choice' | 'check' | 'time';
  /** Of a choice: value and words. */
  readonly choices?: readonly (readonly [string, string])[];
  readonly value?: string;
  readonly required?: boolean;
  readonly placeholder?: string;
}

/** The answers by name; what is empty is not there. */
export type Answers = Readonly<Record<string, string>>;

class Sheet extends LitElement {
  static look = css`
    .ask-sheet {
      display: grid;
      gap: 0.75rem;
      padding: 1rem;
      margin-block: 0.5rem;
      border: 1px solid var(--line);
      border-top: 3px solid var(--now);
      border-radius: 0.75rem;
      background: var(--card);
    }
    .ask-sheet .ask-rows {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(12rem, 100%), 1fr));
      gap: 0.75rem;
      align-items: end;
    }
    .ask-sheet .wide {
      grid-column: 1 / -1;
    }
    .ask-sheet .check {
      display: flex;
      gap: 0.5rem;
      align-items: center;
      min-height: 2.25rem;
    }
    .grow {
      flex: 1 1 14rem;
    }
  `;

  static override properties = {
    asks: { attribute: false },
    done: { attribute: false },
    leave: { attribute: false },
    heading: {},
    action: {},
  };
  declare asks: readonly Ask[];
  /** Takes the answers; whether they were written. */
  declare done: (answers: Answers) => boolean;
  declare leave: () => void;
  declare heading: string;
  declare action: string;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>('input, textarea, select')?.focus();
  }

  override render(): TemplateResult {
    return html`<form class="ask-sheet" aria-label=${this.heading} @submit=${this.#submit} @keydown=${this.#key}>
      <h3>${this.heading}</h3>
      <div class="ask-rows">${this.asks.map((ask) => this.#ask(ask))}</div>
      <div class="row">
        <button class="pri" type="submit">${this.action || 'Add'}</button>
        <button class="quiet" type="button" @click=${() => this.leave()}>Leave it</button>
      </div>
    </form>`;
  }

  #ask(ask: Ask): TemplateResult {
    const { name, label, kind = 'text', value = '', required = false, placeholder } = ask;
    if (kind === 'check')
      return html`<label class="check"><input type="checkbox" name=${name} value="yes" />${label}</label>`;
    const control =
      kind === 'choice'
        ? html`<select name=${name} ?required=${required}>
            ${ask.choices!.map(([each, words]) => html`<option value=${each} ?selected=${each === value}>${words}</option>`)}
          </select>`
        : kind === 'long'
          ? html`<textarea
              name=${name}
              maxlength="20000"
              ?required=${required}
              placeholder=${placeholder ?? nothing}
            ></textarea>`
          : html`<input
              name=${name}
              type=${{ day: 'date', number: 'number', time: 'time', text: 'text' }[kind]}
              maxlength="300"
              step=${kind === 'number' ? 'any' : nothing}
              ?required=${required}
              placeholder=${placeholder ?? nothing}
              .value=${value}
            />`;
    return html`<label class="field ${kind === 'long' || name === 'title' ? 'wide' : ''}">${label}${control}</label>`;
  }

  #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = [...new FormData(event.target as HTMLFormElement)]
      .map(([name, value]) => [name, String(value).trim()] as const)
      .filter(([, value]) => value !== '');
    if (this.done(Object.fromEntries(given))) this.leave();
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.leave();
  };
}

define('plansync-sheet', Sheet);
export const sheetLook = Sheet.look;
