/** The plan on paper: one clean document, black on white, without controls, and nothing cut in two. */

import { css } from 'lit';

/** Comes last, so that it wins. */
export const printLook = css`
  @media print {
    :host,
    :host([theme='dark']),
    :host(:not([theme='light'])) {
      --bg: #fff;
      --card: #fff;
      --ink: #000;
      --mute: #444;
      --line: #bbb;
      --track: #ccc;
      --buyer: #0b6b63;
      --buyer-bg: #fff;
      --seller: #6536b8;
      --seller-bg: #fff;
      --partner: #84500a;
      --partner-bg: #fff;
      --other: #333;
      --other-bg: #fff;
      --ok: #1a7440;
      --now: #1d5fd6;
      --late: #ad3409;
      --late-bg: #fff;
      --hot: #fff;
      --hot-line: #b88600;
      color-scheme: light;
      font-size: 10pt;
    }
    /* As far as values reach beyond their boxes. */
    .page {
      max-width: none;
      padding: 0 0.375rem;
    }
    /* Hidden, not gone: rows keep their columns. */
    button:not(.value) {
      visibility: hidden;
    }
    textarea {
      border: 0;
      padding: 0;
      resize: none;
      field-sizing: content;
    }
    .framing form,
    .tabs,
    dialog,
    [role='menu'] {
      display: none !important;
    }
    .card,
    .ms,
    .thirty,
    .changed {
      box-shadow: none !important;
      break-inside: avoid;
      content-visibility: visible !important;
    }
    .phase-head,
    h2,
    h3 {
      break-after: avoid;
    }
    .chip {
      border: 1px solid var(--line);
    }
    .shape,
    .track i {
      print-color-adjust: exact;
      -webkit-print-color-adjust: exact;
    }
  }
`;
