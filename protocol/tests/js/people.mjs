// People with stock Yjs who write what no plan holds, between what it does hold, and go on writing around it.
//
// A caller says on stdin what happens next, and reads on stdout what comes of it. A record in: what (1 byte), who
// (1 byte), length (4 bytes, big endian), payload. Records out: kind (1 byte), length, payload; kind 9 ends an answer.
// In: 0 begin with a seed (4 bytes), for as many people as `who` says · 1 apply what the server sent · 2 edit
// something · 3 send what a state vector lacks · 4 tell what is there.
// Out: 0 an Update, 1 a state vector and a SyncStep2, 2 JSON.
import * as Y from 'yjs'
import { readSync, writeSync } from 'node:fs'

let state = 1
const random = () => {
  state ^= state << 13; state >>>= 0
  state ^= state >>> 17
  state ^= state << 5; state >>>= 0
  return state / 2 ** 32
}
const int = n => Math.floor(random() * n)
const pick = list => list[int(list.length)]

const read = length => {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length;) {
    const got = readSync(0, bytes, at, length - at)
    if (got === 0) process.exit(0)
    at += got
  }
  return bytes
}
const write = (kind, payload) => {
  const record = Buffer.alloc(5 + payload.length)
  record[0] = kind
  record.writeUInt32BE(payload.length, 1)
  record.set(payload, 5)
  for (let at = 0; at < record.length;) {
    try { at += writeSync(1, record, at) } catch (error) { if (error.code !== 'EAGAIN') throw error }
  }
}

const ROOTS = ['tasks', 'risks', 'meta']
const WORDS = ['plan ', 'a', '😀', 'Überprüfung', 'b', 'done. ']
const SCALARS = ['title', 'due', 'x-new']
const TEXTS = ['notes', 'x-text']
const FORMATS = [{ bold: true }, { bold: null }, { italic: true }, { color: 'red' }, { link: { href: 'x' } }]
// What a root that no plan has is used as; `cadence` is a collection, but not a list.
const OTHERS = {
  extra: doc => doc.getMap('extra'),
  list: doc => doc.getArray('list'),
  cadence: doc => doc.getArray('cadence'),
  prose: doc => doc.getText('prose'),
  page: doc => doc.getXmlFragment('page')
}

const nested = depth => depth === 0 ? 1 : random() < 0.5 ? [nested(depth - 1), 'x'] : { a: nested(depth - 1), b: null }
const foreignValue = () => pick([
  () => nested(1 + int(4)), () => new Uint8Array([1, 2, 3]), () => 12345678901234567890n, () => [], () => ({}),
  () => new Y.Doc({ guid: 'sub' + int(3) })
])()
const map = () => new Y.Map([['due', 'nested'], ['deep', new Y.Map([['a', new Y.Array()]])], ['words', new Y.Text('w')]])
const list = () => Y.Array.from(['a', 1, { b: 2 }, new Y.Map([['c', 3]])])
const xml = () => {
  const element = new Y.XmlElement('p')
  element.setAttribute('class', 'x')
  element.insert(0, [new Y.XmlText('in it')])
  return element
}
const foreignType = () => pick([map, list, xml, () => new Y.XmlText('x'), () => new Y.XmlFragment()])()

class Person {
  constructor (n) {
    this.doc = new Y.Doc({ gc: random() < 0.8 })
    this.doc.clientID = 10 + n * (1 + int(1000))
    this.sent = []
    this.doc.on('update', (update, origin) => { if (origin !== 'server') this.sent.push(update) })
    this.others = Object.fromEntries(Object.entries(OTHERS).map(([name, open]) => [name, open(this.doc)]))
    const scope = [...ROOTS.map(root => this.doc.getMap(root)), ...Object.values(this.others)]
    this.undo = new Y.UndoManager(scope, { captureTimeout: int(2) })
  }

  entity () {
    const root = this.doc.getMap(pick(['tasks', 'risks']))
    const entity = [...root.values()].filter(value => value instanceof Y.Map)
    return entity.length ? pick(entity) : null
  }

  text () {
    const entity = this.entity()
    const text = entity && entity.get(pick(TEXTS))
    return text instanceof Y.Text ? text : null
  }

  create () {
    const entity = new Y.Map()
    for (const key of SCALARS) if (random() < 0.5) entity.set(key, pick(['a', 1, true, null]))
    for (const key of TEXTS) entity.set(key, new Y.Text(pick(WORDS)))
    this.doc.getMap(pick(['tasks', 'risks'])).set('e' + int(4), entity)
  }

  type (text) {
    const at = int(text.length + 1)
    if (random() < 0.7) text.insert(at, pick(WORDS))
    else text.delete(Math.min(at, text.length), Math.min(1 + int(3), text.length - Math.min(at, text.length)))
  }

  rich (text) {
    const at = int(text.length + 1)
    const roll = random()
    if (roll < 0.4) text.format(at, Math.min(1 + int(5), text.length - at), pick(FORMATS))
    else if (roll < 0.6) text.insert(at, pick(WORDS), pick(FORMATS))
    else if (roll < 0.75) text.insertEmbed(at, pick([{ image: 'x' }, 'embed', { a: [1] }]), pick([{}, { bold: true }]))
    else if (roll < 0.85) text.insertEmbed(at, foreignType())
    else if (roll < 0.95) text.applyDelta([{ retain: at }, { insert: pick(WORDS), attributes: pick(FORMATS) }, { insert: { e: 1 } }, { insert: 'z' }])
    else text.setAttribute(pick(['lang', 'dir']), pick(['x', 1]))
  }

