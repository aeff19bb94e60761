/** What the pages of the tests load: the package, and an editor bound to a text. */

import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { yCollab } from 'y-codemirror.next';
import { connect, type ConnectOptions, type Plan } from '../../src/index.js';

/** What a test finds on a page. */
export interface Page {
  /** The plan that was opened last. */
  plan: Plan;
  /** Opens a plan. */
  open(options: ConnectOptions): Promise<void>;
  /** Binds an editor to a text of it. */
  edit(path: string): void;
  /** The editor. */
  editor: EditorView;
}

const page: Partial<Page> = {
  async open(options) {
    page.plan = connect(options);
    await page.plan.ready;
  },
  edit(path) {
    const { plan } = page as Page;
    const text = plan.text(path);
    const state = EditorState.create({
      doc: text.toString(),
      extensions: [yCollab(text, null, { undoManager: plan.undoManager })],
    });
    page.editor = new EditorView({ state, parent: document.body });
  },
};
Object.assign(window, { plansync: page });
