/** A list of tasks that everybody edits at once, and who is looking at it. */

import { connect, parseLink, type Plan } from '@plansync/client';
import { useCollection, useEntity, useOthers, usePending, usePlan } from '@plansync/client/react';

/** Shows the plan of a link that a person was sent. */
export function PlanOfLink({ link }: { link: string }) {
  const where = parseLink(link);
  return where ? <PlanPage {...where} /> : <p>This link is incomplete.</p>;
}

function PlanPage(where: Parameters<typeof connect>[0]) {
  const { plan, status, snapshot } = usePlan(where);
  const others = useOthers(plan);
  const pending = usePending(plan);
  const tasks = useCollection(plan, 'tasks');
  return (
    <main>
      <h1>{snapshot?.meta?.title}</h1>
      <p role="status">
        {status.state} {status.reason?.message} {pending > 0 && `${pending} edits on their way`}
      </p>
      <p>Here now: {others.map((other) => other.name ?? other.person).join(', ') || 'only you'}</p>
      <ul>
        {tasks.map(({ id }) => (
          <TaskRow key={id} plan={plan} id={id} />
        ))}
      </ul>
      <button onClick={() => plan?.edit((tx) => tx.tasks.add({ title: 'New task' }))}>Add</button>
      <button onClick={() => plan?.undo()}>Undo</button>
    </main>
  );
}

function TaskRow({ plan, id }: { plan: Plan | undefined; id: string }) {
  const task = useEntity(plan, 'tasks', id);
  return (
    <li onFocus={() => plan?.presence.set({ at: `tasks/${id}` })}>
      {task?.title}{' '}
      <input
        type="date"
        aria-label={`Due day of ${task?.title ?? id}`}
        value={task?.due ?? ''}
        onChange={(event) => plan?.edit((tx) => tx.tasks.set(id, { due: event.target.value || null }))}
      />
    </li>
  );
}
