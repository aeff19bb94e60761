/**
 * The look of the element: colours, type, and the few shapes that every part uses.
 *
 * What is always true: every colour is a custom property that the page around may set (`--plansync-…`), meets WCAG AA on
 * the surface it stands on, in light and in dark, and is never the only sign; nothing is loaded from elsewhere.
 */

import { css } from 'lit';

/** Colours by role. `theme` on the element is `light`, `dark`, or the reader's own (absent). */
const light = css`
  --bg: var(--plansync-bg, #faf9f6);
  --card: var(--plansync-card, #fff);
  --ink: var(--plansync-ink, #1b1f27);
  --mute: var(--plansync-mute, #5b626e);
  --line: var(--plansync-line, #e5e2db);
  --track: var(--plansync-track, #dedad1);
  --buyer: var(--plansync-buyer, #0b6b63);
  --buyer-bg: var(--plansync-buyer-bg, #e1f2ef);
  --seller: var(--plansync-seller, #6536b8);
  --seller-bg: var(--plansync-seller-bg, #efe8fb);
  --partner: var(--plansync-partner, #84500a);
  --partner-bg: var(--plansync-partner-bg, #faeeda);
  --other: #4a515d;
  --other-bg: #edebe6;
  --ok: var(--plansync-ok, #1a7440);
  --now: var(--plansync-accent, #1d5fd6);
  --late: var(--plansync-late, #ad3409);
  --late-bg: #fdece5;
  --hot: var(--plansync-hot, #fff6dc);
  --hot-line: var(--plansync-hot-line, #d99e00);
  --secret: #5b3a05;
  --secret-bg: #fbf1df;
  --secret-line: #c98a1b;
  --pri: var(--plansync-primary, #1b1f27);
  --pri-ink: var(--plansync-primary-ink, #fff);
  --shade: rgb(0 0 0 / 0.06);
  --veil: rgb(20 22 26 / 0.45);
`;

const dark = css`
  --bg: var(--plansync-bg, #14161a);
  --card: var(--plansync-card, #1c1f25);
  --ink: var(--plansync-ink, #eceef2);
  --mute: var(--plansync-mute, #a3aab7);
  --line: var(--plansync-line, #2d323b);
  --track: var(--plansync-track, #3a404b);
  --buyer: var(--plansync-buyer, #55d3c3);
  --buyer-bg: var(--plansync-buyer-bg, #12332f);
  --seller: var(--plansync-seller, #bda4ff);
  --seller-bg: var(--plansync-seller-bg, #2b2245);
  --partner: var(--plansync-partner, #f0b767);
  --partner-bg: var(--plansync-partner-bg, #38290f);
  --other: #bcc2cd;
  --other-bg: #2a2e36;
  --ok: var(--plansync-ok, #6bd192);
  --now: var(--plansync-accent, #82adff);
  --late: var(--plansync-late, #ff9d77);
  --late-bg: #3a2018;
  --hot: var(--plansync-hot, #332a10);
  --hot-line: var(--plansync-hot-line, #dfb03a);
  --secret: #f3cf8d;
  --secret-bg: #2e2413;
  --secret-line: #a87522;
  --pri: var(--plansync-primary, #eceef2);
  --pri-ink: var(--plansync-primary-ink, #14161a);
  --shade: rgb(0 0 0 / 0.35);
  --veil: rgb(0 0 0 / 0.6);
`;

