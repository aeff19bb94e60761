/**
 * A call: begun and ended here, seen by everybody while it runs.
 *
 * In: the plan's touchpoints. Out: one that opens or closes; when it has ended, the event `call-ended` with its id. What is
 * always true: the server decides when it began; what it counts from is where the last one ended.
 */

import { html, nothing, type TemplateResult } from 'lit';
import type { Touchpoint } from '../../schema.js';
import type { Desk } from '../desk.js';
import { Dialog } from '../controls/dialog.js';
import { define } from '../piece.js';
import { instantWords } from '../words.js';

/** What kinds there are, in words. */
const KINDS = { call: 'Call', meeting: 'Meeting' } as const;

/** The touchpoint that runs now. */
export function running(desk: Desk): Touchpoint | undefined {
  return desk.plan.touchpoints
    .all()
    .filter((each) => each.startedAt && !each.endedAt && each.closedSeq === undefined)
    .at(-1);
}

/** When it began, as short as it can be said. */
export function sinceWords(desk: Desk, touchpoint: Touchpoint): string {
  const ms = Date.parse(touchpoint.startedAt ?? '');
  if (Number.isNaN(ms)) return '';
  const isToday = Math.abs(desk.plan.serverNow() - ms) < 20 * 3_600_000;
  return isToday
    ? new Intl.DateTimeFormat(desk.locale, { timeStyle: 'short' }).format(ms)
    : instantWords(touchpoint.startedAt, desk.locale);
}

class Call extends Dialog {
  static override properties = { ...Dialog.properties, isAsking: { state: true } };
  declare isAsking: boolean;
  #call: Touchpoint | undefined;

  constructor() {
    super();
    this.isAsking = false;
  }

  /** What it is about stays what it was when it opened. */
  override show(): void {
    this.#call = running(this.desk);
    super.show();
  }

  override render(): TemplateResult | typeof nothing {
    const call = this.#call;
    return call ? this.#runs(call) : this.sheet('Start a call', this.#form(), true);
  }

  #form(): TemplateResult {
    return html`<p class="mute">
        What changes while it runs becomes one summary. It counts from the end of the last one, so nothing in between is
        left out.
      </p>
      <form class="sheet-form" @submit=${this.#begin}>
        <label class="field"
          >What is it?
          <input name="title" value="Review call" maxlength="300" required autofocus />
        </label>
        <label class="field"
          >Kind
          <select name="kind">
            ${Object.entries(KINDS).map(([kind, word]) => html`<option value=${kind}>${word}</option>`)}
          </select>
        </label>
        <p class="row"><button class="pri push" ?disabled=${this.isAsking}>Start</button></p>
      </form>`;
  }

  #runs(call: Touchpoint): TemplateResult | typeof nothing {
    return this.sheet(
      call.title ?? 'A call',
      html`<p>Runs since ${sinceWords(this.desk, call)}. Everybody who has the plan open sees that.</p>
        <p class="row">
          <button class="pri push" autofocus ?disabled=${this.isAsking} @click=${() => this.#end(call.id)}>
            End and make the summary
          </button>
        </p>`,
      true,
    );
  }

  #begin = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as {
      title: string;
      kind: keyof typeof KINDS;
    };
    this.isAsking = true;
    if (await this.attempt(() => this.desk.plan.touchpoints.open(given))) this.close();
    this.isAsking = false;
  };

  async #end(id: string): Promise<void> {
    this.isAsking = true;
    // What was just written belongs to it.
    await this.desk.plan.flush({ timeoutMs: 5_000 }).catch(() => {});
    const isDone = await this.attempt(() => this.desk.plan.touchpoints.close(id));
    this.isAsking = false;
    if (!isDone) return;
    this.close();
    this.dispatchEvent(new CustomEvent('call-ended', { detail: id, bubbles: true }));
  }
}

define('plansync-call', Call);
