// A real OpenID Connect provider on loopback, for tests. PORT and SQUARE (where we answer) come from the environment.
import Provider from 'oidc-provider'

const issuer = `http://127.0.0.1:${process.env.PORT}`
const square = process.env.SQUARE
const KARI_PID = '20129912345'
const people = {
  martin: { name: 'Martin', email: 'martin@nordvaag.example.no', email_verified: true },
  ukjent: { name: 'Ukjent', email: 'ukjent@nordvaag.example.no', email_verified: true },
  ubekreftet: { name: 'Ubekreftet', email: 'amina@nordvaag.example.no', email_verified: false },
  ny: { name: 'Ny med Martins adresse', email: 'martin@nordvaag.example.no', email_verified: true },
  kari: { name: 'Kari', pid: KARI_PID, acr: 'idporten-loa-high' },
  lav: { name: 'Lav', pid: '20129954321', acr: 'idporten-loa-low' },
}
const client = (id, provider) => ({
  client_id: id,
  client_secret: `hemmelig-${id}`,
  redirect_uris: [`${square}/konto/oidc/${provider}/login/callback/`],
  post_logout_redirect_uris: [`${square}/`],
  response_types: ['code'],
  grant_types: ['authorization_code'],
  // Makes the provider tell its session id (sid), which front-channel logout needs too.
  backchannel_logout_uri: `${issuer}/nobody-listens-here`,
  backchannel_logout_session_required: true,
})
const clients = [client('torget', 'staff'), client('torget-innbygger', 'idporten')]
let frames = []

const provider = new Provider(issuer, {
  clients,
  pkce: { required: () => true },
  acrValues: ['idporten-loa-low', 'idporten-loa-substantial', 'idporten-loa-high'],
  claims: { openid: ['sub'], acr: null, sid: null, profile: ['name', 'pid'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['only for tests'] },
  interactions: { url: (ctx, interaction) => `/hvem/${interaction.uid}` },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope('openid profile email')
    await grant.save()
    return grant
  },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        // Version 9 has no front-channel logout of its own: do what the specification (§3) tells a provider.
        frames = clients.filter((one) => ctx.oidc.session?.sidFor(one.client_id)).map((one) => `${square}/konto/utlogget/fra-tilbyder?${
          new URLSearchParams({ iss: issuer, sid: ctx.oidc.session.sidFor(one.client_id) })}`)
        ctx.body = `<!DOCTYPE html><title>Logg ut</title>${form}<button form="op.logoutForm" name="logout" value="yes">Ja, logg ut</button>`
      },
      postLogoutSuccessSource: (ctx) => {
        ctx.body = `<!DOCTYPE html><title>Logget ut</title><h1>Logget ut</h1>${frames.map((url) => `<iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`).join('')}`
      },
    },
  },
})

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/hvem/')) return next()
  if (!ctx.path.endsWith('/er')) {
    ctx.body = `<!DOCTYPE html><title>Hvem er du?</title>${Object.keys(people).map((id) => `<p><a href="${ctx.path}/${id}/er">${id}</a>`).join('')}`
    return
  }
  const id = ctx.path.split('/').at(-2)
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: id, acr: people[id].acr } })
  ctx.respond = false
})
provider.on('server_error', (ctx, fault) => console.error(fault))
provider.listen(+process.env.PORT, '127.0.0.1', () => console.log('READY'))
