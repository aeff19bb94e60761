/**
 * Shows what changes on a plan, and marks a task as done.
 *
 *   plansync serve --demo          # prints links
 *   node examples/node.mjs 'http://127.0.0.1:4300/p/demo#token=…' [task]
 */

import { connect, parseLink } from '@plansync/client';
import { WebSocket } from 'ws';

const [link = '', task] = process.argv.slice(2);
const where = parseLink(link);
if (!where) {
  console.error('give a link to a plan, with its token');
  process.exit(2);
}

const plan = connect({ ...where, WebSocket, name: 'example/1' });
plan.on('status', ({ state, reason }) => console.log(state, reason?.message ?? ''));
plan.on('change', ({ actor, type, data }) => console.log(actor, type, data.title, data.old ?? '', '→', data.new ?? ''));

await plan.live();
console.log(`${plan.meta.title}: ${plan.tasks.size} tasks, you are ${plan.me?.person} of ${plan.me?.party}`);
for (const { id, title, due, status } of plan.tasks)
  console.log(`${id}  ${due ?? 'no date   '}  ${status ?? 'pending'}  ${title}`);

if (task) {
  plan.edit((tx) => tx.tasks.set(task, { status: 'complete' }));
  await plan.flush();
  console.log(`${task} is done, on the server's disk`);
}
process.on('SIGINT', () => void plan.close().then(() => process.exit(0)));
