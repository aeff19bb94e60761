/**
 * What is said about the plan: a thread for each item, the latest first.
 *
 * In: the plan. Out: edits of `comments`. What is always true: a text stays text; who is named with `@` is written as
 * mentioned; one resolves what one has said oneself, as the server has it.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { personChip } from '../controls/chips.js';
import { fieldOf } from '../controls/facts.js';
import type { Desk } from '../desk.js';
import { Piece, define } from '../piece.js';
import { goTo } from '../controls/list.js';
import { itemChoices } from '../controls/pick.js';
import { flash } from '../controls/status.js';
import type { Comment } from '../../schema.js';
import { agoWords, counted } from '../words.js';

/** What a comment may stand on, in the order in which it is looked for. */
const PLACES = ['milestones', 'tasks', 'risks', 'criteria', 'objectives', 'phases', 'calendar'] as const;
const SUGGESTIONS_MAX = 6;

/** What is said on one item. */
interface Thread {
  readonly on: string;
  readonly comments: readonly Comment[];
  readonly isOpen: boolean;
  readonly last: string;
}

/** Threads in which something is not resolved. */
export function openThreads(desk: Desk): number {
  return threads(desk).filter((each) => each.isOpen).length;
}

function threads(desk: Desk): readonly Thread[] {
  const by = new Map<string, Comment[]>();
  for (const each of desk.plan.comments.all()) by.set(each.on ?? '', [...(by.get(each.on ?? '') ?? []), each]);
  // What has not come back from the server yet has no time: it is the latest.
  const at = (each: Comment) => each.at ?? '~';
  return [...by]
    .map(([on, all]) => {
      const comments = all.sort((a, b) => (at(a) < at(b) ? -1 : 1));
      return { on, comments, isOpen: comments.some((each) => !each.resolvedAt), last: at(comments.at(-1)!) };
    })
    .sort((a, b) => Number(b.isOpen) - Number(a.isOpen) || (a.last < b.last ? 1 : -1));
}

class Comments extends Piece {
  static look = css`
    .thread {
      padding: 0.75rem 1rem;
      margin-bottom: 0.625rem;
    }
    .thread h3 {
      font-size: 1rem;
    }
    .remark {
      padding: 0.5rem 0;
      border-bottom: 1px solid var(--line);
    }
    .remark:last-of-type {
      border-bottom: 0;
    }
    .remark.over .text {
      color: var(--mute);
    }
    .remark p.text {
      white-space: pre-wrap;
      unicode-bidi: plaintext;
    }
    .remark .text b {
      color: var(--now);
      font-weight: 600;
    }
    .compose {
      display: grid;
      gap: 0.5rem;
      position: relative;
      margin-top: 0.375rem;
    }
    .compose textarea {
      min-height: 2.5rem;
      height: 2.5rem;
    }
    .compose textarea:not(:placeholder-shown) {
      height: 5rem;
    }
    .naming {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem;
    }
  `;

  static override properties = { ...Piece.properties, naming: { state: true }, all: { state: true } };
  /** Where somebody is being named, and the letters so far. */
  declare naming: { readonly on: string; readonly letters: string } | undefined;
  declare all: boolean;

  override render(): TemplateResult {
    const all = threads(this.desk);
    const open = all.filter((each) => each.isOpen);
    const over = all.length - open.length;
    const may = this.desk.rights.talk;
    return html`<div class="section-head">
        <h2>Comments</h2>
        <span class="mute">${counted(open.length, 'open thread')}</span>
      </div>
      ${may ? this.#new() : nothing}
      ${all.length ? nothing : html`<p class="empty">Nothing has been said yet. Ask here what would otherwise be a mail.</p>`}
      <div part="comments">
        ${repeat(
          this.all ? all : open,
          ({ on }) => on,
          (each) => this.#thread(each, may),
        )}
      </div>
      ${
        over
          ? html`<button class="quiet" aria-expanded=${Boolean(this.all)} @click=${() => (this.all = !this.all)}>
              ${this.all ? 'Hide' : 'Show'} ${counted(over, 'resolved thread')}
            </button>`
          : nothing
      }`;
  }

