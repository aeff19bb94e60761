/**
 * What only the reader's own party sees: its tasks, risks and notes, in a document of its own.
 *
 * In: the own party's private document, opened when this is first shown. Out: edits of it. What is always true: it is
 * framed and coloured like nothing else, and says in words who sees it; nothing here is written into the shared document.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { fieldOf } from '../controls/facts.js';
import { peopleChoices } from '../controls/pick.js';
import type { Desk } from '../desk.js';
import { safetyOf } from '../head/head.js';
import { Piece, define } from '../piece.js';
import type { Answers, Ask } from '../controls/sheet.js';
import type { Task } from '../../schema.js';
import { counted } from '../words.js';

class Private extends Piece {
  static look = css`
    .vault {
      margin-top: 0.75rem;
      padding: 0 1rem 1rem;
      border: 2px solid var(--secret-line);
      border-radius: 0.875rem;
      background: var(--secret-bg);
      overflow: clip;
    }
    .vault > .seal {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 0.75rem;
      align-items: baseline;
      margin: 0 -1rem;
      padding: 0.75rem 1rem;
      color: var(--secret);
      border-bottom: 2px solid var(--secret-line);
      background: repeating-linear-gradient(
        135deg,
        transparent 0 10px,
        color-mix(in srgb, var(--secret-line) 14%, transparent) 10px 20px
      );
    }
    .vault > .seal h2 {
      font-size: 1.0625rem;
    }
    .vault .mute,
    .vault .section-head .mute {
      color: var(--secret);
    }
    .vault .empty {
      color: var(--secret);
      border-color: var(--secret-line);
    }
    .own-task {
      display: grid;
      grid-template-columns: 1.5rem minmax(0, 1fr) auto auto auto;
      gap: 0.25rem 0.75rem;
      align-items: center;
      padding: 0.5rem 0.875rem;
      border-bottom: 1px solid var(--line);
    }
    .own-task:last-child {
      border-bottom: 0;
    }
    .own-task.complete .what {
      color: var(--mute);
    }
    @media (max-width: 40rem) {
      .own-task {
        grid-template-columns: 1.5rem minmax(0, 1fr) auto;
      }
      .own-task > plansync-pick,
      .own-task > .due {
        grid-column: 2;
        justify-content: start;
      }
      .own-task > button {
        grid-area: 1 / 3;
      }
    }
  `;

  static override properties = { ...Piece.properties, adding: { state: true } };
  declare adding: boolean;

  override render(): TemplateResult {
    const { desk } = this;
    const { own } = desk;
    const party = desk.partyName(desk.party) || 'your side';
    const { state, reason } = own?.plan.status ?? { state: 'connecting' };
    const isOpen = own?.ready && state !== 'refused';
    const safety = own && safetyOf(own);
    return html`<section class="vault" aria-label="Private to ${party}" part="private">
      <div class="seal">
        <h2><span aria-hidden="true">🔒 </span>Only <bdi>${party}</bdi> sees this</h2>
        <span>Tasks, risks and notes here never reach the other side, nor the summary you send them.</span>
        ${isOpen && safety ? html`<span class="push small own-safety" role="status">${safety.text}</span>` : nothing}
      </div>
      ${
        isOpen
          ? html`${this.#tasks(own)} <plansync-risks .desk=${own}></plansync-risks>
              <plansync-comments .desk=${own}></plansync-comments>`
          : html`<p class="empty" role="status">
              ${state === 'refused' ? `This is not open to you: ${reason?.message ?? ''}` : 'Opening…'}
            </p>`
      }
    </section>`;
  }

  #tasks(own: Desk): TemplateResult {
    const tasks = own.plan.tasks.all();
    const may = own.rights.structure();
    const open = tasks.filter((task) => task.status !== 'complete').length;
    return html`<section aria-label="Private tasks">
      <div class="section-head">
        <h2>Tasks</h2>
        <span class="mute">${counted(open, 'is', 'are')} open</span>
        ${may ? html`<button class="push" id="add-own" @click=${() => (this.adding = true)}>+ Add a task</button>` : nothing}
      </div>
      ${
        this.adding
          ? html`<plansync-sheet
              heading="A task that only your side sees"
              .asks=${this.#asks()}
              .done=${(answers: Answers) => this.#add(own, answers)}
              .leave=${this.#left}
            ></plansync-sheet>`
          : nothing
      }
      ${
        tasks.length
          ? html`<ul class="card">
              ${repeat(
                tasks,
                ({ id }) => id,
                (task) => this.#task(own, task, may),
              )}
            </ul>`
          : html`<p class="empty">No private tasks yet: what your side has to do before the other side is asked.</p>`
      }
    </section>`;
  }

  #task(own: Desk, task: Task, may: boolean): TemplateResult {
    const of = `tasks/${task.id}`;
    const isComplete = task.status === 'complete';
    return html`<li class="own-task ${isComplete ? 'complete' : ''}" id="own-${task.id}">
      <input
        type="checkbox"
        .checked=${isComplete}
        ?disabled=${!own.rights.progress(task)}
        aria-label="Complete: ${task.title ?? task.id}"
        @change=${(event: Event) => own.set(of, 'status', (event.target as HTMLInputElement).checked ? 'complete' : 'pending')}
      />
      <span class="what">
        ${fieldOf(own, of, 'title', 'Title', task.title, may)}
        ${fieldOf(own, of, 'notes', 'Notes', task.notes, may, { kind: 'long', blank: 'Add a note' })}
      </span>
      <plansync-pick
        .desk=${own}
        of=${of}
        name="owners"
        label="Owners of ${task.title ?? task.id}"
        .value=${task.owners}
        .choices=${() => peopleChoices(own).filter(({ id }) => own.partyOf(id) === own.party)}
        ?may=${may}
      ></plansync-pick>
      <span class="due">
        ${fieldOf(own, of, 'due', 'Due', task.due, may, { kind: 'day', shown: own.day(task.due), blank: 'no date' })}
      </span>
      ${
        may
          ? html`<button
              class="quiet icon"
              aria-label="Remove ${task.title ?? 'the task'}"
              @click=${() => own.edit((tx) => tx.tasks.remove(task.id))}
            >
              ✕
            </button>`
          : nothing
      }
    </li>`;
  }

  #asks(): Ask[] {
    return [
      { name: 'title', label: 'What', required: true, placeholder: 'Get the discount approved' },
      { name: 'due', label: 'Due', kind: 'day' },
      { name: 'notes', label: 'Notes', kind: 'long' },
    ];
  }

  #add(own: Desk, { title, due, notes }: Answers): boolean {
    const me = own.plan.me?.person;
    const isKnown = me !== undefined && this.desk.plan.people.has(me);
    return own.edit(
      (tx) =>
        void tx.tasks.add({
          title: title!,
          status: 'pending',
          ...(this.desk.party ? { party: this.desk.party } : {}),
          ...(isKnown ? { owners: [me] } : {}),
          ...(due ? { due } : {}),
          ...(notes ? { notes } : {}),
        }),
    );
  }

  #left = (): void => {
    this.adding = false;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#add-own')?.focus());
  };
}

define('plansync-private', Private);
export const privateLook = Private.look;