  // Something within a type that no plan holds.
  within (type, depth = 0) {
    if (type instanceof Y.XmlFragment) {
      if (type.length && random() < 0.5) type.delete(int(type.length), 1)
      else if (type.length && depth < 3 && random() < 0.4) this.within(type.get(int(type.length)), depth + 1)
      else type.insert(int(type.length + 1), [xml()])
    } else if (type instanceof Y.Text) {
      if (random() < 0.5) this.type(type)
      else this.rich(type)
    } else if (type instanceof Y.Array) {
      const roll = random()
      if (roll < 0.2 && type.length) type.delete(int(type.length), 1)
      else if (roll < 0.5 && depth < 3 && type.length) this.within(type.get(int(type.length)), depth + 1)
      else if (roll < 0.7) type.push([pick(WORDS), int(5)])
      // Yjs takes a bigint in a list only inside a value.
      else type.insert(int(type.length + 1), [pick(['v', 7, [12345678901234567890n], new Uint8Array([4]), { a: nested(2) }, foreignType()])])
    } else if (type instanceof Y.Map) {
      const roll = random()
      const key = 'k' + int(3)
      if (roll < 0.2) type.delete(key)
      else if (roll < 0.5 && depth < 3) this.within(pick([...type.values(), null]), depth + 1)
      else type.set(key, pick(['v', 7, foreignValue(), foreignType(), new Y.Text('t')]))
    }
  }

  misplace () {
    const roll = random()
    const entity = this.entity()
    if (roll < 0.35) this.within(this.others[pick(Object.keys(this.others))])
    else if (roll < 0.55) {
      const text = this.text()
      if (text) this.rich(text)
    } else if (roll < 0.75 && entity) {
      if (random() < 0.6) entity.set(pick(SCALARS), pick([foreignValue, foreignType])())
      else entity.set('due', new Y.Text('a text'))
    } else if (roll < 0.85 && entity) entity.set('notes', pick([foreignValue(), foreignType(), 'scalar', 5, null]))
    else if (roll < 0.93) this.doc.getMap(pick(['tasks', 'risks'])).set('e' + int(4), pick([foreignValue(), list(), 'scalar', new Y.Text('t')]))
    else if (roll < 0.97) this.doc.getMap('meta').set('title', pick([foreignValue, foreignType])())
    else {
      // What stands there for the moment, until the server has deleted it.
      const found = [...(entity ? entity.values() : []), ...this.doc.getMap('meta').values(), ...this.doc.getMap('tasks').values()]
      this.within(pick([...found.filter(value => value instanceof Y.AbstractType), null]))
    }
  }

  edit () {
    const roll = random()
    const entity = this.entity()
    if (roll < 0.1 || !entity) this.create()
    else if (roll < 0.3) { const text = this.text(); if (text) this.type(text) } else if (roll < 0.42) entity.set(pick(SCALARS), pick(['a', 2, false, undefined]))
    else if (roll < 0.46) entity.delete(pick([...SCALARS, ...TEXTS]))
    else if (roll < 0.49) entity.set(pick(TEXTS), new Y.Text(pick(WORDS)))
    else if (roll < 0.51) this.doc.getMap('tasks').delete('e' + int(4))
    else if (roll < 0.55) this.doc.getMap('meta').set('title', pick(WORDS))
    else if (roll < 0.86) this.misplace()
    else if (roll < 0.9) this.undo.undo()
    else if (roll < 0.92) this.undo.redo()
    else if (this.doc._transaction === null) this.doc.transact(() => { for (let i = int(6); i >= 0; i--) this.edit() })
  }

  tell () {
    const snapshot = Y.snapshot(this.doc)
    const sorted = pairs => [...pairs].sort((a, b) => a[0] - b[0])
    let strange = 0
    const look = value => {
      if (value instanceof Y.Map) for (const inner of value.values()) look(inner)
      else if (value instanceof Y.Text) {
        strange += value.toDelta().filter(op => typeof op.insert !== 'string' || op.attributes).length
        strange += Object.keys(value.getAttributes()).length
      } else if (value !== null && typeof value === 'object') strange++
    }
    for (const root of ROOTS) look(this.doc.getMap(root))
    for (const other of Object.values(this.others)) strange += other instanceof Y.Map ? other.size : other.length
    return {
      json: Object.fromEntries(ROOTS.map(root => [root, this.doc.getMap(root).toJSON()])),
      vector: sorted(snapshot.sv),
      deleted: sorted(snapshot.ds.clients).map(([client, ranges]) => [client, ranges.map(({ clock, len }) => [clock, clock + len])]),
      pending: this.doc.store.pendingStructs !== null || this.doc.store.pendingDs !== null,
      strange
    }
  }
}

let people = []
for (;;) {
  const [what, who] = read(2)
  const payload = read(read(4).readUInt32BE())
  const person = people[who]
  if (what === 0) {
    state = payload.readUInt32BE() || 1
    people = Array.from({ length: who }, (_, n) => new Person(n))
  } else if (what === 1) Y.applyUpdate(person.doc, payload, 'server')
  else if (what === 2) person.edit()
  else if (what === 3) {
    write(1, Y.encodeStateVector(person.doc))
    write(1, Y.encodeStateAsUpdate(person.doc, payload))
  } else write(2, Buffer.from(JSON.stringify(person.tell())))
  if (person) for (const update of person.sent.splice(0)) write(0, update)
  write(9, Buffer.alloc(0))
}
