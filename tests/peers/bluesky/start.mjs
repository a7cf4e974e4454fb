// A whole Bluesky network for tests, on loopback only: PLC directory, PDS and AppView, with what they need.
// Environment: DB_POSTGRES_URL, DB_POSTGRES_SCHEMA, REDIS_HOST. Prints READY and its addresses; SIGTERM stops it.
import net from 'node:net'

const LOOPBACK = '127.0.0.1'
const listen = net.Server.prototype.listen
// The network's own servers listen on every interface: a test must not be reached from outside.
net.Server.prototype.listen = function (first, ...rest) {
  if (typeof first === 'number' && typeof rest[0] !== 'string') rest.unshift(LOOPBACK)
  if (first && typeof first === 'object' && 'port' in first && !first.host) first = { ...first, host: LOOPBACK }
  return listen.call(this, first, ...rest)
}

const { TestNetwork } = await import('@atproto/dev-env')
const network = await TestNetwork.create({
  pds: { hostname: 'localhost', inviteRequired: false, devMode: true },
})
const { startChat } = await import('./chat.mjs')
const chat = await startChat(network.plc.url, 0)
const told = { pds: network.pds.url, appview: network.bsky.url, plc: network.plc.url, chat: chat.did }
console.log(`READY ${JSON.stringify(told)}`)

const stop = () => network.close().finally(() => process.exit(0))
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
