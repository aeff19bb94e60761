/**
 * React: a plan as hooks.
 *
 * In: where the plan is and who we are. Out: the plan, its status, and values that change when they do. What is always
 * true: a component is rendered again only when what it reads is another value; a plan is closed when nothing uses it.
 */

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { connect, type ConnectOptions, type Plan } from './plan.js';
import type { Status } from './machine.js';
import type { Present } from './presence.js';
import type { CollectionName, Entities, Meta, PlanJson } from './schema.js';

const CONNECTING: Status = { state: 'connecting' };
const NOBODY: readonly Present[] = [];
const NOTHING = () => {};

/** What {@link usePlan} gives. */
export interface UsedPlan {
  /** The plan; nothing in the first render, and on a server. */
  readonly plan: Plan | undefined;
  /** Where its connection stands. */
  readonly status: Status;
  /** The whole plan: the same object until something changes. */
  readonly snapshot: PlanJson | undefined;
}

/**
 * Opens a plan for as long as the component is there. Another `url`, `plan`, `scope` or `token` is another plan; of
 * `getToken` the last one given is used.
 */
export function usePlan(options: ConnectOptions): UsedPlan {
  const [plan, setPlan] = useState<Plan>();
  const latest = useRef(options);
  latest.current = options;
  const { url, plan: id, scope, token } = options;
  useEffect(() => {
    const { getToken } = latest.current;
    const opened = connect({
      ...latest.current,
      ...(getToken ? { getToken: (why) => (latest.current.getToken ?? getToken)(why) } : {}),
    });
    setPlan(opened);
    return () => {
      setPlan((current) => (current === opened ? undefined : current));
      void opened.close();
    };
  }, [url, id, scope, token]);
  return { plan, status: usePlanStatus(plan), snapshot: usePlanSnapshot(plan) };
}

/** The whole plan as its canonical JSON. */
export function usePlanSnapshot(plan: Plan | undefined): PlanJson | undefined {
  const listen = useCallback((told: () => void) => both(plan?.on('update', told), plan?.on('reset', told)), [plan]);
  return useSyncExternalStore(
    listen,
    () => plan?.toJSON(),
    () => undefined,
  );
}

/** Where the connection of a plan stands. */
export function usePlanStatus(plan: Plan | undefined): Status {
  const listen = useCallback((told: () => void) => plan?.on('status', told) ?? NOTHING, [plan]);
  return useSyncExternalStore(
    listen,
    () => plan?.status ?? CONNECTING,
    () => CONNECTING,
  );
}

/** One entity: rendered again only when this one changes. */
export function useEntity<Name extends CollectionName>(
  plan: Plan | undefined,
  collection: Name,
  id: string,
): Entities[Name] | undefined {
  const listen = useCallback(
    (told: () => void) => plan?.subscribe(collection, id, told) ?? NOTHING,
    [plan, collection, id],
  );
  return useSyncExternalStore(
    listen,
    () => plan?.collection(collection).get(id),
    () => undefined,
  );
}

/** All entities of a collection, in their order. */
export function useCollection<Name extends CollectionName>(
  plan: Plan | undefined,
  collection: Name,
): readonly Entities[Name][] {
  const listen = useCallback((told: () => void) => plan?.subscribe(collection, told) ?? NOTHING, [plan, collection]);
  const empty = useRef<readonly Entities[Name][]>([]).current;
  return useSyncExternalStore(
    listen,
    () => plan?.collection(collection).all() ?? empty,
    () => empty,
  );
}

/** The fields of the plan itself. */
export function useMeta(plan: Plan | undefined): Meta | undefined {
  const listen = useCallback((told: () => void) => plan?.subscribe('meta', told) ?? NOTHING, [plan]);
  return useSyncExternalStore(
    listen,
    () => plan?.meta,
    () => undefined,
  );
}

/** Who else is there. */
export function useOthers(plan: Plan | undefined): readonly Present[] {
  const listen = useCallback((told: () => void) => plan?.on('presence', told) ?? NOTHING, [plan]);
  return useSyncExternalStore(
    listen,
    () => plan?.presence.others ?? NOBODY,
    () => NOBODY,
  );
}

/** Edits that are not on the server yet. */
export function usePending(plan: Plan | undefined): number {
  const listen = useCallback((told: () => void) => plan?.on('pending', told) ?? NOTHING, [plan]);
  return useSyncExternalStore(
    listen,
    () => plan?.pending ?? 0,
    () => 0,
  );
}

function both(...undo: ((() => void) | undefined)[]): () => void {
  return () => undo.forEach((each) => each?.());
}
