// A strict ActivityPub server on loopback, for tests: Fedify with two people, told what to do over POST /do.
// PORT and ORIGIN (how it is reached) and KNOCK (the signature it tries first) come from the environment.
import http from 'node:http'
import { Temporal } from '@js-temporal/polyfill'
import { createFederation, generateCryptoKeyPair, MemoryKvStore, signRequest } from '@fedify/fedify'
import { Accept, Announce, Create, Delete, Endpoints, Follow, Image, Like, Mention, Note, Person, PUBLIC_COLLECTION, Tombstone, Undo, Update } from '@fedify/vocab'

const { PORT, ORIGIN, KNOCK } = process.env
const federation = createFederation({ kv: new MemoryKvStore(), allowPrivateAddress: true, firstKnock: KNOCK, origin: ORIGIN })
const pairs = {}
const rsaAndEd25519 = async () => [await generateCryptoKeyPair('RSASSA-PKCS1-v1_5'), await generateCryptoKeyPair('Ed25519')]
for (const name of ['kari', 'oda']) pairs[name] = await rsaAndEd25519()
const stranger = await rsaAndEd25519()
const heard = []
const hear = async (ctx, act) => { heard.push(await act.toJsonLd({ contextLoader: ctx.contextLoader })) }

federation
  .setActorDispatcher('/u/{identifier}', async (ctx, identifier) => {
    if (!pairs[identifier]) return null
    const keys = await ctx.getActorKeyPairs(identifier)
    return new Person({
      id: ctx.getActorUri(identifier),
      preferredUsername: identifier,
      name: `${identifier} på Fedify`,
      inbox: ctx.getInboxUri(identifier),
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      url: ctx.getActorUri(identifier),
      publicKey: keys[0].cryptographicKey,
      assertionMethods: keys.map((key) => key.multikey),
    })
  })
  .setKeyPairsDispatcher((ctx, identifier) => pairs[identifier] ?? [])
federation.setObjectDispatcher(Note, '/n/{id}', async (ctx, { id }) => notes[id] ?? null)
const inbox = federation.setInboxListeners('/u/{identifier}/inbox', '/inbox')
for (const kind of [Accept, Announce, Create, Delete, Like, Undo, Update]) inbox.on(kind, hear)
inbox.onError((ctx, fault) => heard.push({ type: 'Error', message: String(fault.message) }))

const notes = {}
const statuses = []
const context = () => federation.createContext(new URL(ORIGIN), undefined)

function note(ctx, { who, id, text, to, replyTo, direct, updated, picture }) {
  const target = new URL(to)
  notes[id] = new Note({
    id: ctx.getObjectUri(Note, { id }),
    attribution: ctx.getActorUri(who),
    content: `<p><span class="h-card"><a href="${to}" class="u-url mention">@<span>provetorget</span></a></span> ${text}</p>`,
    published: Temporal.Now.instant(),
    updated: updated ? Temporal.Now.instant() : undefined,
    tos: direct ? [target] : [PUBLIC_COLLECTION],
    ccs: direct ? [] : [target],
    tags: [new Mention({ href: target, name: '@provetorget' })],
    replyTarget: replyTo ? new URL(replyTo) : undefined,
    attachments: picture ? [new Image({ url: new URL(picture), mediaType: 'image/png', name: 'Ei gate med snø' })] : [],
  })
  return notes[id]
}

