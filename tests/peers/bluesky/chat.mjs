// A stand-in for Bluesky's service for direct messages, which is not open source: it keeps conversations in memory
// and speaks the published lexicons chat.bsky.convo.*, which check every question and answer. Reached through the PDS.
import { lexicons } from '@atproto/api'
import { createServer } from '@atproto/xrpc-server'
import { Client } from '@did-plc/lib'
import { Secp256k1Keypair } from '@atproto/crypto'
import express from 'express'

const convos = new Map()
const logs = []
let count = 0
const next = () => String((count += 1)).padStart(13, '0')

const caller = ({ req }) => {
  const token = (req.headers.authorization ?? '').replace('Bearer ', '')
  const { iss } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
  return { credentials: { did: iss.split('#')[0] }, artifacts: null }
}
const view = (convo, did) => ({
  id: convo.id,
  rev: convo.rev,
  members: convo.members.map((one) => ({ did: one, handle: 'handle.invalid' })),
  muted: false,
  unreadCount: convo.messages.filter((one) => one.sender.did !== did && !convo.read[did]).length,
})
const withMembers = (did, members) => {
  const all = [...new Set([did, ...members])].sort()
  const id = `c${all.join('').replace(/[^a-z0-9]/g, '').slice(-40)}`
  if (!convos.has(id)) convos.set(id, { id, rev: next(), members: all, messages: [], read: {} })
  return convos.get(id)
}
const json = (body) => ({ encoding: 'application/json', body })

export async function startChat(plcUrl, port) {
  const server = createServer(lexicons, { validateResponse: true })
  const method = (name, handler) =>
    server.method(`chat.bsky.convo.${name}`, {
      auth: caller,
      handler: ({ params, input, auth }) => json(handler(params ?? {}, input?.body ?? {}, auth.credentials.did)),
    })
  method('getConvoForMembers', ({ members }, _body, did) => ({ convo: view(withMembers(did, members), did) }))
  method('listConvos', (_params, _body, did) => ({
    convos: [...convos.values()].filter((one) => one.members.includes(did)).map((one) => view(one, did)),
  }))
  method('getMessages', ({ convoId, limit }) => ({
    messages: convos.get(convoId).messages.slice(-limit).reverse(),
  }))
  method('getLog', ({ cursor }, _body, did) => ({
    cursor: next(),
    logs: logs
      .filter((one) => one.rev > (cursor ?? '') && convos.get(one.convoId).members.includes(did))
      .slice(0, 50),
  }))
  method('sendMessage', (_params, { convoId, message }, did) => {
    const convo = convos.get(convoId)
    const rev = next()
    const made = {
      $type: 'chat.bsky.convo.defs#messageView',
      id: `m${rev}`,
      rev,
      text: message.text,
      ...(message.facets ? { facets: message.facets } : {}),
      sender: { did },
      sentAt: new Date().toISOString(),
    }
    convo.messages.push(made)
    logs.push({ $type: 'chat.bsky.convo.defs#logCreateMessage', rev, convoId, message: made })
    return made
  })
  const app = express()
  app.use(server.router)
  const listening = app.listen(port, '127.0.0.1')
  await new Promise((resolve) => listening.once('listening', resolve))
  const endpoint = `http://localhost:${listening.address().port}`
  const key = await Secp256k1Keypair.create()
  const plc = new Client(plcUrl)
  const did = await plc.createDid({
    signingKey: key.did(),
    rotationKeys: [key.did()],
    handle: 'chat.test',
    pds: endpoint,
    signer: key,
  })
  await plc.updateData(did, key, (held) => {
    held.services['bsky_chat'] = { type: 'BskyChatService', endpoint }
    return held
  })
  return { did: `${did}#bsky_chat`, close: () => listening.close() }
}