/** What every part of the element stands on. */
export const look = css`
  :host {
    ${light}
    color-scheme: light;
    display: block;
    color: var(--ink);
    background: var(--bg);
    font: var(--plansync-font, 15px/1.5 Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
    overflow-wrap: anywhere;
    -webkit-text-size-adjust: 100%;
  }
  :host([hidden]) {
    display: none;
  }
  :host([theme='dark']) {
    ${dark}
    color-scheme: dark;
  }
  @media (prefers-color-scheme: dark) {
    :host(:not([theme='light'])) {
      ${dark}
      color-scheme: dark;
    }
  }

  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  h4,
  p,
  ul,
  ol,
  dl,
  dd,
  figure {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  [hidden] {
    display: none !important;
  }
  a {
    color: var(--now);
    text-underline-offset: 0.2em;
  }
  :focus-visible {
    outline: 2px solid var(--now);
    outline-offset: 2px;
    border-radius: 4px;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .mute {
    color: var(--mute);
  }
  .small {
    font-size: 0.8667rem;
  }
  .late {
    color: var(--late);
    font-weight: 600;
  }
  .ok {
    color: var(--ok);
  }
  del {
    color: var(--mute);
    text-decoration-thickness: 1px;
  }
  ins {
    text-decoration: none;
    font-weight: 640;
  }
  time {
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }

  /* Buttons and fields */
  button,
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
  }
  button {
    font-size: 0.9333em;
    font-weight: 550;
    padding: 0.4375em 0.875em;
    border-radius: 0.5em;
    border: 1px solid var(--line);
    background: var(--card);
    cursor: pointer;
  }
  button:hover {
    border-color: var(--mute);
  }
  button.pri {
    background: var(--pri);
    color: var(--pri-ink);
    border-color: var(--pri);
  }
  button.quiet {
    border-color: transparent;
    background: none;
    color: var(--mute);
  }
  button.quiet:hover {
    color: var(--ink);
    background: var(--shade);
  }
  button.icon {
    padding: 0.25em 0.5em;
    min-width: 2em;
    line-height: 1.3;
  }
  button:disabled {
    opacity: 0.55;
    cursor: default;
  }
  input:where(:not([type='checkbox'], [type='radio'], [type='range'])),
  select,
  textarea {
    width: 100%;
    padding: 0.375em 0.625em;
    border: 1px solid var(--mute);
    border-radius: 0.5em;
    background: var(--card);
  }
  textarea {
    min-height: 5em;
    resize: vertical;
  }
  input[type='checkbox'] {
    width: 1.125em;
    height: 1.125em;
    margin: 0;
    accent-color: var(--ok);
  }
  label.field {
    display: grid;
    gap: 0.25em;
    font-size: 0.8667em;
    color: var(--mute);
  }
  label.field > :is(input, select, textarea) {
    font-size: 1.0769em;
    color: var(--ink);
  }

  /* Parties: a colour and a shape each */
  .shape {
    display: inline-block;
    flex: none;
    width: 0.5625rem;
    height: 0.5625rem;
    background: var(--other);
    forced-color-adjust: none;
  }
  .buyer > .shape {
    background: var(--buyer);
    border-radius: 50%;
  }
  .seller > .shape {
    background: var(--seller);
    border-radius: 1px;
    transform: rotate(45deg) scale(0.9);
  }
  .partner > .shape {
    background: var(--partner);
    border-radius: 1px;
  }
  .joint > .shape {
    width: 1rem;
    border-radius: 0.3rem;
    background: linear-gradient(90deg, var(--buyer) 50%, var(--seller) 50%);
  }
  .chip {
    display: inline-flex;
    gap: 0.4rem;
    align-items: center;
    max-width: 100%;
    text-align: start;
    padding: 0.0625rem 0.5625rem 0.0625rem 0.5rem;
    border-radius: 0.75rem;
    font-size: 0.8125rem;
    line-height: 1.4;
    background: var(--other-bg);
    color: var(--other);
  }
  .chip.buyer {
    background: var(--buyer-bg);
    color: var(--buyer);
  }
  .chip.seller {
    background: var(--seller-bg);
    color: var(--seller);
  }
  .chip.partner {
    background: var(--partner-bg);
    color: var(--partner);
  }
  .chip.placeholder {
    background: none;
    border: 1px dashed currentColor;
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 0.375rem;
  }
  .tag {
    font-size: 0.8rem;
    color: var(--mute);
    white-space: nowrap;
  }
  .tag.new {
    color: #1b1f27;
    background: var(--hot-line);
    border-radius: 0.5rem;
    padding: 0 0.5rem;
    font-weight: 600;
  }

  /* Cards and rows */
  .card {
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 0.75rem;
  }
  .hot {
    border-color: var(--hot-line);
    background: linear-gradient(90deg, var(--hot), var(--card) 60%);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 0.75rem;
    align-items: center;
  }
  .push {
    margin-inline-start: auto;
  }
  .empty {
    color: var(--mute);
    padding: 1.25rem;
    border: 1px dashed var(--track);
    border-radius: 0.75rem;
  }
  .section-head {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 1rem;
    align-items: baseline;
    margin: 1.75rem 0 0.5rem;
  }
  .section-head h2 {
    font-size: 1.1875rem;
    font-weight: 640;
  }
  @keyframes flash {
    from {
      background-color: var(--hot);
      box-shadow: 0 0 0 2px var(--hot-line);
    }
  }
  .flash {
    animation: flash 1.6s ease-out;
  }
  @media (prefers-reduced-motion: reduce) {
    .flash {
      animation: none;
      outline: 1px solid var(--hot-line);
    }
    *,
    ::before,
    ::after {
      transition: none !important;
    }
  }
  @media print {
    .no-print {
      display: none !important;
    }
  }
`;
