/**
 * The summary, whole, in the page: what changed since a moment, what else moves, who is next; to read, copy and keep.
 *
 * In: the plan's touchpoints, the reader's choice of a moment. Out: nothing is written; the clipboard and files. What is
 * always true: it is the server's summary (`docs/summary.md`) in every form; what is private to the reader's party stands
 * apart, in its own colour, and is never in what is copied or kept of the shared one.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { plain, spans } from './changed.js';
import type { Line, Span, Step, Summary } from '../desk.js';
import { Dialog, saying } from '../controls/dialog.js';
import { define } from '../piece.js';
import { daysBetween, longDayWords, shiftWords } from '../words.js';

/** A row of the plan as the summary shows it. */
interface Row {
  readonly subject: string;
  readonly symbol?: string;
  readonly isTask: boolean;
  readonly title: readonly Span[];
  readonly owners: readonly (readonly Span[])[];
  readonly due: readonly Span[];
  readonly status: readonly Span[];
}

/** The whole of it. */
interface Whole extends Omit<Summary, 'waiting' | 'nextReview' | 'moves' | 'standing'> {
  readonly standing?: Summary['standing'];
  readonly title?: string;
  readonly sinceLabel?: string;
  readonly asOf?: string;
  readonly moves?: Summary['moves'] & { readonly lines?: readonly Line[] };
  readonly next?: readonly { party: string; label: string; isReader: boolean; steps: readonly Step[]; more: number }[];
  readonly waiting?: { readonly lines: readonly Line[]; readonly more: number };
  readonly nextReview?: Line;
  readonly ownerColumns?: readonly string[];
  readonly phases?: readonly {
    readonly name?: string;
    readonly complete: number;
    readonly total: number;
    readonly atRisk: number;
    readonly due?: string;
    readonly rows: readonly Row[];
  }[];
}

/** From where to where it counts, as the server is asked. */
type Window = Readonly<Record<string, string | number>>;

class SummaryDialog extends Dialog {
  static look = css`
    .sum {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: 1.25rem;
    }
    .sum .headline {
      font-size: 1.1875rem;
      line-height: 1.35;
      font-weight: 640;
      letter-spacing: -0.01em;
      text-wrap: pretty;
    }
    .sum .box {
      display: grid;
      grid-template-columns: max-content 1fr;
      gap: 0.25rem 1.25rem;
      padding: 0.875rem 1.125rem;
      border-radius: 0.75rem;
      background: var(--bg);
      font-size: 0.9333rem;
    }
    .sum .box dt {
      color: var(--mute);
    }
    .sum .legend {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 1rem;
      color: var(--mute);
      font-size: 0.9rem;
    }
    .sum section > h3 {
      margin-bottom: 0.375rem;
      padding-bottom: 0.25rem;
      border-bottom: 1px solid var(--line);
    }
    .sum h4 {
      margin: 0.625rem 0 0.125rem;
      font-size: 0.75rem;
      letter-spacing: 0.06em;
      text-transform: uppercase;
      font-weight: 650;
      color: var(--mute);
    }
    .sum li {
      display: flex;
      gap: 0.5rem;
      padding: 0.125rem 0;
      font-size: 0.9333rem;
    }
    .sum li > i {
      flex: none;
      width: 1.25rem;
      font-style: normal;
      text-align: center;
    }
    .sum .wide {
      overflow-x: auto;
    }
    .sum table {
      width: 100%;
      border-collapse: collapse;
      font-size: 0.8667rem;
    }
    .sum :is(th, td) {
      text-align: start;
      vertical-align: top;
      font-weight: 400;
      padding: 0.25rem 0.75rem 0.25rem 0;
      overflow-wrap: break-word;
    }
    .sum thead th {
      color: var(--mute);
      font-size: 0.75rem;
    }
    .sum tbody tr {
      border-top: 1px solid var(--line);
    }
    .sum tr.marked {
      background: linear-gradient(90deg, var(--hot), transparent 80%);
      box-shadow: inset 3px 0 var(--hot-line);
    }
    .sum td.sign,
    .sum th.sign {
      width: 1.75rem;
      padding-inline-start: 0.5rem;
    }
    .sum tr.task td.name {
      padding-inline-start: 1rem;
    }
    .sum-tools {
      display: flex;
      flex-wrap: wrap;
      gap: 0.5rem;
      align-items: end;
    }
    .sum-tools label {
      flex: 1 1 15rem;
    }
    .addendum {
      padding: 1rem 1.25rem 1.25rem;
      border: 1px solid var(--secret-line);
      border-inline-start-width: 4px;
      border-radius: 0.75rem;
      background: var(--secret-bg);
      color: var(--secret);
    }
    .addendum .sum {
      color: var(--ink);
      margin-top: 0.5rem;
    }
    @media (max-width: 40rem) {
      .sum .box {
        grid-template-columns: 1fr;
        gap: 0;
      }
      .sum .box dd {
        margin-bottom: 0.5rem;
      }
    }
  `;

