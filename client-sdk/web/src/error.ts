/**
 * The one error of this package: what happened, and what to do next.
 *
 * A program goes by `kind`, of which there are few; a person reads `message`; a log keeps `cause`.
 */

/**
 * What kind of thing went wrong, and so what a program can do about it.
 *
 * - `malformed`: a value does not fit the plan; `path` and `malformed` say which. Correct it.
 * - `unauthorized`: no token, or one that has expired. Get another one.
 * - `not_allowed`: this person may not do it. Do not try again.
 * - `not_found`: no such plan, entity or address.
 * - `conflict`: it exists already, or is closed already.
 * - `too_large`: above a limit of the plan.
 * - `unreachable`: no answer from the server. Try again later; edits are kept.
 * - `closed`: the plan was closed here, or the server has ended it for good.
 * - `timeout`: it took longer than you wanted to wait.
 * - `storage`: the local copy cannot be kept. Editing goes on, a reload would lose what is not sent.
 * - `protocol`: the server says something it should not. Try again later, or with a newer version.
 */
export type PlanErrorKind =
  | 'malformed'
  | 'unauthorized'
  | 'not_allowed'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'unreachable'
  | 'closed'
  | 'timeout'
  | 'storage'
  | 'protocol';

/** A value that does not fit its field. */
export interface Malformed {
  /** Where: `tasks/ca-1/due`, `meta/target.date`. */
  readonly path: string;
  /** What was given, as JSON and cut to 80 characters. */
  readonly value: string;
  /** What would fit: `a day like 2026-02-17`. */
  readonly expected: string;
}

/** What an error knows besides its words. */
export interface PlanErrorDetails {
  /** The first malformed place: `tasks/ca-1/due`. */
  path?: string | undefined;
  /** Every malformed place. */
  malformed?: readonly Malformed[] | undefined;
  /** The stable word of the server (`not_allowed`), or the number of a close. */
  code?: string | number | undefined;
  /** The status of an HTTP answer. */
  status?: number | undefined;
  /** What it came from. */
  cause?: unknown;
}

/** Everything that this package throws. */
export class PlanError extends Error {
  /** What kind of thing went wrong. */
  readonly kind: PlanErrorKind;
  /** The first malformed place: `tasks/ca-1/due`. */
  readonly path: string | undefined;
  /** Every malformed place; empty for other kinds. */
  readonly malformed: readonly Malformed[];
  /** The stable word of the server, or the number of a close. */
  readonly code: string | number | undefined;
  /** The status of an HTTP answer. */
  readonly status: number | undefined;

  /** An error of a kind, in words that say what happened and what to do next. */
  constructor(kind: PlanErrorKind, message: string, details: PlanErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PlanError';
    this.kind = kind;
    this.malformed = details.malformed ?? [];
    this.path = details.path ?? this.malformed[0]?.path;
    this.code = details.code;
    this.status = details.status;
  }

  /** The error of values that do not fit; at least one. */
  static malformed(malformed: readonly Malformed[]): PlanError {
    const [first] = malformed;
    const more = malformed.length > 1 ? ` (and ${malformed.length - 1} more in \`malformed\`)` : '';
    const words = first ? `${first.path}: ${first.value} is not ${first.expected}` : 'a value does not fit';
    return new PlanError('malformed', `${words}${more}. Nothing was written: correct it and edit again.`, {
      malformed,
    });
  }
}

/** What was thrown, as words. */
export function words(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
