// A node of @ethereumjs/devp2p that is told what to do on stdin and says on stdout what it sees; README.md has the
// lines. The library is used as it is: its own RLPx, Hello, capability matching, eth and snap protocols. What is
// wrapped here is wrapped to look (and, where a line asks for it, to misbehave).
//
//   node ethereumjs.mjs <release> <secret key, hex>     release: `10`, or `4`, the last without compression

import { createHash, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

import * as current from '@ethereumjs/devp2p'
import { Common, Mainnet } from '@ethereumjs/common'
import { RLP } from '@ethereumjs/rlp'

const require = createRequire(import.meta.url)
const [release, secret] = process.argv.slice(2)
const say = (...words) => process.stdout.write(`${words.join(' ')}\n`)

/** What differs between the two releases. */
const releases = {
  10: () => {
    const { ETH, SNAP, Peer, RLPx } = current
    const common = new Common({ chain: Mainnet })
    const offers = { 'eth/66': ETH.eth66, 'eth/67': ETH.eth67, 'eth/68': ETH.eth68, 'snap/1': SNAP.snap }
    return { Peer, RLPx, common, offers, emitter: (of) => of.events, idField: 'id' }
  },
  4: () => {
    const { ETH, LES, Peer, RLPx } = require('devp2p-without-snappy')
    const OldCommon = createRequire(require.resolve('devp2p-without-snappy'))('@ethereumjs/common').default
    const common = new OldCommon({ chain: 'mainnet' })
    const offers = { 'eth/63': ETH.eth63, 'eth/64': ETH.eth64, 'eth/65': ETH.eth65, 'les/2': LES.les2 }
    return { Peer, RLPx, common, offers, emitter: (of) => of, idField: '_id' }
  },
}
const { Peer, RLPx, common, offers, emitter, idField } = releases[release]()

/** Sessions by number, in order of their beginning. */
const sessions = []
const numbers = new WeakMap()
const muted = new WeakSet()
let falseId = null

function numberOf(peer) {
  if (!numbers.has(peer)) {
    numbers.set(peer, sessions.push(peer) - 1)
    // It may be said while the Hello is still being read.
    emitter(peer).on('connect', () => queueMicrotask(() => live(peer)))
  }
  return numbers.get(peer)
}

function live(peer) {
  const shared = peer._protocols.map(({ protocol, offset }) => `${nameOf(protocol)}/${protocol._version}@${offset}`)
  say(numberOf(peer), 'live', shared.join(','))
  const eth = find(peer, 'eth')
  if (eth) {
    const status = { td: Buffer.from([1]), bestHash: Buffer.alloc(32, 2), genesisHash: Buffer.alloc(32, 3) }
    eth.sendStatus(release === '4' ? { networkId: 1, ...status } : status)
  }
}

const nameOf = (protocol) => protocol.constructor.name.toLowerCase()
const find = (peer, name) => peer._protocols.map((of) => of.protocol).find((protocol) => nameOf(protocol) === name)
const fingerprint = (payload) => {
  const encoded = RLP.encode(payload)
  return `${encoded.length} ${createHash('sha256').update(encoded).digest('hex')}`
}

/** Has `look` called with the peer and the arguments whenever the library calls `method`; before it, or after. */
function watch(method, when, look) {
  const original = Peer.prototype[method]
  Peer.prototype[method] = function (...args) {
    if (when === 'before' && look(this, ...args) === 'skip') return undefined
    const result = original.apply(this, args)
    if (when === 'after') look(this, ...args)
    return result
  }
}

watch('_sendAuth', 'before', (peer) => say(numberOf(peer), 'begun out'))
watch('_onSocketData', 'before', (peer) => {
  if (!numbers.has(peer)) say(numberOf(peer), 'begun in')
})
watch('_sendHello', 'before', (peer) => {
  if (falseId !== null) peer[idField] = falseId
})
watch('_handleHello', 'after', (peer) => {
  const { protocolVersion, clientId, capabilities, port } = peer._hello
  const caps = capabilities.map(({ name, version }) => `${name}/${version}`).join(',')
  say(numberOf(peer), 'hello', protocolVersion, clientId, caps, port)
  for (const { protocol } of peer._protocols) {
    emitter(protocol).on('status', () => say(numberOf(peer), 'status', nameOf(protocol)))
    emitter(protocol).on('message', (code, payload) =>
      say(numberOf(peer), 'message', nameOf(protocol), code, fingerprint(payload)),
    )
  }
})
watch('_handlePing', 'before', (peer) => {
  if (muted.has(peer)) return 'skip'
  say(numberOf(peer), 'ping')
})
watch('_handlePong', 'before', (peer) => say(numberOf(peer), 'pong'))
watch('_handleDisconnect', 'after', (peer) => say(numberOf(peer), 'told', peer._disconnectReason))
watch('_sendDisconnect', 'before', (peer, reason) => say(numberOf(peer), 'tells', reason))
watch('_onSocketClose', 'after', (peer) => say(numberOf(peer), 'closed'))

const key = Buffer.from(secret, 'hex')
const node = new RLPx(key, { capabilities: [], common, maxPeers: 50, listenPort: null })
emitter(node).on('listening', () => say('listening', node._server.address().port, Buffer.from(node[idField]).toString('hex')))
emitter(node).on('peer:error', (peer, error) => say(numberOf(peer), 'error', error))
emitter(node).on('error', (error) => say('error', error))

const commands = {
  /** The capabilities offered from now on. */
  offer: (caps) => {
    node._capabilities = caps === '-' ? [] : caps.split(',').map((cap) => offers[cap])
  },
  /** From now on Hello claims this identity; `-` is the true one. */
  claim: (id) => {
    falseId = id === '-' ? null : Buffer.from(id, 'hex')
  },
  dial: (address, port, id) =>
    node
      .connect({ id: Buffer.from(id, 'hex'), address, tcpPort: Number(port), udpPort: Number(port) })
      .catch((error) => say('undialed', error)),
  /** Half of it compresses well, half not at all. */
  send: (number, protocol, code, size) => {
    const half = Math.floor(Number(size) / 2)
    const payload = [Buffer.concat([Buffer.alloc(half), randomBytes(Number(size) - half)])]
    find(sessions[number], protocol).sendMessage(Number(code), payload)
    say(number, 'sent', protocol, code, fingerprint(payload))
  },
  /** Any code on the wire, any body: as it stands. */
  raw: (number, code, body) => sessions[number]._sendMessage(Number(code), Buffer.from(body ?? '', 'hex')),
  ping: (number) => sessions[number]._sendPing(),
  mute: (number) => muted.add(sessions[number]),
  disconnect: (number, reason) => sessions[number].disconnect(Number(reason)),
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [command, ...words] = line.split(' ')
    commands[command](...words)
  })
  .on('close', () => process.exit(0))
node.listen(0, '127.0.0.1')