  static override properties = {
    ...Dialog.properties,
    chosen: { state: true },
    whole: { state: true },
    addendum: { state: true },
    said: { state: true },
  };
  declare chosen: string;
  declare whole: Whole | undefined;
  declare addendum: Whole | undefined;
  declare said: string;
  #asked = 0;
  #texts = new Map<string, Promise<string>>();

  constructor() {
    super();
    this.chosen = this.said = '';
  }

  /** Opens it: of a touchpoint that has ended, since the last one, or since the reader's last visit. */
  override show(chosen?: string): void {
    super.show();
    this.chosen = chosen ?? this.#choices()[0]?.value ?? '';
    void this.#ask();
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.isOpen) return nothing;
    const { whole } = this;
    return this.sheet(
      'Summary',
      html`<div class="sum-tools">
          <label class="field"
            >What changed
            <select
              .value=${this.chosen}
              @change=${(event: Event) => {
                this.chosen = (event.target as HTMLSelectElement).value;
                void this.#ask();
              }}
            >
              ${this.#choices().map(
                ({ value, label }) => html`<option value=${value} ?selected=${value === this.chosen}>${label}</option>`,
              )}
            </select>
          </label>
          <button class="pri" ?disabled=${!whole} @click=${this.#copyMail}>Copy as mail</button>
          <button ?disabled=${!whole} @click=${this.#copyMarkdown}>Copy Markdown</button>
          <button ?disabled=${!whole} @click=${() => this.#keep('md')}>.md</button>
          <button ?disabled=${!whole} @click=${() => this.#keep('html')}>.html</button>
        </div>
        <p class="ok small" role="status">${this.said}</p>
        ${
          whole
            ? this.#draw(whole)
            : this.wrong
              ? nothing
              : html`<div class="bones" aria-label="Making the summary"><i></i><i></i><i></i></div>`
        }
        ${
          this.addendum
            ? html`<section class="addendum" aria-label="Private addendum" part="addendum">
                <h3>🔒 Private to ${this.desk.partyName(this.desk.party)}</h3>
                <p class="small">Nobody else reads this, and it is not in what you copy or download above.</p>
                ${this.#draw(this.addendum)}
                <p class="row"><button class="push" @click=${this.#copyAddendum}>Copy the private part</button></p>
              </section>`
            : nothing
        }`,
    );
  }

  /** The moments to count from, the most likely first. */
  #choices(): { value: string; label: string }[] {
    const { desk } = this;
    const touchpoints = desk.plan.touchpoints
      .all()
      .filter((each) => each.startedAt)
      .sort((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? ''));
    const name = (each: (typeof touchpoints)[number]) =>
      `${each.title ?? each.kind ?? 'call'}, ${desk.day((each.endedAt ?? each.startedAt)?.slice(0, 10))}`;
    const closed = touchpoints.filter((each) => each.closedSeq !== undefined);
    const open = touchpoints.filter((each) => each.closedSeq === undefined);
    return [
      ...open.map((each) => ({ value: `since:${each.id}`, label: `In the call that runs: ${name(each)}` })),
      ...closed.slice(0, 1).map((each) => ({ value: `of:${each.id}`, label: `In the last call: ${name(each)}` })),
      { value: 'visit', label: 'Since my last visit' },
      ...closed.map((each) => ({ value: `since:${each.id}`, label: `Since ${name(each)}` })),
      ...closed.slice(1).map((each) => ({ value: `of:${each.id}`, label: `In ${name(each)}` })),
      { value: 'all', label: 'Since the beginning' },
    ];
  }

