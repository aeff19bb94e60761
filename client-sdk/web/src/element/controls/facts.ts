/**
 * Fields by their names, as rows of a `<dl class="facts">`; those that are seldom changed are folded away.
 *
 * In: an entity, and whether the reader may change it. Out: rows. What is always true: whoever may not change a field is
 * shown it only where there is something to read; of a choice the words are shown, not what stands in the plan.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import type { Desk } from '../desk.js';
import type { FieldKind } from './field.js';
import { wordOf } from '../words.js';

/** Value and words. */
export type Choices = readonly (readonly [string, string])[];
/** A row, or nothing. */
export type Fact = TemplateResult | typeof nothing;

/** How a field is edited and shown, where it is not a line of text shown as it is. */
export interface FieldOptions {
  readonly kind?: FieldKind | undefined;
  readonly choices?: Choices | undefined;
  readonly shown?: TemplateResult | string | undefined;
  /** What stands where nothing does. */
  readonly blank?: string;
  readonly note?: string | undefined;
  readonly take?: (written: string) => unknown;
}

/** The look of facts. */
export const factsLook = css`
  .facts {
    display: grid;
    grid-template-columns: 7rem minmax(0, 1fr);
    gap: 0.25rem 0.75rem;
    align-items: center;
  }
  .facts dt {
    color: var(--mute);
    font-size: 0.8667rem;
  }
  .facts dd {
    min-width: 0;
    min-height: 1.75rem;
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 0.5rem;
    align-items: center;
  }
  .rest {
    font-size: 0.8667rem;
  }
  .rest > summary {
    width: fit-content;
    min-height: 1.5rem;
    color: var(--mute);
    cursor: pointer;
  }
`;

/** One field, where it stands. */
export function fieldOf(
  desk: Desk,
  of: string,
  name: string,
  label: string,
  value: string | number | undefined,
  may: boolean,
  { kind, choices, shown, blank = 'none', note, take }: FieldOptions = {},
): TemplateResult {
  const words = choices?.find(([each]) => each === value)?.[1];
  return html`<plansync-field
    .desk=${desk}
    of=${of}
    name=${name}
    kind=${kind ?? (choices ? 'choice' : 'text')}
    label=${label}
    .value=${value}
    .shown=${shown ?? words}
    .choices=${choices ?? []}
    .take=${take}
    blank=${blank}
    ?block=${kind === 'long'}
    note=${note ?? nothing}
    ?may=${may}
  ></plansync-field>`;
}

/** Draws rows of one entity: the name of the field, its label, what it holds. */
export function factsOf(desk: Desk, of: string, may: boolean) {
  return (name: string, label: string, value: string | number | undefined, options?: FieldOptions): Fact =>
    may || (value !== undefined && value !== '')
      ? fact(label, fieldOf(desk, of, name, label, value, may, options))
      : nothing;
}

/** A row with another control. */
export function fact(label: string, control: TemplateResult): TemplateResult {
  return html`<dt>${label}</dt>
    <dd>${control}</dd>`;
}

/** Rows that are folded away; nothing where there is none. `about` says of what, for whoever hears it. */
export function folded(about: string, rows: readonly Fact[], below: Fact = nothing): Fact {
  if (rows.every((each) => each === nothing)) return nothing;
  return html`<details class="rest">
    <summary aria-label="More about ${about}">More</summary>
    <dl class="facts">${rows}</dl>
    ${below}
  </details>`;
}

/** Words as they stand in a plan, to choose from. */
export function choicesOf(values: readonly string[]): Choices {
  return values.map((each) => [each, wordOf(each)]);
}

/** Yes or no, in the words of what it means. */
export function yesOrNo(yes: string, no: string): FieldOptions {
  const choices: Choices = [
    ['yes', yes],
    ['no', no],
  ];
  return { choices, take: (written) => written === 'yes' || null };
}

/** What a field of {@link yesOrNo} holds. */
export const said = (is: boolean | undefined): string => (is ? 'yes' : 'no');

/** Parties to choose from. */
export function partyChoices(desk: Desk): Choices {
  return (desk.beside ?? desk).plan.parties.all().map(({ id }) => [id, desk.partyName(id)]);
}

let zones: readonly string[] | undefined;

/** Time zones to choose from. */
export function zoneChoices(): Choices {
  zones ??= ['UTC', ...Intl.supportedValuesOf('timeZone').filter((each) => each !== 'UTC')];
  return [['', 'none'], ...zones.map((each) => [each, each.replaceAll('_', ' ')] as const)];
}
