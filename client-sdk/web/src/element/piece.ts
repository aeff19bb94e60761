/**
 * What every part of the element is: a Lit component in the light DOM of its parent, drawn again when the desk says so.
 *
 * In: a {@link Desk}. What is always true: parts have no shadow root of their own, so one style sheet, one set of ids and
 * one set of `::part` names cover the whole element.
 */

import { LitElement, type PropertyDeclarations } from 'lit';
import type { Desk } from './desk.js';

/** A part of the element. */
export abstract class Piece extends LitElement {
  static override properties: PropertyDeclarations = { desk: { attribute: false } };

  declare desk: Desk;
  #stop: (() => void) | undefined;
  #heard: Desk | undefined;
  #news = -1;
  #shown: readonly unknown[] = [];

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listen();
  }

  override disconnectedCallback(): void {
    this.#stop?.();
    this.#stop = this.#heard = undefined;
    super.disconnectedCallback();
  }

  protected override willUpdate(): void {
    if (this.isConnected) this.#listen();
  }

  /** The desk has something new; how many edits wait to be sent is no news but for whoever shows that. */
  protected heard(): void {
    const { news } = this.desk;
    if (news === this.#news) return;
    this.#news = news;
    if (this.showsOther()) this.requestUpdate();
  }

  /** What the part shows of the desk, where that is less than everything: while each is the same, it is not drawn again. */
  protected get shows(): readonly unknown[] | undefined {
    return undefined;
  }

  /** Whether any of what the part shows is another value than when this was last asked. */
  protected showsOther(): boolean {
    const { shows } = this;
    if (shows?.length === this.#shown.length && shows.every((each, n) => each === this.#shown[n])) return false;
    this.#shown = shows ?? [];
    return true;
  }

  #listen(): void {
    if (this.#heard === this.desk) return;
    this.#stop?.();
    this.#heard = this.desk;
    this.#news = -1;
    this.#shown = [];
    this.#stop = this.desk?.listen(() => this.heard());
  }
}

/** Names a part for HTML, once; a page may load the element twice. */
export function define(name: string, part: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, part);
}