  get #window(): Window {
    const [kind, id = ''] = this.chosen.split(/:(.*)/s);
    const touchpoint = this.desk.plan.touchpoints.get(id);
    if (kind === 'of' && touchpoint?.closedSeq !== undefined)
      return { since: touchpoint.baselineSeq ?? 0, until: touchpoint.closedSeq };
    if (kind === 'since') return { since: id };
    return { since: kind === 'visit' ? 'last-visit' : 0 };
  }

  get #path(): string {
    return `v1/plans/${encodeURIComponent(this.desk.plan.id)}/summary`;
  }

  async #ask(): Promise<void> {
    const asked = ++this.#asked;
    const { plan } = this.desk;
    this.whole = this.addendum = undefined;
    this.#texts.clear();
    this.wrong = this.said = '';
    const query: Window = { ...this.#window, format: 'json' };
    const [whole, addendum] = await Promise.allSettled([
      plan.http.json<Whole>('GET', this.#path, query),
      // Private documents know touchpoints, but nobody's visits.
      query.since === 'last-visit'
        ? Promise.resolve(undefined)
        : plan.http.json<Whole>('GET', this.#path, { ...this.#privateWindow, scope: 'private', format: 'json' }),
    ]);
    if (asked !== this.#asked) return;
    if (whole.status === 'fulfilled') {
      this.whole = whole.value;
      for (const format of ['html', 'text', 'md']) void this.#text(format);
    } else this.wrong = saying(whole.reason);
    if (addendum.status === 'fulfilled' && addendum.value && addendum.value.noChanges === undefined)
      this.addendum = addendum.value;
  }

  /** Entries of the shared document mean nothing in the private one; touchpoints do. */
  get #privateWindow(): Window {
    const [kind, id = ''] = this.chosen.split(/:(.*)/s);
    if (kind === 'since') return { since: id };
    if (kind !== 'of') return { since: 0 };
    const before = this.desk.plan.touchpoints
      .all()
      .filter((each) => each.closedSeq === this.desk.plan.touchpoints.get(id)?.baselineSeq)
      .at(-1);
    return { since: before?.id ?? 0 };
  }

  // --- Taking it along -------------------------------------------------------------------------------------------

  /** Once for each form: a click has to find it there, since browsers let a page copy for a moment only. */
  #text(format: string, more: Window = this.#window): Promise<string> {
    const query = { ...more, format };
    const key = JSON.stringify(query);
    const found = this.#texts.get(key) ?? this.desk.plan.http.text('GET', this.#path, query);
    this.#texts.set(key, found);
    found.catch(() => this.#texts.delete(key));
    return found;
  }

  async #copy(forms: Readonly<Record<string, Promise<string>>>, said: string): Promise<void> {
    const isDone = await this.attempt(async () => {
      const texts = await Promise.all(Object.entries(forms).map(async ([type, text]) => [type, await text] as const));
      if (!copied(texts)) throw new Error('this browser does not let the page copy: download it instead');
    });
    this.said = isDone ? said : '';
  }

  #copyMail = () =>
    this.#copy(
      { 'text/html': this.#text('html'), 'text/plain': this.#text('text') },
      'Copied. Paste it into a mail: the layout comes along.',
    );

  #copyMarkdown = () => this.#copy({ 'text/plain': this.#text('md') }, 'Copied as Markdown.');

  #copyAddendum = () => {
    const query = { ...this.#privateWindow, scope: 'private' };
    return this.#copy(
      { 'text/html': this.#text('html', query), 'text/plain': this.#text('text', query) },
      'Copied the private part: for your own side only.',
    );
  };

  async #keep(format: 'md' | 'html'): Promise<void> {
    await this.attempt(async () => {
      const type = format === 'md' ? 'text/markdown' : 'text/html';
      download(`${this.desk.plan.id}-summary.${format}`, type, await this.#text(format));
    });
  }

  // --- Drawing ---------------------------------------------------------------------------------------------------

  #draw(whole: Whole): TemplateResult {
    const { desk } = this;
    return html`<article class="sum" part="summary">
      ${
        whole.sinceLabel || whole.asOf
          ? html`<p class="mute small">
              ${whole.sinceLabel ? `Since ${whole.sinceLabel}` : ''}${
                whole.asOf ? ` · as of ${longDayWords(whole.asOf, desk.locale)}` : ''
              }
            </p>`
          : nothing
      }
      ${whole.headline ? html`<p class="headline">${whole.headline}</p>` : nothing}
      ${whole.standing ? this.#box(whole.standing) : nothing}
      ${whole.noChanges ? html`<p>${whole.noChanges}</p>` : nothing}
      ${
        whole.legend?.length
          ? html`<p class="legend">
              ${whole.legend.map(
                ({ symbol, word, count }) =>
                  html`<span class=${symbol === '⚠' && count > 0 ? 'late' : ''}
                    ><span aria-hidden="true">${plain(symbol)}</span> ${count} ${word}</span
                  >`,
              )}
            </p>`
          : nothing
      }
      ${whole.completed?.lines.length ? this.#section('Completed', this.#lines(whole.completed)) : nothing}
      ${
        whole.changed?.length
          ? this.#section(
              'Changed',
              whole.changed.map(
                (group) =>
                  html`<h4>${group.heading}</h4>
                    ${this.#lines(group)}`,
              ),
            )
          : nothing
      }
      ${this.#moves(whole.moves)}
      ${
        whole.atRisk
          ? this.#section(
              'At risk and overdue',
              whole.atRisk.length
                ? this.#lines({ lines: whole.atRisk, more: 0 })
                : html`<p class="ok">Nothing is at risk or overdue.</p>`,
            )
          : nothing
      }
      ${
        whole.next?.length
          ? this.#section(
              'Next',
              whole.next.map(
                (each) =>
                  html`<h4>${each.isReader ? `${each.label} (you)` : each.label}</h4>
                    <ul>
                      ${each.steps.map((step) => this.#step(step))}
                      ${each.steps.length === 0 ? html`<li class="mute">Nothing is due.</li>` : nothing}
                      ${each.more > 0 ? html`<li class="mute">and ${each.more} more</li>` : nothing}
                    </ul>`,
              ),
            )
          : nothing
      }
      ${whole.waiting?.lines.length ? this.#section('Waiting for an answer', this.#lines(whole.waiting)) : nothing}
      ${whole.nextReview?.spans ? this.#section('Next review', html`<p>${spans(whole.nextReview.spans)}</p>`) : nothing}
      ${
        whole.phases?.length
          ? this.#section(
              'The plan now',
              whole.phases.map((phase) => this.#phase(phase, whole)),
            )
          : nothing
      }
    </article>`;
  }

  #section(title: string, content: unknown): TemplateResult {
    return html`<section>
      <h3>${title}</h3>
      ${content}
    </section>`;
  }

  #lines({ lines, more }: { readonly lines: readonly Line[]; readonly more: number }): TemplateResult {
    return html`<ul>
      ${lines.map((line) => html`<li><i aria-hidden="true">${plain(line.symbol)}</i><span>${spans(line.spans)}</span></li>`)}
      ${more > 0 ? html`<li class="mute">and ${more} more</li>` : nothing}
    </ul>`;
  }

  #step(step: Step): TemplateResult {
    return html`<li>
      <i aria-hidden="true">${step.isBlocked ? '⚠' : '→'}</i>
      <span>
        ${step.due ? html`${this.desk.day(step.due)}: ` : nothing}<b>${step.title ?? step.subject}</b>
        ${step.isJoint ? html`<span class="mute">(joint)</span>` : nothing}
        ${(step.overdue ?? 0) > 0 ? html`<span class="late">⚠ ${step.overdue} d overdue</span>` : nothing}
        ${step.isBlocked ? html`<span class="late">blocked</span>` : nothing}
        ${step.owners?.length ? html`<span class="mute">${step.owners.join(', ')}</span>` : nothing}
      </span>
    </li>`;
  }

  #box(standing: Summary['standing']): TemplateResult {
    const { desk } = this;
    const { nextMilestone: next, target, percentBefore: before } = standing;
    const row = (term: string, content: unknown) =>
      html`<dt>${term}</dt>
        <dd>${content}</dd>`;
    return html`<dl class="box">
      ${row('Status', html`<b>${standing.statusWords}</b>`)}
      ${row(
        'Progress',
        html`<b>${standing.complete} of ${standing.counted} items</b> (${standing.percent ?? 0}
          %${before !== undefined && before !== standing.percent ? `, was ${before} %` : ''}),
          ${standing.milestonesComplete} of ${standing.milestones} milestones`,
      )}
      ${next ? row('Next milestone', html`<b>${next.title}</b>${next.due ? `, ${desk.day(next.due)}` : ''}`) : nothing}
      ${
        target?.date
          ? row(
              'Target',
              html`<b>${desk.day(target.date)}</b>${
                  (target.slip ?? 0) > 0
                    ? html`, <span class="late">⚠ ${shiftWords(target.slip ?? 0)}, ${desk.day(target.projected)}</span>`
                    : html`, <span class="ok">✔ holds</span>`
                }${
                  target.keepGap && target.keepGap !== target.date
                    ? html`<span class="mute">; ${desk.day(target.keepGap)} if today's gaps are kept</span>`
                    : nothing
                }`,
            )
          : nothing
      }
      ${(standing.owes ?? []).map(({ label, isReader, step }) =>
        row(
          isReader ? `You owe next (${label})` : `${label.charAt(0).toUpperCase()}${label.slice(1)} owes next`,
          step
            ? html`<b>${step.title ?? step.subject}</b>${[
                  '',
                  ...(step.owners ?? []),
                  ...(step.due ? [desk.day(step.due)] : []),
                ].join(', ')}`
            : html`<span class="mute">nothing</span>`,
        ),
      )}
    </dl>`;
  }

  #moves(moves: Whole['moves']): TemplateResult | typeof nothing {
    if (!moves || !(moves.rows?.length || moves.lines?.length)) return nothing;
    const { desk } = this;
    const shifted = (from?: string, to?: string) =>
      from && to && from !== to ? ` (${shiftWords(daysBetween(from, to))})` : '';
    return this.#section(
      'What else moves',
      html`<p>${spans(moves.cause)}</p>
        ${moves.lines?.length ? this.#lines({ lines: moves.lines, more: 0 }) : nothing}
        ${
          moves.rows?.length
            ? html`<div class="wide" tabindex="0" role="region" aria-label="What else moves">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Item</th>
                      <th scope="col">Due</th>
                      <th scope="col">Must move to</th>
                      <th scope="col">If today's gaps are kept</th>
                    </tr>
                  </thead>
                  <tbody>
                    ${moves.rows.map(
                      (row) =>
                        html`<tr>
                          <th scope="row">${row.title ?? row.id}</th>
                          <td>${desk.day(row.due)}</td>
                          <td>
                            ${
                              row.must
                                ? html`<span class="late">⚠ ${desk.day(row.must)}${shifted(row.due, row.must)}</span>`
                                : html`<span class="mute">stays</span>`
                            }
                          </td>
                          <td>${desk.day(row.keepGap)}${shifted(row.due, row.keepGap)}</td>
                        </tr>`,
                    )}
                  </tbody>
                </table>
              </div>`
            : nothing
        }
        ${(moves.more ?? 0) > 0 ? html`<p class="mute small">and ${moves.more} more</p>` : nothing}`,
    );
  }

  #phase(phase: NonNullable<Whole['phases']>[number], whole: Whole): TemplateResult {
    const facts = [
      `${phase.complete} of ${phase.total} complete`,
      ...(phase.due ? [`due ${this.desk.day(phase.due)}`] : []),
      ...(phase.atRisk > 0 ? [`⚠ ${phase.atRisk} at risk`] : []),
    ];
    const name = phase.name ?? 'Without a phase';
    return html`<h4>${name} · ${facts.join(' · ')}</h4>
      ${
        phase.rows.length
          ? html`<div class="wide" tabindex="0" role="region" aria-label=${name}>
              <table>
                <thead>
                  <tr>
                    <th scope="col" class="sign"><span class="unseen">Mark</span></th>
                    <th scope="col">Item</th>
                    ${(whole.ownerColumns ?? []).map((each) => html`<th scope="col">${each}</th>`)}
                    <th scope="col">Due</th>
                    <th scope="col">Status</th>
                  </tr>
                </thead>
                <tbody>
                  ${phase.rows.map(
                    (row) =>
                      html`<tr class="${row.symbol ? 'marked' : ''} ${row.isTask ? 'task' : ''}">
                        <td class="sign">${row.symbol ? plain(row.symbol) : ''}</td>
                        <td class="name">${row.isTask ? spans(row.title) : html`<b>${spans(row.title)}</b>`}</td>
                        ${row.owners.map((each) => html`<td>${spans(each)}</td>`)}
                        <td>${spans(row.due)}</td>
                        <td>${spans(row.status)}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
          : nothing
      }`;
  }
}

/**
 * Puts texts on the clipboard, as they are. The newer interface has HTML cleaned under the page's own policy, which takes
 * the styles of a mail away.
 */
function copied(texts: readonly (readonly [type: string, text: string])[]): boolean {
  let isDone = false;
  const give = (event: ClipboardEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    for (const [type, text] of texts) event.clipboardData?.setData(type, text);
    isDone = true;
  };
  document.addEventListener('copy', give, true);
  try {
    document.execCommand('copy');
  } finally {
    document.removeEventListener('copy', give, true);
  }
  return isDone;
}

/** Gives the reader a file. */
export function download(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

define('plansync-summary', SummaryDialog);
export const summaryLook = SummaryDialog.look;
export type { SummaryDialog };
