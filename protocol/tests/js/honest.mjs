// Writes what honest Yjs clients send while they edit plans, as a stream of records.
//
// Usage: node honest.mjs <seed> <updates> > stream
// Record: kind (1 byte), length (4 bytes, big endian), payload.
// Kinds: 0 a live Update, 1 a SyncStep2, 2 the JSON the server must then have (ends the document).
// A document has a server copy and several clients that edit online and offline, undo, reload and merge.
import * as Y from 'yjs'
import { writeSync } from 'node:fs'

const [seed, updates] = process.argv.slice(2).map(Number)

let state = (seed >>> 0) || 1
const random = () => {
  state ^= state << 13; state >>>= 0
  state ^= state >>> 17
  state ^= state << 5; state >>>= 0
  return state / 2 ** 32
}
const int = n => Math.floor(random() * n)
const pick = list => list[int(list.length)]

const write = (kind, payload) => {
  const record = Buffer.alloc(5 + payload.length)
  record[0] = kind
  record.writeUInt32BE(payload.length, 1)
  record.set(payload, 5)
  let at = 0
  while (at < record.length) {
    try { at += writeSync(1, record, at) } catch (error) { if (error.code !== 'EAGAIN') throw error }
  }
}

const COLLECTIONS = ['tasks', 'milestones', 'risks', 'people', 'comments']
const ROOTS = [...COLLECTIONS, 'meta']
const TEXTS = ['notes', 'mitigation', 'x-text']
const SCALARS = ['title', 'due', 'rank', 'status', 'owners/b-cfo', 'owners/s-ae', 'target.date', 'x-new']
const WORDS = ['plan ', 'Überprüfung ', 'POC', '👩‍💻', '😀', '日本語', 'é', ' ', '\n', 'done. ', 'a', 'b']
const VALUES = ['', 'text', '😀', 0, 1, -1, -0, 63, 64, -64, 2 ** 31, 2 ** 40, -(2 ** 40), 0.5, 0.1, 1e300, 150000,
  true, false, null, undefined, '2026-02-20']
let sent = 0
let used = new Set()

class Client {
  constructor (server, peers) {
    this.server = server
    this.peers = peers
    this.doc = new Y.Doc({ gc: random() < 0.9 })
    // Some as random as in life, some small: short ids and long ids sort on both sides of each other.
    do this.doc.clientID = random() < 0.5 ? int(500) + 1 : int(2 ** 32)
    while (used.has(this.doc.clientID))
    used.add(this.doc.clientID)
    this.online = false
    this.undo = new Y.UndoManager(ROOTS.map(root => this.doc.getMap(root)), { captureTimeout: int(3) })
    this.doc.on('update', (update, origin) => {
      if (origin !== this.server && this.online) {
        write(0, update)
        sent++
        Y.applyUpdate(this.server, update)
        for (const peer of this.peers) if (peer !== this && peer.online) Y.applyUpdate(peer.doc, update, this.server)
      }
    })
    peers.add(this)
    this.connect()
  }

  connect () {
    const before = Y.encodeStateVector(this.server)
    const update = Y.encodeStateAsUpdate(this.doc, before)
    write(1, update)
    sent++
    Y.applyUpdate(this.server, update)
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(this.server, Y.encodeStateVector(this.doc)), this.server)
    const news = Y.encodeStateAsUpdate(this.server, before)
    for (const peer of this.peers) if (peer !== this && peer.online) Y.applyUpdate(peer.doc, news, this.server)
    this.online = true
  }

  entity () {
    const root = this.doc.getMap(pick(COLLECTIONS))
    const ids = [...root.keys()]
    return ids.length ? root.get(pick(ids)) : null
  }

  text () {
    const entity = this.entity()
    const text = random() < 0.1 ? this.doc.getMap('meta').get('valueProposition') : entity && entity.get(pick(TEXTS))
    return text instanceof Y.Text ? text : null
  }

  create () {
    const entity = new Y.Map()
    for (const key of SCALARS) if (random() < 0.5) entity.set(key, pick(VALUES))
    for (const key of TEXTS) if (random() < 0.7) entity.set(key, new Y.Text(random() < 0.5 ? pick(WORDS) : undefined))
    // Few ids, so that two create the same one at once.
    this.doc.getMap(pick(COLLECTIONS)).set('e' + int(12), entity)
  }

  type () {
    const text = this.text()
    if (!text) return
    const at = int(text.length + 1)
    const roll = random()
    if (roll < 0.65) text.insert(at, pick(WORDS))
    else if (roll < 0.9) text.delete(Math.min(at, Math.max(0, text.length - 1)), Math.min(1 + int(4), Math.max(0, text.length - at)))
    else this.doc.transact(() => { for (let i = 0; i < 10; i++) text.insert(int(text.length + 1), pick(WORDS)) })
  }

  edit () {
    const roll = random()
    if (roll < 0.1) this.create()
    else if (roll < 0.55) {
      for (let i = int(4); i >= 0; i--) this.type()
    } else if (roll < 0.72) {
      const entity = this.entity()
      if (entity) entity.set(pick(SCALARS), pick(VALUES))
    } else if (roll < 0.76) {
      const entity = this.entity()
      if (entity) entity.delete(pick(SCALARS))
    } else if (roll < 0.79) {
      const entity = this.entity()
      if (entity) entity.set(pick(TEXTS), new Y.Text(pick(WORDS)))
    } else if (roll < 0.82) {
      const root = this.doc.getMap(pick(COLLECTIONS))
      const ids = [...root.keys()]
      if (ids.length) root.delete(pick(ids))
    } else if (roll < 0.86) {
      this.doc.getMap('meta').set(pick(['title', 'tz', 'target.date']), pick(VALUES))
    } else if (roll < 0.87) {
      this.doc.getMap('meta').set('valueProposition', new Y.Text('why'))
    } else if (roll < 0.95) {
      // Not within a transaction: there Yjs may take back what has no place in the document yet, and fails.
      if (this.doc._transaction === null) roll < 0.92 ? this.undo.undo() : this.undo.redo()
    } else if (roll < 0.98) {
      this.doc.transact(() => { for (let i = int(10); i >= 0; i--) this.edit() })
    } else if (this.doc._transaction === null) {
      // Not within a transaction: a provider never connects in the middle of one.
      if (this.online) this.online = false
      else this.connect()
    }
  }

  leave () {
    if (!this.online) this.connect()
    this.online = false
    this.peers.delete(this)
  }
}

while (sent < updates) {
  const server = new Y.Doc()
  used = new Set()
  const peers = new Set()
  for (let i = 2 + int(4); i > 0; i--) new Client(server, peers)
  const until = sent + 100 + int(500)
  while (sent < until) {
    const client = pick([...peers])
    const online = client.online
    client.edit()
    if (random() < 0.01) { client.leave(); new Client(server, peers) }
    // Edits offline send nothing: without this a document with nobody online would never end.
    if (!online && random() < 0.1) client.connect()
  }
  for (const client of [...peers]) client.leave()
  write(2, Buffer.from(JSON.stringify(Object.fromEntries(ROOTS.map(root => [root, server.getMap(root).toJSON()])))))
}
