/**
 * Where others stand in a text that they have open too: a caret with a name, and what they have selected.
 *
 * In: the cursors that others show, `{anchor, head}` as Yjs relative positions, which editors for Yjs show too. Out: the
 * same of the reader's own; a layer over the text. What is always true: a cursor that is none is passed over; a caret stays
 * between its letters whatever is written around it; nothing of the layer is read out, takes a click or moves a letter.
 */

import { css, html, nothing, render, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import * as Y from 'yjs';
import type { Plan } from '../../plan.js';
import type { Present } from '../../presence.js';
import { textAt } from '../../read.js';
import type { Desk } from '../desk.js';
import { Piece, define } from '../piece.js';
import { styled } from '../styled.js';

/** More carets than this in one text are a crowd: their names stand above it. */
const CARETS_MAX = 12;
/** A name that begins nearer to the edge than this is written before its caret. */
const NAME_PX = 140;

/** A cursor as others are shown it. */
export interface Cursor {
  readonly anchor: unknown;
  readonly head: unknown;
}

/** Somebody's caret, in the letters of a text. */
export interface Caret {
  /** Another whenever they have moved it themselves. */
  readonly key: string;
  readonly name: string;
  readonly side: string;
  readonly anchor: number;
  readonly head: number;
}

/** The cursor at these letters, to show to others. */
export function cursorAt(text: Y.Text, anchor: number, head: number): Cursor {
  const at = (offset: number) => Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, offset));
  return { anchor: at(anchor), head: at(head) };
}

/** At which letter of a text a position of somebody else is; nothing where it is in another text, or is no position. */
export function offsetIn(text: Y.Text, position: unknown): number | undefined {
  if (!text.doc || typeof position !== 'object' || position === null) return;
  const { type, item, assoc } = position as { type?: unknown; item?: unknown; assoc?: unknown };
  // The name of a root would make that root. Texts of a plan have none.
  if (![type, item].every((id) => id === undefined || id === null || isId(id)) || !(type ?? item)) return;
  try {
    const relative = Y.createRelativePositionFromJSON({ type, item, assoc: assoc === -1 ? -1 : 0 });
    const found = Y.createAbsolutePositionFromRelativePosition(relative, text.doc);
    return found?.type === text ? found.index : undefined;
  } catch {
    return;
  }
}

function isId(id: unknown): boolean {
  const { client, clock } = id as { client?: unknown; clock?: unknown };
  return [client, clock].every((each) => Number.isSafeInteger(each) && (each as number) >= 0);
}

/** The carets of others in a text. */
export function caretsIn(desk: Desk, text: Y.Text): readonly Caret[] {
  const me = desk.plan.me?.person;
  const caret = (each: Present): Caret[] => {
    const { anchor, head } = each.cursor as Cursor;
    const [from, to] = [offsetIn(text, anchor), offsetIn(text, head)];
    if (from === undefined || to === undefined) return [];
    return [
      {
        key: `${each.clientId} ${JSON.stringify(each.cursor)}`,
        name: each.name ?? desk.personName(each.person),
        side: desk.side(each.party),
        anchor: from,
        head: to,
      },
    ];
  };
  return desk.plan.presence.others
    .filter((each) => each.person !== me && typeof each.cursor === 'object' && each.cursor !== null)
    .flatMap(caret)
    .slice(0, CARETS_MAX);
}

/** The layer: it stands after the text area, or the paragraph, that it is laid over. */
class Carets extends Piece {
  static look = css`
    .text-body {
      position: relative;
      display: grid;
    }
    plansync-carets {
      position: absolute;
      top: 0;
      left: 0;
      pointer-events: none;
      line-height: 1.5;
      /* A name may stand above the first line, and nowhere else out of the text. */
      clip-path: inset(-1.25rem 0 0 0);
    }
    textarea + plansync-carets {
      top: 1px;
      left: 1px;
    }
    plansync-carets .mirror {
      visibility: hidden;
      white-space: pre-wrap;
      overflow-wrap: break-word;
      text-align: start;
    }
    textarea + plansync-carets .mirror {
      padding: 0.375em 0.625em;
    }
    plansync-carets i {
      position: absolute;
      forced-color-adjust: none;
      background: var(--who);
    }
    plansync-carets .range {
      opacity: 0.22;
    }
    plansync-carets .caret {
      width: 2px;
      margin-inline-start: -1px;
      border-radius: 1px;
    }
    plansync-carets .caret b {
      position: absolute;
      bottom: 100%;
      left: 0;
      max-width: 10rem;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
      padding: 0 0.375rem;
      border-radius: 0.25rem 0.25rem 0.25rem 0;
      font-size: 0.6875rem;
      font-weight: 600;
      font-style: normal;
      line-height: 1.4;
      color: var(--bg);
      background: var(--who);
      animation: name-goes 0.3s ease-in 4s forwards;
    }
    plansync-carets .caret.back b {
      left: auto;
      right: 0;
      border-radius: 0.25rem 0.25rem 0 0.25rem;
    }
    plansync-carets .who {
      --who: var(--other);
    }
    plansync-carets .who.buyer {
      --who: var(--buyer);
    }
    plansync-carets .who.seller {
      --who: var(--seller);
    }
    plansync-carets .who.partner {
      --who: var(--partner);
    }
    @keyframes name-goes {
      to {
        opacity: 0;
        visibility: hidden;
      }
    }
    @media (prefers-reduced-motion: reduce) {
      plansync-carets .caret b {
        animation-timing-function: step-end;
      }
    }
    @media print {
      plansync-carets {
        display: none;
      }
    }
  `;

