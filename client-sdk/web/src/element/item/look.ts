/** How the details of an item look, beside the plan and on a phone. */

import { css } from 'lit';

/** The styles. */
export const itemLook = css`
  .drawer {
    position: fixed;
    inset: 0 0 0 auto;
    z-index: 15;
    width: min(30rem, 100vw);
    max-width: none;
    height: 100dvh;
    max-height: none;
    margin: 0;
    padding: 0 1.25rem 2rem;
    border: 0;
    border-inline-start: 1px solid var(--line);
    background: var(--card);
    color: var(--ink);
    box-shadow: -16px 0 48px var(--shade);
    overflow: auto;
    overscroll-behavior: contain;
    font-size: 0.9333rem;
  }
  .drawer::backdrop {
    background: var(--veil);
  }
  .drawer .top {
    position: sticky;
    top: 0;
    z-index: 3;
    display: flex;
    gap: 0.5rem;
    align-items: center;
    min-height: 3.25rem;
    margin: 0 -1.25rem;
    padding: 0 1.25rem;
    background: var(--card);
    border-bottom: 1px solid var(--line);
    font-size: 0.8125rem;
    color: var(--mute);
  }
  .drawer .top > * {
    flex: none;
  }
  .drawer .top > :first-child {
    flex: 0 1 auto;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .drawer h2 {
    margin: 1rem 0 0.75rem;
    font-size: 1.25rem;
    line-height: 1.3;
    font-weight: 650;
  }
  .commit {
    margin-top: 0.75rem;
  }
  .facts dd .status {
    width: auto;
    text-align: start;
    font-size: inherit;
  }
  :is(plansync-blocker, plansync-waits, plansync-talk, plansync-past) {
    display: block;
  }
  .drawer section {
    margin-top: 1.125rem;
    padding-top: 0.875rem;
    border-top: 1px solid var(--line);
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.5rem;
  }
  .drawer section > h3,
  .drawer summary {
    font-size: 0.8667rem;
    font-weight: 620;
  }
  .drawer form.row {
    flex-wrap: nowrap;
  }
  .drawer form.row button {
    flex: none;
  }
  .drawer summary {
    cursor: pointer;
    min-height: 1.5rem;
  }
  .drawer .note {
    margin-inline-start: 0;
  }
  .deps li,
  .said li,
  .past li {
    display: flex;
    flex-wrap: wrap;
    gap: 0.125rem 0.5rem;
    align-items: center;
    padding: 0.25rem 0;
  }
  .deps li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto auto auto;
  }
  .deps .how {
    grid-column: 1 / -1;
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.75rem;
  }
  .deps li .title {
    min-width: 0;
    padding: 0.125rem 0;
    color: var(--ink);
    font-weight: 450;
    text-align: start;
    unicode-bidi: isolate;
  }
  .deps select {
    width: auto;
    border-color: var(--line);
    padding: 0.125rem 0.375rem;
    font-size: 0.8667rem;
  }
  .deps input[type='number'] {
    width: 3.5rem;
    border-color: var(--line);
    padding: 0.125rem 0.375rem;
    font-size: 0.8667rem;
  }
  .drawer :is(section > select, form > textarea, form > input, dd > select) {
    border-color: var(--line);
  }
  .said li {
    display: block;
    padding: 0.5rem 0;
    border-top: 1px solid var(--line);
  }
  .said li.resolved p {
    color: var(--mute);
  }
  .said .tag {
    white-space: normal;
    unicode-bidi: isolate;
  }
  .said p {
    white-space: pre-wrap;
    unicode-bidi: isolate;
  }
  .said .by {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    font-size: 0.8125rem;
    color: var(--mute);
  }
  .said .by b {
    color: var(--ink);
    font-weight: 600;
  }
  .past li {
    display: block;
    font-size: 0.8667rem;
    color: var(--mute);
  }
  .past ins,
  .past b {
    color: var(--ink);
    font-weight: 550;
  }
  .mentions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem;
  }
  @media (max-width: 44rem) {
    .drawer {
      inset: 0;
      width: 100vw;
      border: 0;
    }
  }
  @media print {
    .drawer {
      display: none;
    }
  }
`;