const acts = {
  follow: async (ctx, { who, to, id }) => new Follow({ id: new URL(`#follow-${id}`, ctx.getActorUri(who)), actor: ctx.getActorUri(who), object: new URL(to) }),
  unfollow: async (ctx, { who, to, id }) => new Undo({
    id: new URL(`#undo-${id}`, ctx.getActorUri(who)), actor: ctx.getActorUri(who),
    object: new Follow({ id: new URL(`#follow-${id}`, ctx.getActorUri(who)), actor: ctx.getActorUri(who), object: new URL(to) }),
  }),
  say: async (ctx, told) => {
    const said = note(ctx, told)
    return new Create({ id: new URL('#create', said.id), actor: said.attributionId, object: said, tos: said.toIds, ccs: said.ccIds })
  },
  edit: async (ctx, told) => {
    const said = note(ctx, { ...told, updated: true })
    return new Update({ id: new URL(`#update-${Date.now()}`, said.id), actor: said.attributionId, object: said, tos: said.toIds, ccs: said.ccIds })
  },
  unsay: async (ctx, { who, id }) => {
    const uri = ctx.getObjectUri(Note, { id })
    delete notes[id]
    return new Delete({ id: new URL('#delete', uri), actor: ctx.getActorUri(who), object: new Tombstone({ id: uri }), to: PUBLIC_COLLECTION })
  },
  like: async (ctx, { who, id, object }) => new Like({ id: new URL(`#like-${id}`, ctx.getActorUri(who)), actor: ctx.getActorUri(who), object: new URL(object) }),
  share: async (ctx, { who, id, object }) => new Announce({ id: new URL(`#share-${id}`, ctx.getActorUri(who)), actor: ctx.getActorUri(who), object: new URL(object), to: PUBLIC_COLLECTION }),
}

// What its own search finds at an address somebody pasted.
async function look(ctx, { object }) {
  const found = await ctx.lookupObject(object)
  return { found: found?.id?.href ?? null, content: String(found?.content ?? '') }
}

async function deliver(ctx, told) {
  const activity = await acts[told.act](ctx, told)
  const recipient = { id: new URL(told.to), inboxId: new URL(told.inbox), endpoints: null }
  await ctx.sendActivity({ identifier: told.who }, recipient, activity, { immediate: true })
  return { sent: activity.id.href }
}

// Signed by hand, and then spoilt: another body, or another's key under this person's name.
async function spoilt(ctx, told) {
  const activity = await acts[told.act](ctx, told)
  const body = JSON.stringify(await activity.toJsonLd({ contextLoader: ctx.contextLoader }))
  const [pair] = await ctx.getActorKeyPairs(told.who)
  const key = told.how === 'key' ? stranger[0].privateKey : pair.privateKey
  const request = new Request(told.inbox, { method: 'POST', body, headers: { 'content-type': 'application/activity+json' } })
  const signed = await signRequest(request, key, pair.keyId, { spec: told.spec })
  const sent = told.how === 'body' ? body.replace('Fjellveien', 'Sjøgata') : body
  const answer = await fetch(told.inbox, { method: 'POST', headers: signed.headers, body: sent })
  return { status: answer.status, said: await answer.text() }
}

async function read(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts)
}

http.createServer(async (request, reply) => {
  const body = await read(request)
  if (request.url === '/do') {
    const told = JSON.parse(body)
    if (told.act === 'rotate') pairs[told.who] = await rsaAndEd25519()
    let done
    try {
      if (told.act === 'rotate') done = {}
      else if (told.act === 'look') done = await look(context(), told)
      else done = await (told.how ? spoilt : deliver)(context(), told)
    } catch (fault) {
      done = { failed: String(fault) }
    }
    reply.end(JSON.stringify(done))
  } else if (request.url === '/heard') {
    reply.end(JSON.stringify({ heard, statuses }))
  } else {
    const init = { method: request.method, headers: request.headers, body: body.length ? body : undefined }
    const answer = await federation.fetch(new Request(ORIGIN + request.url, init), { contextData: undefined })
    if (request.method === 'POST') statuses.push({ status: answer.status, signature: request.headers['signature-input'] ? 'rfc9421' : 'cavage' })
    reply.writeHead(answer.status, Object.fromEntries(answer.headers))
    reply.end(Buffer.from(await answer.arrayBuffer()))
  }
}).listen(+PORT, '127.0.0.1', () => console.log('READY'))
