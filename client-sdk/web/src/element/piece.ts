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

  /** The desk has something new. A part of which there are thousands looks first whether it shows any of it. */
  protected heard(): void {
    this.requestUpdate();
  }

  #listen(): void {
    if (this.#heard === this.desk) return;
    this.#stop?.();
    this.#heard = this.desk;
    this.#stop = this.desk?.listen(() => this.heard());
  }
}

/** Names a part for HTML, once; a page may load the element twice. */
export function define(name: string, part: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, part);
}
