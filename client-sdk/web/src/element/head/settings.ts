/**
 * How the plan is kept: how far the deal is, what its target means, whose days count, who is asked.
 *
 * In: the plan's own fields. Out: edits, each where it stands. What is always true: what goes without saying is shown as
 * what holds.
 */

import { html, type TemplateResult } from 'lit';
import { choicesOf, fact, factsOf, zoneChoices, type Choices } from '../controls/facts.js';
import type { Choice } from '../controls/pick.js';
import type { Desk } from '../desk.js';
import { apart, weekdayWords } from '../words.js';

const STAGES = ['draft', 'active', 'on_hold', 'won', 'lost', 'onboarding', 'complete', 'archived'] as const;
const DAYS = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'] as const;
const TARGETS: Choices = [
  ['close', 'The contract is signed'],
  ['go_live', 'The buyer begins to use it'],
  ['other', 'Something else'],
];
const SHIFTS: Choices = [
  ['propose', 'Propose what must move'],
  ['consume', 'Use up slack first'],
  ['keep_gap', 'Move all by as much'],
  ['off', 'Propose nothing'],
];
const TRUST: Choices = [
  ['handshake', 'The other side is asked'],
  ['open', 'Edits hold at once'],
];

/** The settings of a plan. */
export function settingsOf(desk: Desk): TemplateResult {
  const { plan, rights } = desk;
  const { meta } = plan;
  const row = (
    field: string,
    ...rest: [string, string | undefined, { choices?: Choices; blank?: string; note?: string | undefined }?]
  ) => factsOf(desk, 'meta', rights.meta(field))(field, ...rest);
  const others = plan.parties.all().filter(({ id, kind }) => kind !== 'partner' && id !== desk.party);
  const names = others.map(({ id }) => apart(desk.partyName(id))).join(' and ');
  const note = meta.trust === 'open' || !names ? undefined : `${names} will be asked to agree.`;
  const days = (): readonly Choice[] => DAYS.map((id, day) => ({ id, words: weekdayWords(day, desk.locale, 'short') }));
  const stated = meta.workingDays?.length ? meta.workingDays : undefined;
  return html`<dl class="facts">
    ${row('stage', 'Stage', meta.stage, { choices: choicesOf(STAGES) })}
    ${row('priority', 'Priority', meta.priority, { blank: 'a priority of the buyer’s' })}
    ${row('target.kind', 'Target', meta.target?.kind, { choices: TARGETS, note, blank: 'what is reached then' })}
    ${row('tz', 'Time zone', meta.tz, { choices: zoneChoices() })}
    ${fact(
      'Working days',
      html`<plansync-pick
        .desk=${desk}
        of="meta"
        name="workingDays"
        label="Working days"
        .value=${DAYS.filter((each) => !stated || stated.includes(each))}
        .choices=${days}
        ?implied=${!stated}
        ?may=${rights.meta('workingDays')}
      ></plansync-pick>`,
    )}
    ${row('shiftMode', 'When one slips', meta.shiftMode ?? 'propose', { choices: SHIFTS })}
    ${row('trust', 'Consent', meta.trust ?? 'handshake', { choices: TRUST })}
  </dl>`;
}