  static override properties = { ...Piece.properties, of: {} };
  /** The place of the text: `tasks/ca-1/notes`. */
  declare of: string;

  #heardOf: Plan | undefined;
  #stop: (() => void) | undefined;
  readonly #sizes = new ResizeObserver(() => this.requestUpdate());
  #over: HTMLElement | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute('aria-hidden', 'true');
  }

  override disconnectedCallback(): void {
    this.#stop?.();
    this.#stop = this.#heardOf = undefined;
    this.#watch(undefined);
    super.disconnectedCallback();
  }

  /** Carets move more often than anything else: who shows one hears of it directly. */
  protected override willUpdate(): void {
    super.willUpdate();
    const { plan } = this.desk;
    if (!this.isConnected || this.#heardOf === plan) return;
    this.#stop?.();
    this.#heardOf = plan;
    this.#stop = plan.on('presence', () => this.requestUpdate());
  }

  get #carets(): readonly Caret[] {
    const text = textAt(this.desk.plan.doc, this.of);
    return text ? caretsIn(this.desk, text) : [];
  }

  override render(): TemplateResult | typeof nothing {
    if (this.#carets.length === 0) return nothing;
    return html`<div class="mirror"></div>
      <div class="layer"></div>`;
  }

  protected override updated(): void {
    const mirror = this.querySelector<HTMLElement>('.mirror');
    const marks = this.querySelector<HTMLElement>('.layer');
    const over = this.previousElementSibling;
    const isShown = mirror && marks && over instanceof HTMLElement;
    this.#watch(isShown ? over : undefined);
    if (!isShown) return;
    const letters = over instanceof HTMLTextAreaElement ? over.value : (over.textContent ?? '');
    // Something has to stand after the last line break, or its line has no height.
    mirror.textContent = `${letters}\u200b`;
    this.style.width = `${over.clientWidth}px`;
    this.style.height = `${over.clientHeight}px`;
    mirror.style.marginTop = `${-over.scrollTop}px`;
    render(this.#marks(mirror.firstChild as Text, letters.length), marks);
  }

  #watch(over: HTMLElement | undefined): void {
    if (over === this.#over) return;
    this.#over?.removeEventListener('scroll', this.#again);
    this.#sizes.disconnect();
    this.#over = over;
    over?.addEventListener('scroll', this.#again, { passive: true });
    if (over) this.#sizes.observe(over);
  }

  #again = (): void => this.requestUpdate();

  #marks(letters: Text, length: number): TemplateResult {
    const frame = this.getBoundingClientRect();
    const range = document.createRange();
    const rects = (from: number, to: number): DOMRect[] => {
      range.setStart(letters, Math.min(from, length));
      range.setEnd(letters, Math.min(to, length + 1));
      return [...range.getClientRects()].map(
        (each) => new DOMRect(each.x - frame.x, each.y - frame.y, each.width, each.height),
      );
    };
    const isSeen = ({ y, height }: DOMRect) => y + height / 2 > 0 && y + height / 2 < frame.height;
    const px = (value: number) => `${value}px`;
    return html`${repeat(
      this.#carets,
      ({ key }) => key,
      ({ name, side, anchor, head }) => {
        // The end of the range is the caret itself; where a browser gives it no place, the letter after it has one.
        const at = rects(head, head).at(-1) ?? rects(head, head + 1)[0];
        const chosen =
          anchor === head ? [] : rects(Math.min(anchor, head), Math.max(anchor, head)).filter((each) => isSeen(each));
        return html`<span class="who ${side}"
          >${chosen.map(
            ({ x, y, width, height }) =>
              html`<i
                class="range"
                ${styled({ left: px(x), top: px(y), width: px(Math.max(width, 2)), height: px(height) })}
              ></i>`,
          )}${
            at && isSeen(at)
              ? html`<i
                  class="caret ${at.x > frame.width - NAME_PX ? 'back' : ''}"
                  ${styled({ left: px(at.x), top: px(at.y), height: px(at.height) })}
                  ><b>${name}</b></i
                >`
              : nothing
          }</span
        >`;
      },
    )}`;
  }
}

define('plansync-carets', Carets);
export const caretsLook = Carets.look;
