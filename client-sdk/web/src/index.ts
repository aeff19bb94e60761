/**
 * Mutual action plans in your product: typed, live, offline.
 *
 * ```ts
 * const plan = connect({ url: 'https://plans.example.com', plan: 'demo', token });
 * await plan.ready;
 * plan.edit((tx) => tx.tasks.set('ca-1', { due: '2026-03-01' }), { reason: 'Access pending' });
 * await plan.flush();
 * ```
 *
 * @module
 */

export { connect, Plan } from './plan.js';
export type {
  ConnectOptions,
  Me,
  Pending,
  PlanEvents,
  PlanUpdate,
  Presence,
  Reset,
  TouchpointCollection,
  Unsubscribe,
} from './plan.js';
export { PlanError } from './error.js';
export type { Malformed, PlanErrorKind } from './error.js';
export type { Collection, Collections, Which } from './read.js';
export type { Edit, EditCollection, EditJson, EditOptions, Place } from './edit.js';
export type { Change, Reason, Refused, RetryBounds, Status, StatusName } from './machine.js';
export type { Present, PresenceState } from './presence.js';
export type { GetToken, TokenReason } from './socket.js';
export { indexedDbStore, memoryStore } from './store.js';
export type { Batch, Copy, CopyContent, Facts, Store, Unsent } from './store.js';
export { PlanHttp, parseLink } from './http.js';
export type {
  Advice,
  Age,
  Backward,
  ChangesPage,
  ChangesQuery,
  EditAnswer,
  Figures,
  Listed,
  PlanAnswer,
  PlanQuery,
  Proposed,
  Schedule,
  Share,
  SummaryJson,
  SummaryQuery,
  TouchpointAnswer,
  Touchpoints,
} from './http.js';
export { compareText, isRank, rankBetween, ranksBetween } from './rank.js';
export { VERSION } from './version.js';
export type { Notice, Welcome } from './wire.js';
export * from './schema.js';
