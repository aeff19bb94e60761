/**
 * What a complete plan has and this one lacks, for whoever writes it: missing owners, gaps that do not fit, a plan that
 * ends at the signature. It is the server's advice, never a refusal.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import type { Advice } from '../../http.js';
import { counted } from '../words.js';
import { goTo } from '../controls/list.js';
import { Piece, define } from '../piece.js';

/** What each level is called and how it is marked; whatever else a newer server says is a thought. */
const LEVELS: Readonly<Record<string, readonly [sign: string, word: string]>> = {
  error: ['●', 'To mend'],
  warning: ['◐', 'To better'],
};
const THOUGHT = ['○', 'A thought'] as const;

/** Collections whose entities have a place in the page. */
const SHOWN: ReadonlySet<string> = new Set([
  'milestones',
  'tasks',
  'risks',
  'criteria',
  'objectives',
  'people',
  'meta',
]);

class AdviceList extends Piece {
  static look = css`
    .advice {
      margin-top: 1.5rem;
      font-size: 0.9333rem;
    }
    .advice summary {
      color: var(--mute);
      cursor: pointer;
      padding: 0.25rem 0;
    }
    .advice li {
      display: flex;
      gap: 0.625rem;
      align-items: baseline;
      padding: 0.25rem 0;
    }
    .advice li > i {
      flex: none;
      font-style: normal;
      color: var(--mute);
    }
    .advice .error > i {
      color: var(--late);
    }
    .advice .link {
      flex: none;
    }
  `;

  override render(): TemplateResult | typeof nothing {
    const { desk } = this;
    const { milestones, tasks } = desk.plan;
    const advice = desk.answer?.lint ?? [];
    // What to do first in an empty plan is said elsewhere.
    if (milestones.size + tasks.size === 0) return nothing;
    if (advice.length === 0 || !desk.rights.lead || desk.beside) return nothing;
    const errors = advice.filter(({ level }) => level === 'error').length;
    return html`<details class="advice no-print" part="advice">
      <summary>
        ${counted(advice.length, 'thing', 'things')} would make this plan
        stronger${errors ? html`, <b class="late">${errors} to mend</b>` : nothing}
      </summary>
      <ul>
        ${advice.map((each) => this.#line(each))}
      </ul>
    </details>`;
  }

  #line({ level, message, subject }: Advice): TemplateResult {
    const [sign, word] = LEVELS[level] ?? THOUGHT;
    const place = placeOf(subject);
    return html`<li class=${level === 'error' ? 'error' : ''}>
      <i aria-hidden="true">${sign}</i>
      <span><span class="unseen">${word}:</span> ${message}</span>
      ${
        place === undefined
          ? nothing
          : html`<button class="link" aria-label="Show: ${message}" @click=${() => goTo(this, place)}>Show</button>`
      }
    </li>`;
  }
}

/** Where the page shows what advice is about: of a dependency what waits. */
function placeOf(subject: string | undefined): string | undefined {
  const [collection = '', id = ''] = subject?.split('/', 2) ?? [];
  if (collection === 'dependencies') return `tasks/${id.split('>')[1]}`;
  return SHOWN.has(collection) ? subject : undefined;
}

define('plansync-advice', AdviceList);
export const adviceLook = AdviceList.look;
