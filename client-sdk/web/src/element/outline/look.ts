/** How the plan itself looks: phases, the cards of milestones, the rows of tasks, what is marked in them. */

import { css } from 'lit';

/** The styles. */
export const outlineLook = css`
  plansync-outline {
    display: block;
    container: outline / inline-size;
  }
  section.phase {
    margin-top: 1.375rem;
  }
  .phase-head > span {
    flex: none;
  }
  .phase-head {
    display: flex;
    gap: 0 0.5rem;
    align-items: center;
    min-height: 1.75rem;
    margin-bottom: 0.25rem;
    font-size: 0.75rem;
    color: var(--mute);
  }
  .phase-head h3 {
    font-size: 0.75rem;
    font-weight: 650;
    letter-spacing: 0.06em;
    text-transform: uppercase;
    min-width: 0;
  }
  .phase-head .value {
    letter-spacing: inherit;
    text-transform: inherit;
  }
  .fold {
    flex: none;
    display: inline-flex;
    gap: 0.25rem;
    align-items: center;
    min-height: 1.5rem;
    min-width: 1.5rem;
    padding: 0 0.375rem;
    border-color: transparent;
    border-radius: 0.375rem;
    background: none;
    color: var(--mute);
    font-size: 0.8125rem;
    font-weight: 450;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .fold::before {
    content: '';
    width: 0.375rem;
    height: 0.375rem;
    border: solid currentColor;
    border-width: 0 1.5px 1.5px 0;
    transform: translateY(-1px) rotate(45deg);
  }
  .fold[aria-expanded='false']::before {
    transform: rotate(-45deg);
  }
  .ms {
    position: relative;
    margin-bottom: 0.5rem;
    padding: 0.4375rem 0.75rem 0.4375rem 1rem;
  }
  .long :is(.ms, .task) {
    content-visibility: auto;
    contain-intrinsic-size: auto 3rem;
    overflow-clip-margin: 2rem;
  }
  .long .task {
    contain-intrinsic-size: auto 2rem;
  }
  .line {
    display: flex;
    gap: 0.125rem 0.75rem;
    align-items: center;
    min-height: 2rem;
  }
  .ms .line > h4,
  .task > .line > .what {
    flex: 1;
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.375rem;
    align-items: center;
    min-width: 0;
    line-height: 1.4;
  }
  .ms h4 {
    font-size: 1rem;
    font-weight: 580;
  }
  .ms.complete h4 {
    color: var(--mute);
    font-weight: 500;
  }
  .ms.cancelled h4 .value,
  .task.cancelled .what .value {
    color: var(--mute);
    text-decoration: line-through;
  }
  .dot {
    flex: none;
    width: 0.75rem;
    height: 0.75rem;
    border-radius: 50%;
    border: 2px solid var(--mute);
    forced-color-adjust: none;
  }
  .complete > .line > .dot {
    background: var(--ok);
    border-color: var(--ok);
  }
  .in_progress > .line > .dot {
    border-color: var(--now);
    background: linear-gradient(90deg, var(--now) 50%, transparent 50%);
  }
  .blocked > .line > .dot {
    border-color: var(--late);
    background: var(--late);
    border-radius: 2px;
  }
  .critical:not(.complete, .blocked) > .line > .dot {
    border-color: var(--late);
  }
  .line > plansync-owners {
    flex: 0 1 auto;
    max-width: 45%;
  }
  .due {
    display: flex;
    flex: none;
    flex-wrap: wrap;
    gap: 0 0.375rem;
    align-items: baseline;
    min-width: 6.5rem;
    font-size: 0.9333rem;
  }
  .due .small {
    font-size: 0.8125rem;
  }
  .status {
    flex: none;
    width: 6rem;
    text-align: end;
    font-size: 0.8125rem;
    color: var(--mute);
  }
  .status.complete {
    color: var(--ok);
  }
  .status.in_progress {
    color: var(--now);
  }
  .status.blocked {
    color: var(--late);
    font-weight: 600;
  }
  .tools {
    flex: none;
    display: flex;
    margin-inline: -0.5rem -0.25rem;
  }
  .tools button,
  .ms .add,
  .phase-head .quiet {
    min-width: 1.75rem;
    min-height: 1.75rem;
    padding: 0 0.25rem;
    font-size: 0.9333rem;
    line-height: 1;
  }
  .ms .add,
  .phase-head .quiet {
    padding: 0 0.5rem;
    font-size: 0.8125rem;
    font-weight: 500;
  }
  .ms h4 {
    position: relative;
  }
  .ms .add {
    position: absolute;
    inset: auto 0 auto auto;
    background: var(--card);
  }
  .grip {
    position: absolute;
    inset-inline-start: -1.5rem;
    inset-block-start: 0.6875rem;
    width: 1.5rem;
    height: 1.75rem;
    padding: 0;
    border-color: transparent;
    background: none;
    color: var(--mute);
    cursor: grab;
    touch-action: none;
  }
  .grip::before {
    content: '';
    display: block;
    width: 0.5rem;
    height: 0.875rem;
    margin: auto;
    background: radial-gradient(circle, currentColor 1px, transparent 1.5px) 0 0 / 0.25rem 0.3125rem;
  }
  .task .grip {
    inset-inline-start: -1.625rem;
    inset-block-start: 0.1875rem;
  }
  @media (hover: hover) {
    .tools button,
    .grip,
    .ms .add,
    .phase-head .quiet {
      opacity: 0;
    }
    :is(.line, .phase-head):is(:hover, :focus-within) > .tools button,
    :is(.line, .phase-head):is(:hover, :focus-within) > .grip,
    .ms:is(:hover, :focus-within) > .line > h4 > .add,
    .ms:hover > .line > .grip,
    .phase-head:is(:hover, :focus-within) > .quiet,
    .phase:hover > .phase-head > .quiet,
    :is(.tools button, .grip, .add, .phase-head .quiet):focus-visible {
      opacity: 1;
    }
  }
  .note {
    margin: 0 0 0.25rem 1.5rem;
    font-size: 0.8667rem;
    color: var(--mute);
    unicode-bidi: isolate;
  }
  .note.blocked {
    color: var(--late);
  }
  .tasks {
    margin: 0.1875rem 0 0.125rem 1.5rem;
    border-top: 1px dashed var(--line);
    padding-top: 0.1875rem;
  }
  .task {
    border-radius: 0.375rem;
    font-size: 0.9333rem;
  }
  .task.part {
    margin-inline-start: 1.5rem;
  }
  .task.part-2 {
    margin-inline-start: 3rem;
  }
  .task > .line {
    position: relative;
    padding: 0 0 0 0.25rem;
  }
  .task.hot {
    background: var(--hot);
  }
  .task .note {
    margin-inline-start: 2.125rem;
  }
  .task .due {
    color: var(--mute);
    justify-content: flex-end;
    text-align: end;
  }
  .task.complete .what {
    color: var(--mute);
  }
  .whose {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 0.25rem;
    margin-bottom: -0.75rem;
    font-size: 0.8667rem;
  }
  .whose button[aria-pressed='true'] {
    color: var(--ink);
    background: var(--other-bg);
  }
  .marks {
    display: contents;
  }
  .moving {
    opacity: 0.45;
  }
  .drop-before {
    box-shadow: 0 -2px 0 var(--now);
  }
  .drop-after {
    box-shadow: 0 2px 0 var(--now);
  }
  .drop-into {
    outline: 2px solid var(--now);
  }
  .adding {
    display: flex;
    gap: 0.5rem;
    padding: 0.25rem 0;
    margin: 0.25rem 0 0.25rem 1.5rem;
  }
  .adding input {
    max-width: 32rem;
  }
  .phase > .adding,
  .outline > .adding {
    margin-inline-start: 0;
  }
  .outline-foot {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    align-items: start;
    margin-top: 1.25rem;
  }
  .removed li {
    display: flex;
    gap: 0.75rem;
    align-items: center;
    padding: 0.1875rem 0;
    font-size: 0.9333rem;
  }
  .removed summary {
    cursor: pointer;
    color: var(--mute);
    font-size: 0.8667rem;
    padding: 0.375rem 0;
  }
  @container outline (max-width: 46rem) {
    .ms .line {
      display: grid;
      grid-template-columns: 0.875rem minmax(0, 1fr) auto auto;
      gap: 0.125rem 0.625rem;
    }
    .ms .line > h4 {
      grid-area: 1 / 2 / 2 / 4;
    }
    .ms .line > .tools {
      grid-area: 1 / 4;
    }
    .ms .line > .due {
      grid-area: 2 / 2;
    }
    .ms .line > .status {
      grid-area: 2 / 3 / 3 / -1;
      width: auto;
    }
    .ms .line > plansync-owners {
      grid-area: 3 / 2 / 4 / -1;
      max-width: 100%;
      padding-bottom: 0.25rem;
    }
    .grip,
    .ms .add {
      display: none;
    }
    .note {
      margin-inline-start: 1.5rem;
    }
    .tasks {
      margin-inline-start: 0;
    }
    .task.part {
      margin-inline-start: 1rem;
    }
    .ms .task > .line {
      grid-template-columns: 1.25rem minmax(0, 1fr) auto auto;
      padding-block: 0.125rem;
    }
    .ms .task > .line > .what {
      grid-area: 1 / 2 / 2 / 4;
    }
    .ms .task > .line > .due {
      grid-area: 2 / 3 / 3 / -1;
      min-width: 0;
      justify-self: end;
    }
    .ms .task > .line > plansync-owners {
      grid-area: 2 / 2;
    }
    .task .note {
      margin-inline-start: 1.875rem;
    }
  }
`;
