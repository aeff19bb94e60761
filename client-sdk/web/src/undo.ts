/**
 * Undo and redo of one's own edits, and of nobody else's.
 *
 * In: the document and who counts as somebody else. What is always true: an entity that was added is not deleted by undo
 * but marked as removed, and redo takes the mark away: hard deletion is not a person's to make, and what others have
 * written into it meanwhile is not lost.
 */

import * as Y from 'yjs';
import { COLLECTIONS } from './schema.js';

/** Own edits this close to each other are one step. */
const STEP_MS = 500;

/** Every origin: which transactions count is decided one by one. */
class AnyOrigin extends Set<unknown> {
  override has(): boolean {
    return true;
  }
}

type Step = Y.UndoManager['undoStack'][number];

/** Undo and redo over a whole plan. Editors may be given it as their own. */
export class PlanUndoManager extends Y.UndoManager {
  readonly #entityRoots: ReadonlySet<unknown>;

  /** A manager of the edits whose origin is not a foreign one. */
  constructor(doc: Y.Doc, foreign: ReadonlySet<unknown>) {
    const roots = COLLECTIONS.map((collection) => doc.getMap<unknown>(collection.name));
    let filter: (item: Y.Item) => boolean = () => true;
    super(roots, {
      captureTimeout: STEP_MS,
      trackedOrigins: new AnyOrigin(),
      captureTransaction: (transaction) => !foreign.has(transaction.origin),
      deleteFilter: (item) => filter(item),
    });
    this.#entityRoots = new Set<unknown>(roots.slice(1));
    filter = (item) => {
      const entity = entityItem(item, this.#entityRoots);
      return !entity || !this.#step || !Y.isDeleted(this.#step.insertions, entity.id);
    };
  }

  /** The step that is being taken back. */
  #step: Step | undefined;

  /** Takes back the last step that still changes something. */
  override undo(): Step | null {
    return this.#take('undoStack', 'undoing', () => super.undo());
  }

  /** Makes the last step that was taken back again. */
  override redo(): Step | null {
    return this.#take('redoStack', 'redoing', () => super.redo());
  }

  /** One step after the other, until one changes something. */
  #take(name: 'undoStack' | 'redoStack', doing: 'undoing' | 'redoing', pop: () => Step | null): Step | null {
    const stack = this[name];
    for (let step = stack.pop(); step; step = stack.pop()) {
      this[name] = [step];
      this.#step = step;
      try {
        const added = this.#addedIn(step);
        let popped: Step | null = null;
        // While this is set, what is written goes to the other stack.
        this[doing] = true;
        this.doc.transact(() => {
          added.forEach((entity) => entity.set('removed', true));
          popped = pop();
          this[doing] = true;
        }, this);
        if (popped || added.length > 0) return step;
      } finally {
        this[doing] = false;
        this[name] = stack;
        this.#step = undefined;
      }
    }
    return null;
  }

  /** The entities that a step has added and that are not removed. */
  #addedIn(step: Step): Y.Map<unknown>[] {
    const added: Y.Map<unknown>[] = [];
    for (const root of this.#entityRoots as ReadonlySet<Y.Map<unknown>>) {
      for (const entity of root.values()) {
        const item = entity instanceof Y.Map ? entity._item : null;
        if (item && Y.isDeleted(step.insertions, item.id)) added.push(entity as Y.Map<unknown>);
      }
    }
    return added.filter((entity) => entity.get('removed') !== true);
  }
}

/** The item of the entity that an item is, or lies within. */
function entityItem(item: Y.Item, roots: ReadonlySet<unknown>): Y.Item | undefined {
  for (let at: Y.Item | null = item; at; at = (at.parent as Y.AbstractType<unknown> | null)?._item ?? null) {
    if (roots.has(at.parent)) return at.content instanceof Y.ContentType ? at : undefined;
  }
  return undefined;
}
