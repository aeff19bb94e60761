/**
 * The lines of the timeline: what waits for what.
 *
 * In: rows and their scale, the path that drives the target, the bar that is moved. Out: one drawing, which nobody hears: each
 * bar says what it waits for.
 */

import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Desk } from '../desk.js';
import type { Row } from './rows.js';
import { PHASE_PX, type Scale } from './scale.js';

/** What waits for what, as lines between bars that are shown. */
export function linesOf(
  desk: Desk,
  rows: readonly Row[],
  scale: Scale,
  drivingPath: readonly string[],
  held: { readonly id: string; readonly days: number } | undefined,
): TemplateResult {
  const places = new Map<string, { y: number; from: number; to: number }>();
  let top = 0;
  for (const row of rows) {
    const begin = top;
    top += row.kind === 'phase' ? PHASE_PX : scale.row;
    if (!row.item || row.from === undefined) continue;
    const by = held?.id === row.item.id ? held.days : 0;
    const x = (day: number) => (day + by - scale.first) * scale.px;
    // On a phone the name stands over the bar.
    const y = begin + (scale.label ? scale.row / 2 : scale.row / 2 + 9);
    places.set(row.item.id, { y, from: x(row.from), to: x(row.to! + 1) });
  }
  const drives = new Set(drivingPath.slice(1).map((id, at) => `${drivingPath[at]}>${id}`));
  return html`<svg class="tl-lines" aria-hidden="true">
    <defs>
      <marker id="tl-tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto">
        <path d="M0 0 6 3 0 6z" />
      </marker>
    </defs>
    ${desk.plan.dependencies.all().map((each) => {
      const [a, b] = [places.get(each.from ?? ''), places.get(each.to ?? '')];
      if (!a || !b) return nothing;
      const type = each.type ?? 'FS';
      const x1 = type.startsWith('F') ? a.to : a.from;
      const x2 = type.endsWith('S') ? b.from : b.to;
      const [out, into] = [type.startsWith('F') ? 6 : -6, type.endsWith('S') ? -6 : 6];
      const isDirect = (x2 + into - (x1 + out)) * Math.sign(out) >= 0 && out * into < 0;
      const between = a.y + (b.y > a.y ? 1 : -1) * (scale.row / 2);
      const way = isDirect
        ? `M${x1} ${a.y}h${out}V${b.y}H${x2}`
        : `M${x1} ${a.y}h${out}V${between}H${x2 + into}V${b.y}H${x2}`;
      const isDriving = drives.has(each.id);
      const kind = `${each.strength === 'soft' ? 'soft' : ''} ${isDriving ? 'drives' : ''}`;
      return svg`<path class=${kind} d=${way} marker-end="url(#tl-tip)" />`;
    })}
  </svg>`;
}
