// Loads documents with Yjs and says what is in them.
//
// In, on stdin: records as of honest.mjs; 0 and 1 are applied in order, 2 ends a document.
// Out: one line of JSON a document: its roots, and whether anything was left pending.
import * as Y from 'yjs'
import { readFileSync } from 'node:fs'

const ROOTS = ['tasks', 'milestones', 'risks', 'people', 'comments', 'meta']
const bytes = readFileSync(0)
let doc = new Y.Doc()
for (let at = 0; at < bytes.length;) {
  const kind = bytes[at]
  const len = bytes.readUInt32BE(at + 1)
  const payload = bytes.subarray(at + 5, at + 5 + len)
  at += 5 + len
  if (kind < 2) {
    Y.applyUpdate(doc, payload)
  } else {
    const pending = doc.store.pendingStructs !== null || doc.store.pendingDs !== null
    const json = Object.fromEntries(ROOTS.map(root => [root, doc.getMap(root).toJSON()]))
    console.log(JSON.stringify({ pending, json }))
    doc = new Y.Doc()
  }
}