  /** The entity that an id stands for. */
  #subject(on: string): string | undefined {
    const { plan } = this.desk.beside ?? this.desk;
    const place =
      PLACES.find((each) => plan.collection(each).has(on)) ??
      PLACES.find((each) => this.desk.plan.collection(each).has(on));
    return place && `${place}/${on}`;
  }

  #thread({ on, comments }: Thread, may: boolean): TemplateResult {
    const { desk } = this;
    const subject = this.#subject(on);
    const title = subject ? ((desk.beside ?? desk).title(subject) ?? desk.title(subject) ?? on) : on;
    return html`<section class="thread card" aria-label="On ${title}">
      <h3>
        ${
          subject
            ? html`<button class="link" @click=${() => goTo(this, subject)}>${title}</button>`
            : html`<span class="mute">something that is no longer there</span>`
        }
      </h3>
      ${repeat(
        comments,
        ({ id }) => id,
        (each) => this.#comment(each),
      )}
      ${may && subject ? this.#compose(on, 'Answer', 'Answer') : nothing}
    </section>`;
  }

  #comment(each: Comment): TemplateResult {
    const { desk } = this;
    const of = `comments/${each.id}`;
    const me = desk.plan.me?.person;
    const isMine = each.by === undefined || each.by === me;
    const by = each.by ?? me;
    const now = desk.plan.serverNow();
    return html`<div class="remark ${each.resolvedAt ? 'over' : ''} ${flash(desk, of)}" id="said-${each.id}">
      <div class="row small">
        ${by ? personChip(desk, by) : nothing}
        <span class="mute">${each.at ? agoWords(each.at, now, desk.locale) : 'sending…'}</span>
        ${each.resolvedAt ? html`<span class="ok">✓ resolved</span>` : nothing}
        ${
          isMine && desk.rights.talk
            ? html`<button
                  class="quiet push"
                  @click=${() => desk.set(of, 'resolvedAt', each.resolvedAt ? null : new Date(now).toISOString())}
                >
                  ${each.resolvedAt ? 'Open again' : 'Resolve'}
                </button>
                <button
                  class="quiet icon"
                  aria-label="Remove what you said"
                  @click=${() => desk.remove([of], 'Your comment was removed.')}
                >
                  ✕
                </button>`
            : nothing
        }
      </div>
      ${
        isMine && desk.rights.talk
          ? html`<div class="text">
              ${fieldOf(desk, of, 'text', 'What you said', each.text, true, { kind: 'long', shown: html`${this.#text(each)}` })}
            </div>`
          : html`<p class="text">${this.#text(each)}</p>`
      }
    </div>`;
  }

  /** The text, with those who are mentioned in it marked. */
  #text({ text = '', mentions = [] }: Comment): (string | TemplateResult)[] {
    const names = mentions.map((id) => `@${this.desk.personName(id)}`).sort((a, b) => b.length - a.length);
    let parts: (string | TemplateResult)[] = [text];
    for (const name of names)
      parts = parts.flatMap((part): (string | TemplateResult)[] =>
        typeof part !== 'string'
          ? [part]
          : part
              .split(name)
              .flatMap((each, at): (string | TemplateResult)[] => (at ? [html`<b>${name}</b>`, each] : [each])),
      );
    return parts;
  }

  #new(): TemplateResult {
    return html`<details class="thread card">
      <summary>Say something about an item</summary>
      <label class="field"
        >About
        <select class="about">
          ${itemChoices(this.desk).map(({ id, words }) => html`<option value=${id}>${words}</option>`)}
        </select>
      </label>
      ${this.#compose('', 'Your comment', 'Say it')}
    </details>`;
  }

  #compose(on: string, label: string, action: string): TemplateResult {
    const naming = this.naming?.on === on ? this.naming : undefined;
    const named = naming
      ? this.desk
          .people()
          .filter(({ id }) => this.desk.personName(id).toLocaleLowerCase().startsWith(naming.letters))
          .slice(0, SUGGESTIONS_MAX)
      : [];
    return html`<form class="compose" data-on=${on} @submit=${this.#say} @keydown=${this.#key}>
      <textarea
        aria-label=${label}
        placeholder="${label}; @ names somebody"
        maxlength="20000"
        required
        @input=${(event: Event) => this.#typed(on, event.target as HTMLTextAreaElement)}
      ></textarea>
      ${
        named.length
          ? html`<div
              class="naming"
              role="group"
              aria-label="Name somebody"
              @mousedown=${(event: Event) => event.preventDefault()}
            >
              ${named.map(
                ({ id }) =>
                  html`<button type="button" @click=${(event: Event) => this.#name(id, event)}>
                    @${this.desk.personName(id)}
                  </button>`,
              )}
            </div>`
          : nothing
      }
      <div class="row"><button type="submit">${action}</button></div>
    </form>`;
  }

  #typed(on: string, area: HTMLTextAreaElement): void {
    const letters = /@([\p{L}\p{N} .-]{0,30})$/u.exec(area.value.slice(0, area.selectionStart))?.[1];
    this.naming = letters === undefined ? undefined : { on, letters: letters.toLocaleLowerCase() };
  }

  #name(id: string, event: Event): void {
    const area = (event.target as Element).closest('form')!.querySelector('textarea')!;
    const before = area.value.slice(0, area.selectionStart);
    area.setRangeText(`@${this.desk.personName(id)} `, before.lastIndexOf('@'), area.selectionStart, 'end');
    this.naming = undefined;
    area.focus();
  }

  #key = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.isComposing)
      (event.currentTarget as HTMLFormElement).requestSubmit();
    else if (event.key === 'Escape' && this.naming) {
      event.stopPropagation();
      this.naming = undefined;
    }
  };

  #say = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const area = form.querySelector('textarea')!;
    const text = area.value.trim();
    const on = form.dataset['on'] || this.querySelector<HTMLSelectElement>('.about')?.value;
    if (!text || !on) return;
    const mentions = this.desk
      .people()
      .map(({ id }) => id)
      .filter((id) => text.includes(`@${this.desk.personName(id)}`));
    if (!this.desk.edit((tx) => void tx.comments.add({ on, text, ...(mentions.length ? { mentions } : {}) }))) return;
    area.value = '';
    this.naming = undefined;
    form.closest('details')?.removeAttribute('open');
  };
}

define('plansync-comments', Comments);
export const commentsLook = Comments.look;
