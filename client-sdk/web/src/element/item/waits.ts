/**
 * What an item waits for, and what waits for it.
 *
 * In: an item. Out: edits of `dependencies`. What is always true: lists of all items are drawn only while one is open.
 */

import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { fieldOf, type Choices, type FieldOptions } from '../controls/facts.js';
import { split } from '../desk.js';
import { Piece, define } from '../piece.js';
import { itemOf } from '../controls/status.js';
import type { Dependency, Milestone, Task } from '../../schema.js';
import { counted } from '../words.js';

/** What waits, and for what: from the side of what waits, and of what is waited for. */
const TYPES: Readonly<Record<'from' | 'to', Choices>> = {
  from: [
    ['FS', 'starts after it ends'],
    ['SS', 'starts after it starts'],
    ['FF', 'ends after it ends'],
    ['SF', 'ends after it starts'],
  ],
  to: [
    ['FS', 'starts after this ends'],
    ['SS', 'starts after this starts'],
    ['FF', 'ends after this ends'],
    ['SF', 'ends after this starts'],
  ],
};

class Waits extends Piece {
  static override properties = { ...Piece.properties, of: {}, may: { type: Boolean }, picking: { state: true } };
  /** The item: `tasks/ca-1`. */
  declare of: string;
  declare may: boolean;
  /** Which list of items is open: a thousand of them are drawn only then. */
  declare picking: 'from' | 'to' | undefined;

  constructor() {
    super();
    this.may = false;
  }

  override render(): TemplateResult | typeof nothing {
    const { may } = this;
    const item = itemOf(this.desk, split(this.of)[1]);
    if (!item) return nothing;
    const all = this.desk.plan.dependencies.all();
    const before = all.filter((each) => each.to === item.id);
    const after = all.filter((each) => each.from === item.id);
    if (!may && before.length + after.length === 0) return nothing;
    return html`<section aria-label="Dependencies">
      <h3>Waits for</h3>
      ${this.#edges(before, 'from', may)} ${may ? this.#addEdge(item, before, 'from') : nothing}
      ${after.length || may ? html`<h3>Waited for by</h3>` : nothing} ${this.#edges(after, 'to', may)}
      ${may ? this.#addEdge(item, after, 'to') : nothing}
    </section>`;
  }

  #edges(edges: readonly Dependency[], end: 'from' | 'to', may: boolean): TemplateResult {
    const { desk } = this;
    return html`<ul class="deps">
      ${repeat(
        edges,
        (edge) => edge.id,
        (edge) => {
          const title = this.#titleOf(edge[end] ?? '');
          const strength = edge.strength ?? 'hard';
          const gap = edge.minGapDays ?? 0;
          const set = (fields: { strength?: string; minGapDays?: number }) =>
            desk.edit((tx) => tx.dependencies.set(edge.id, fields));
          const field = (name: string, label: string, value: string | undefined, options: FieldOptions) =>
            fieldOf(desk, `dependencies/${edge.id}`, name, label, value, may, options);
          return html`<li>
            <button class="quiet title" @click=${() => desk.show(this.#subjectOf(edge[end] ?? ''))}>${title}</button>
            ${
              may
                ? html`<select
                      aria-label="How strictly it waits for ${title}"
                      @change=${(event: Event) => set({ strength: (event.target as HTMLSelectElement).value })}
                    >
                      <option value="hard" ?selected=${strength === 'hard'}>must</option>
                      <option value="soft" ?selected=${strength === 'soft'}>should</option>
                    </select>
                    <label class="tag"
                      ><input
                        type="number"
                        min="0"
                        max="36600"
                        aria-label="Days between, ${title}"
                        .value=${String(gap)}
                        @change=${(event: Event) =>
                          set({
                            minGapDays: Math.max(0, Math.round(Number((event.target as HTMLInputElement).value))),
                          })}
                      />
                      d</label
                    >
                    <button
                      class="quiet icon"
                      aria-label="Remove the dependency: ${title}"
                      @click=${() => desk.remove([`dependencies/${edge.id}`], 'The dependency was removed.')}
                    >
                      ✕
                    </button>`
                : html`<span class="tag"
                    >${strength === 'hard' ? 'must' : 'should'}${gap ? `, ${counted(gap, 'day')} between` : ''}</span
                  >`
            }
            <span class="how mute small">
              ${field('type', `How it goes with ${title}`, edge.type ?? 'FS', { choices: TYPES[end] })}
              ${
                may || edge.note
                  ? field('note', `Note on ${title}`, edge.note, { kind: 'long', blank: 'add a note' })
                  : nothing
              }
            </span>
          </li>`;
        },
      )}
    </ul>`;
  }

  #addEdge(item: Milestone | Task, edges: readonly Dependency[], end: 'from' | 'to'): TemplateResult {
    const { desk } = this;
    const { milestones, tasks } = desk.plan;
    const taken = new Set([item.id, ...edges.map((edge) => edge[end])]);
    const add = (event: Event) => {
      const select = event.target as HTMLSelectElement;
      const other = select.value;
      select.value = '';
      if (!other) return;
      const [from, to] = end === 'from' ? [other, item.id] : [item.id, other];
      const id = `${from}>${to}`;
      const isBack = desk.plan.dependencies.has(id, { removed: true });
      desk.edit((tx) =>
        isBack ? tx.dependencies.restore(id) : void tx.dependencies.add({ from, to, type: 'FS', strength: 'hard' }),
      );
    };
    const options = (rows: readonly (Milestone | Task)[]) =>
      rows
        .filter((each) => !taken.has(each.id))
        .map((each) => html`<option value=${each.id}>${each.title ?? each.id}</option>`);
    return html`<select
      aria-label=${end === 'from' ? 'Add what it waits for' : 'Add what waits for it'}
      @focus=${() => (this.picking = end)}
      @pointerdown=${() => (this.picking = end)}
      @blur=${() => (this.picking = undefined)}
      @change=${add}
    >
      <option value="">Add…</option>
      ${
        this.picking === end
          ? html`<optgroup label="Milestones">${options(milestones.all())}</optgroup>
              <optgroup label="Tasks">${options(tasks.all())}</optgroup>`
          : nothing
      }
    </select>`;
  }

  #subjectOf(id: string): string {
    return this.desk.plan.milestones.has(id, { removed: true }) ? `milestones/${id}` : `tasks/${id}`;
  }

  #titleOf(id: string): string {
    return this.desk.title(this.#subjectOf(id)) ?? id;
  }
}

define('plansync-waits', Waits);
