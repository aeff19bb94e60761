/** How the timeline looks: its scale, its bars and what stands behind them, its table, the panel of a move. */

import { css } from 'lit';

/** The styles. */
export const timelineLook = css`
  plansync-timeline {
    display: block;
  }
  .tl {
    position: relative;
    margin-top: 0.75rem;
  }
  .tl-tools {
    padding: 0.625rem 0.75rem;
    border-bottom: 1px solid var(--line);
  }
  .segments {
    display: inline-flex;
    border: 1px solid var(--line);
    border-radius: 0.5rem;
    overflow: hidden;
  }
  .segments button {
    border: 0;
    border-radius: 0;
    background: none;
    color: var(--mute);
  }
  .segments button[aria-pressed='true'] {
    background: var(--pri);
    color: var(--pri-ink);
  }
  .tl-scroll {
    overflow-x: auto;
    overscroll-behavior-x: contain;
    border-radius: 0 0 0.75rem 0.75rem;
  }
  .tl-chart {
    position: relative;
    width: calc(var(--label) + var(--days));
    min-width: 100%;
    padding-bottom: 0.75rem;
  }
  .tl-scale {
    position: relative;
    margin-inline-start: var(--label);
    border-bottom: 1px solid var(--line);
    font-size: 0.75rem;
    color: var(--mute);
  }
  .tl-scale > * {
    position: absolute;
    white-space: nowrap;
  }
  .tl-month {
    top: 1.375rem;
    padding-inline-start: 0.375rem;
    font-weight: 600;
  }
  .tl-week {
    top: 2.4375rem;
    padding-inline-start: 0.375rem;
    font-variant-numeric: tabular-nums;
  }
  .tl-flag {
    top: 0.1875rem;
    transform: translateX(-50%);
    padding: 0 0.4375rem;
    border-radius: 0.625rem;
    font-size: 0.6875rem;
    font-weight: 650;
    line-height: 1.6;
    color: var(--card);
    background: var(--now);
    z-index: 1;
  }
  .tl-flag.target {
    background: var(--ok);
  }
  .tl-window {
    height: 1.125rem;
    padding: 0 0.375rem;
    border-radius: 0.25rem;
    font-size: 0.6875rem;
    line-height: 1.125rem;
    overflow: hidden;
    text-overflow: ellipsis;
    color: var(--other);
    background: var(--other-bg);
    border-inline-start: 3px solid var(--mute);
  }
  .tl-back,
  .tl-lines {
    position: absolute;
    inset: var(--head) 0 0.75rem var(--label);
    pointer-events: none;
  }
  .tl-lines {
    width: var(--days);
    height: calc(100% - var(--head) - 0.75rem);
    overflow: visible;
  }
  .tl-lines path {
    fill: none;
    stroke: var(--mute);
    stroke-opacity: 0.55;
    stroke-width: 1.25;
  }
  .tl-lines path.soft {
    stroke-dasharray: 3 3;
  }
  .tl-lines path.drives {
    stroke: var(--late);
    stroke-opacity: 0.9;
  }
  .tl-lines marker path {
    fill: var(--mute);
    stroke: none;
  }
  .tl-back > * {
    position: absolute;
    inset-block: 0;
  }
  .tl-line {
    border-inline-start: 1px solid var(--line);
  }
  .tl-band {
    background: var(--shade);
  }
  .tl-band.closed {
    background: repeating-linear-gradient(
      135deg,
      color-mix(in srgb, var(--mute) 28%, transparent) 0 2px,
      transparent 2px 7px
    );
  }
  .tl-band.edge {
    background: none;
    border-inline-start: 2px dotted var(--mute);
  }
  .tl-today,
  .tl-target {
    border-inline-start: 2px solid var(--now);
  }
  .tl-target {
    border-inline-start: 2px dashed var(--ok);
  }
  .tl-row {
    position: relative;
    display: grid;
    grid-template-columns: var(--label) 1fr;
    height: var(--row);
  }
  .tl-row.tl-phase {
    height: 1.75rem;
    color: var(--mute);
  }
  .tl-label {
    position: sticky;
    inset-inline-start: 0;
    z-index: 3;
    display: flex;
    gap: 0.25rem;
    align-items: center;
    min-width: 0;
    padding-inline: 0.5rem;
    background: var(--card);
    border-inline-end: 1px solid var(--line);
    font-size: 0.8667rem;
  }
  .tl-label .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .tl-row.tl-phase .name {
    font-size: 0.6875rem;
    font-weight: 650;
    letter-spacing: 0.06em;
    text-transform: uppercase;
  }
  .tl-row.tl-task .name {
    padding-inline-start: 1.75rem;
    color: var(--mute);
    font-size: 0.8125rem;
  }
  .tl-row.tl-milestone .name {
    font-weight: 560;
  }
  .tl-row.held > .tl-label {
    box-shadow: inset 3px 0 var(--now);
  }
  .tl-fold {
    flex: none;
    width: 1.5rem;
    height: 1.5rem;
    padding: 0;
  }
  .tl-label .none {
    flex: none;
    width: 1.5rem;
  }
  .tl-lane {
    position: relative;
  }
  .tl-span {
    position: absolute;
    top: calc(50% - 2px);
    height: 4px;
    border-radius: 2px;
    background: var(--track);
  }
  .tl-bar {
    position: absolute;
    top: calc(50% - 0.8125rem);
    height: 1.625rem;
    min-width: 0.75rem;
    padding: 0;
    border: 0;
    border-radius: 0.375rem;
    background: none;
    cursor: default;
    touch-action: manipulation;
    z-index: 2;
  }
  .tl-bar.may {
    cursor: ew-resize;
  }
  .tl-bar.held {
    touch-action: none;
  }
  .tl-bar > i {
    position: absolute;
    inset: 0.3125rem 0;
    border-radius: 0.25rem;
    background: color-mix(in srgb, var(--mute) 55%, var(--card));
    forced-color-adjust: none;
  }
  .tl-task > .tl-lane > .tl-bar > i {
    inset-block: 0.4375rem;
    opacity: 0.85;
  }
  .tl-bar.open-start > i {
    mask-image: linear-gradient(90deg, rgb(0 0 0 / 0.35), #000 60%);
  }
  .tl-bar.complete > i {
    background: var(--ok);
  }
  .tl-bar.in_progress > i {
    background: var(--now);
  }
  .tl-bar.critical > i {
    background: repeating-linear-gradient(
      135deg,
      var(--late) 0 6px,
      color-mix(in srgb, var(--late) 72%, var(--card)) 6px 9px
    );
  }
  .tl-bar.critical.in_progress > i {
    box-shadow: inset 0 -0.25rem var(--now);
  }
  .tl-bar.blocked > i {
    background: var(--card);
    border: 2px solid var(--late);
  }
  .tl-bar.held > i {
    box-shadow:
      0 0 0 2px var(--card),
      0 0 0 4px var(--now);
  }
  .tl-was,
  .tl-ghost {
    position: absolute;
    top: calc(50% - 0.5rem);
    height: 1rem;
    border-radius: 0.25rem;
    border: 1.5px dashed var(--late);
    pointer-events: none;
  }
  .tl-was {
    border: 1.5px dotted var(--mute);
  }
  .tl-ghost > b {
    position: absolute;
    inset-inline-start: calc(100% + 0.3125rem);
    top: 50%;
    transform: translateY(-50%);
    font-size: 0.6875rem;
    white-space: nowrap;
    color: var(--late);
  }
  .tl-ghost.gap {
    border-color: var(--mute);
  }
  .tl-ghost.gap > b {
    color: var(--mute);
  }
  .tl-legend {
    gap: 0.25rem 1rem;
    padding: 0.5rem 0.75rem;
    border-top: 1px solid var(--line);
    font-size: 0.75rem;
    color: var(--mute);
  }
  .tl-legend > span {
    display: inline-flex;
    gap: 0.375rem;
    align-items: center;
  }
  .tl-legend .tl-bar,
  .tl-legend .tl-ghost {
    position: relative;
    display: inline-block;
    top: 0;
    width: 1.5rem;
  }
  .tl-legend .tl-ghost {
    height: 0.75rem;
  }
  .tl-panel {
    position: sticky;
    bottom: 0.5rem;
    z-index: 6;
    display: grid;
    gap: 0.625rem;
    margin: 0.5rem;
    padding: 0.875rem 1rem;
    border: 1px solid var(--line);
    border-top: 3px solid var(--now);
    border-radius: 0.75rem;
    background: var(--card);
    box-shadow: 0 8px 32px rgb(0 0 0 / 0.18);
    max-height: min(30rem, 60vh);
    overflow: auto;
  }
  @media (max-width: 40rem) {
    .tl-panel {
      margin: 0;
      padding: 0.625rem 0.75rem;
      gap: 0.375rem;
    }
  }
  .tl-panel h3 {
    font-size: 1rem;
  }
  .tl-panel input[type='date'] {
    width: auto;
  }
  .tl-moves {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr));
    gap: 0.75rem 1.5rem;
  }
  .tl-moves li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto 3.5rem;
    gap: 0.5rem;
    font-size: 0.875rem;
  }
  .tl-moves li > :last-child {
    text-align: end;
  }
  .tl-moves h4 {
    font-size: 0.8125rem;
    font-weight: 600;
  }
  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1rem;
    border: 0;
    margin: 0;
    padding: 0;
    font-size: 0.9333rem;
  }
  .choices label {
    display: inline-flex;
    gap: 0.375rem;
    align-items: center;
    min-height: 1.5rem;
  }
  .table-scroll {
    overflow-x: auto;
  }
  table.rows {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.9rem;
  }
  table.rows :is(th, td) {
    padding: 0.4375rem 0.75rem;
    text-align: start;
    vertical-align: top;
    border-bottom: 1px solid var(--line);
  }
  table.rows thead th {
    font-size: 0.75rem;
    font-weight: 600;
    color: var(--mute);
    white-space: nowrap;
  }
  table.rows tbody th {
    font-weight: 560;
    min-width: 11rem;
  }
  table.rows tr.tl-task th {
    font-weight: 400;
    padding-inline-start: 1.75rem;
  }
  @media (max-width: 40rem) {
    .tl-row {
      display: block;
    }
    .tl-label {
      display: inline-flex;
      max-width: calc(100vw - 4rem);
      height: 1.375rem;
      background: none;
      border: 0;
      padding: 0 0.25rem;
      z-index: 1;
    }
    .tl-row.tl-phase .tl-label {
      height: 100%;
      align-items: end;
    }
    .tl-row.tl-task .name {
      padding-inline-start: 0;
    }
    .tl-lane {
      position: absolute;
      inset: 1.125rem 0 0;
    }
    .tl-row.tl-phase .tl-lane {
      display: none;
    }
  }
`;
