/** People and parties as chips: a colour, a shape and a name, so that the side is told three ways. */

import { html, nothing, type TemplateResult } from 'lit';
import type { Desk } from '../desk.js';
import type { Side } from '../words.js';

/** A word for a side, for whoever hears the page. */
export function sideWords(desk: Desk, party: string | undefined): string {
  return party === 'joint' ? 'both' : desk.partyName(party);
}

/** A chip with the shape of a side. */
export function chip(side: Side, text: string, more: { title?: string; dashed?: boolean } = {}): TemplateResult {
  return html`<span class="chip ${side} ${more.dashed ? 'placeholder' : ''}" title=${more.title ?? nothing} part="chip"
    ><i class="shape" aria-hidden="true"></i>${text}</span
  >`;
}

/** Somebody. */
export function personChip(desk: Desk, id: string): TemplateResult {
  const person = (desk.beside ?? desk).plan.people.get(id, { removed: true });
  const party = person?.party;
  const title = [person?.title ?? person?.role, party && desk.partyName(party), person?.placeholder && 'not named yet'];
  return chip(desk.side(party), desk.personName(id), { title: title.filter(Boolean).join(', ') });
}

/** The owners of an item; of a task without one the party it is asked of. */
export function ownerChips(
  desk: Desk,
  owners: readonly string[] | undefined,
  party?: string,
  none = 'no owner yet',
): TemplateResult {
  const chips = owners?.length
    ? owners.map((id) => personChip(desk, id))
    : party
      ? [chip(desk.side(party), party === 'joint' ? 'Both' : desk.partyName(party), { dashed: true })]
      : [html`<span class="tag">${none}</span>`];
  return html`<span class="chips">${chips}</span>`;
}
