/**
 * Places that are worked out: `<i ${styled({ left: '12px' })}>`.
 *
 * What is always true: properties are set one by one by script, and never as a `style` attribute, which a page's policy may
 * forbid.
 */

import { noChange, type ElementPart } from 'lit';
import { Directive, directive } from 'lit/directive.js';

/** Properties by their CSS names. */
type Styles = Readonly<Record<string, string>>;

class Styled extends Directive {
  #before: Styles = {};

  override render(_: Styles): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [styles]: [Styles]): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const [name, value] of Object.entries(styles))
      if (this.#before[name] !== value) style.setProperty(name, value);
    this.#before = styles;
    return noChange;
  }
}

/** Sets style properties of the element it stands in. The names stay the same from one drawing to the next. */
export const styled = directive(Styled);
