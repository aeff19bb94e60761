/**
 * What is said on an item, where its details are.
 *
 * In: an item. Out: edits of `comments`. What is always true: a text stays text; one resolves what one has said oneself.
 */

import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { fieldOf } from '../controls/facts.js';
import { split } from '../desk.js';
import { Piece, define } from '../piece.js';
import type { Comment } from '../../schema.js';
import { agoWords } from '../words.js';

class Talk extends Piece {
  static override properties = { ...Piece.properties, of: {}, draft: { state: true }, mentions: { state: true } };
  /** The item: `tasks/ca-1`. */
  declare of: string;
  /** A comment that is being written. */
  declare draft: string;
  declare mentions: readonly string[];

  constructor() {
    super();
    this.draft = '';
    this.mentions = [];
  }

  override render(): TemplateResult {
    const { desk, of: subject } = this;
    const comments = desk.commentsOf(subject);
    return html`<section aria-label="Comments">
      <h3>Comments</h3>
      <ul class="said">
        ${repeat(
          comments,
          (each) => each.id,
          (each) => this.#comment(each),
        )}
      </ul>
      ${desk.rights.talk ? this.#writer(subject) : nothing}
    </section>`;
  }

  #comment(comment: Comment): TemplateResult {
    const { desk } = this;
    const party = desk.partyOf(comment.by);
    const isMine = comment.by === undefined || comment.by === desk.plan.me?.person;
    const mentions = (comment.mentions ?? []).map((id) => desk.personName(id));
    return html`<li class=${comment.resolvedAt ? 'resolved' : ''}>
      <span class="by ${desk.side(party)}">
        <i class="shape" aria-hidden="true"></i><b>${desk.personName(comment.by) || 'You'}</b>
        <span>${agoWords(comment.at, desk.plan.serverNow(), desk.locale)}</span>
        ${comment.resolvedAt ? html`<span class="ok">✓ resolved</span>` : nothing}
        ${
          isMine && desk.rights.talk
            ? html`<button
                class="quiet push"
                @click=${() =>
                  desk.edit((tx) =>
                    tx.comments.set(comment.id, {
                      resolvedAt: comment.resolvedAt ? null : new Date(desk.plan.serverNow()).toISOString(),
                    }),
                  )}
              >
                ${comment.resolvedAt ? 'Open again' : 'Resolve'}
              </button>`
            : nothing
        }
      </span>
      ${
        isMine && desk.rights.talk
          ? fieldOf(desk, `comments/${comment.id}`, 'text', 'What you said', comment.text, true, { kind: 'long' })
          : html`<p>${comment.text}</p>`
      }
      ${mentions.length ? html`<span class="tag">to ${mentions.join(', ')}</span>` : nothing}
    </li>`;
  }

  #writer(subject: string): TemplateResult {
    const { desk } = this;
    // What is behind the last @, while it may become a name.
    const typed = /(?:^|\s)@([^\s@]*)$/.exec(this.draft)?.[1]?.toLowerCase();
    const people =
      typed === undefined
        ? []
        : desk
            .people()
            .filter((each) => `${each.name ?? ''} ${each.role ?? ''}`.toLowerCase().includes(typed))
            .slice(0, 6);
    return html`<form @submit=${(event: Event) => this.#say(event, subject)}>
      <textarea
        aria-label="Write a comment"
        placeholder="Write a comment; @ calls somebody"
        maxlength="20000"
        .value=${this.draft}
        @input=${(event: Event) => (this.draft = (event.target as HTMLTextAreaElement).value)}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#say(event, subject);
        }}
      ></textarea>
      ${
        people.length
          ? html`<div class="mentions" role="group" aria-label="Call somebody">
              ${people.map(
                (each) =>
                  html`<button type="button" @click=${() => this.#mention(each.id)}>
                    @${desk.personName(each.id)}
                  </button>`,
              )}
            </div>`
          : nothing
      }
      <span class="row"><button class="pri" ?disabled=${!this.draft.trim()}>Comment</button></span>
    </form>`;
  }

  #mention(person: string): void {
    this.draft = this.draft.replace(/@[^\s@]*$/, `@${this.desk.personName(person)} `);
    this.mentions = [...this.mentions, person];
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('[aria-label="Write a comment"]')?.focus());
  }

  #say(event: Event, subject: string): void {
    event.preventDefault();
    const text = this.draft.trim();
    if (!text) return;
    const mentions = [...new Set(this.mentions)].filter((id) => text.includes(`@${this.desk.personName(id)}`));
    const isMade = this.desk.edit((tx) =>
      tx.comments.add({ on: split(subject)[1], text, ...(mentions.length ? { mentions } : {}) }),
    );
    if (!isMade) return;
    this.draft = '';
    this.mentions = [];
  }
}

define('plansync-talk', Talk);
