import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { rulesCommand } from '../../src/cli/rules.ts'
import { type FetchMachine, fetchBodies, REQUESTS_MAX, TRIES_MAX } from '../../src/cli/rules-fetch.ts'
import type { Output } from '../../src/cli/terminal.ts'
import type { RulesEndpoint } from '../../src/domain/index.ts'
import { httpGet, systemClock } from '../../src/system/index.ts'
import { parseVenueId, VENUES, venueOf } from '../../src/venues/index.ts'

let server: Server | undefined
afterEach(async () => {
  process.exitCode = undefined
  if (server !== undefined) await new Promise((resolve) => server!.close(resolve))
  server = undefined
})

type Answers = (path: string, body: string) => { status?: number; json: unknown }

/** A venue on this machine; returns its address and the requests that it gets. */
async function venue(answers: Answers): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    asked.push(`${request.method} ${request.url}${body === '' ? '' : ` ${body}`}`)
    const { status = 200, json } = answers(request.url!, body)
    response.writeHead(status, { connection: 'close' }).end(JSON.stringify(json))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

async function fetching(...args: string[]): Promise<{ output: string; errors: string }> {
  const texts = { output: '', errors: '' }
  const into = (key: keyof typeof texts): Output =>
    new Writable({
      write: (chunk, _encoding, done) => {
        texts[key] += chunk
        done()
      },
    })
  const nowMs = Date.parse('2026-11-28T12:00:00Z')
  await rulesCommand({ output: into('output'), errors: into('errors'), nowMs }).parseAsync(
    ['fetch', ...args],
    {
      from: 'user',
    },
  )
  return texts
}

const risk = (symbol: string) => ({
  symbol,
  riskLimitValue: '1000',
  maintenanceMargin: '0.01',
  maxLeverage: '50',
})

describe('plimsoll rules fetch', () => {
  it('follows the pages of the venue and makes a rules file of all of them', async () => {
    const collateralRatioList = [{ minQty: '0', maxQty: '', collateralRatio: '0.95' }]
    const ratios = [{ currency: 'BTC', collateralRatioList }]
    const { url, asked } = await venue((path) => {
      const isSecond = path.includes('cursor=next%2F1')
      if (path.includes('/collateral'))
        return { json: { retCode: 0, retMsg: 'OK', result: { list: ratios } } }
      const list = path.includes('risk-limit?category=linear') ? [risk(isSecond ? 'XRPUSDT' : 'SOLUSDT')] : []
      const nextPageCursor = list.length > 0 && !isSecond ? 'next/1' : ''
      return { json: { retCode: 0, retMsg: 'OK', result: { list, nextPageCursor } } }
    })
    const { output, errors } = await fetching('--venue', 'bybit', '--url', `${url}/`)
    expect(asked).toEqual([
      'GET /v5/market/risk-limit?category=linear',
      'GET /v5/market/risk-limit?category=inverse',
      'GET /v5/market/instruments-info?category=linear',
      'GET /v5/market/instruments-info?category=inverse',
      'GET /v5/spot-margin-trade/collateral',
      'GET /v5/market/risk-limit?category=linear&cursor=next%2F1',
    ])
    expect(Object.keys(JSON.parse(output).bybit)).toEqual(['SOLUSDT', 'XRPUSDT', 'collateralRules'])
    expect(errors).toContain('3 taken  0 refused')
  })

  it('follows the pages of Coinbase, and fails where a page is announced without its cursor', async () => {
    const product = (code: string) => ({
      product_id: `${code}-20DEC30-CDE`,
      future_product_details: {
        contract_code: code,
        contract_size: '1',
        overnight_margin_rate: { long_margin_rate: '0.2', short_margin_rate: '0.3' },
      },
    })
    let cursor = 'b/2'
    const { url, asked } = await venue((path) => {
      const isSecond = path.includes('cursor=')
      const pagination = { has_next: !isSecond, next_cursor: isSecond ? '' : cursor }
      return { json: { products: [product(isSecond ? 'ETP' : 'BIP')], pagination } }
    })
    const { output } = await fetching('--venue', 'coinbase', '--url', url)
    const first = 'GET /api/v3/brokerage/market/products?product_type=FUTURE'
    expect(asked).toEqual([first, `${first}&cursor=b%2F2`])
    expect(Object.keys(JSON.parse(output).coinbase)).toEqual(['BIP-20DEC30-CDE', 'ETP-20DEC30-CDE'])
    cursor = ''
    await expect(fetching('--venue', 'coinbase', '--url', url)).rejects.toThrow(
      'the venue answers that a further page follows, without its next_cursor',
    )
  })

  it('asks for the tiers of the families that the instruments name', async () => {
    const swap = (family: string) => ({
      instType: 'SWAP',
      instId: `${family}-SWAP`,
      instFamily: family,
      ctType: 'linear',
      ctVal: '1',
      ctMult: '1',
      settleCcy: 'USDT',
    })
    const families = ['A-USDT', 'B-USDT', 'C-USDT', 'D-USDT']
    const { url, asked } = await venue((path) => {
      const asks = families.filter((family) => path.includes(family))
      const tiers = asks.map((instFamily) => ({
        instFamily,
        tier: '1',
        maxSz: '10',
        mmr: '0.01',
        maxLever: '20',
      }))
      const details = [{ minAmt: '0', maxAmt: '', discountRate: '0.98' }]
      const discounts = path.includes('/discount-rate') ? [{ ccy: 'BTC', details }] : []
      return {
        json: {
          code: '0',
          msg: '',
          data: path.includes('/instruments') ? families.map(swap) : [...tiers, ...discounts],
        },
      }
    })
    const { output } = await fetching('--venue', 'okx', '--url', url)
    expect(asked).toHaveLength(4)
    const taken = [...families.map((family) => `${family}-SWAP`), 'collateralRules']
    expect(Object.keys(JSON.parse(output).okx)).toEqual(taken)
  })

  it('posts the requests of a venue that takes no others', async () => {
    const { url, asked } = await venue((_path, body) => ({
      json: body.includes('spotMeta')
        ? { tokens: [], universe: [] }
        : [{ universe: [{ name: 'BTC', maxLeverage: 40 }], marginTables: [] }],
    }))
    const { output } = await fetching('--venue', 'hyperliquid', '--url', url)
    expect(asked).toEqual(['POST /info {"type":"allPerpMetas"}', 'POST /info {"type":"spotMeta"}'])
    expect(Object.keys(JSON.parse(output).hyperliquid)).toEqual(['BTC'])
  })

  it('says so where a venue publishes its rules at no public endpoint', async () => {
    await expect(fetching('--venue', 'binance')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('API key'),
    })
    await expect(fetching('--venue', 'cme')).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('fails at once with the words of a venue that objects, and takes nothing', async () => {
    const { url, asked } = await venue(() => ({ json: { retCode: 10006, retMsg: 'Too many visits!' } }))
    await expect(fetching('--venue', 'bybit', '--url', url)).rejects.toMatchObject({
      code: 'VENUE_UNAVAILABLE',
      message: `${url}/v5/market/risk-limit?category=linear: the venue answers retCode "10006", "Too many visits!"`,
    })
    expect(asked).toHaveLength(1)
  })
})

/** A machine whose pauses end at once. `get` answers each try. */
function machineOf(
  get: (url: string, tries: number) => { status: number; body: string },
  pauses: number[] = [],
) {
  let tries = 0
  const machine: FetchMachine = {
    clock: {
      ...systemClock,
      after: (delayMs, callback) => {
        // The limit of an answer, which a fetch cancels.
        if (delayMs >= 10_000) return () => undefined
        pauses.push(delayMs)
        queueMicrotask(callback)
        return () => undefined
      },
    },
    get: async (url) => get(url, ++tries),
    post: async () => {
      throw new Error('nothing is posted')
    },
  }
  return machine
}

const endpoint = (over: Partial<RulesEndpoint> = {}): RulesEndpoint => ({
  url: 'http://venue',
  first: [{ path: '/a' }],
  following: () => [],
  objectionOf: () => undefined,
  pauseMs: 250,
  ...over,
})

describe('a fetch', () => {
  it('sends a request again after a fault that passes, longer apart each time', async () => {
    const pauses: number[] = []
    const answers = [503, 429, 200]
    const machine = machineOf((_url, tries) => ({ status: answers[tries - 1]!, body: '{"a": 1}' }), pauses)
    expect(await fetchBodies(endpoint(), machine)).toEqual([{ name: 'http://venue/a', value: { a: '1' } }])
    expect(pauses).toEqual([1_000, 2_000])
  })

  it(`gives up after ${TRIES_MAX} tries, naming the address and the last reason`, async () => {
    let tries = 0
    const machine = machineOf(() => {
      tries++
      throw Object.assign(new Error('fetch failed'), { cause: { code: 'ENOTFOUND' } })
    })
    await expect(fetchBodies(endpoint(), machine)).rejects.toMatchObject({
      code: 'VENUE_UNAVAILABLE',
      message: 'http://venue/a: its name cannot be resolved; is there a network?',
    })
    expect(tries).toBe(TRIES_MAX)
  })

  it.each([
    [404, '{}', 'the venue answers with status 404'],
    [200, '<html>', 'the answer is not JSON'],
  ])('does not repeat a request that is answered by %i and %j', async (status, body, reason) => {
    let tries = 0
    const machine = machineOf((_url, count) => {
      tries = count
      return { status, body }
    })
    await expect(fetchBodies(endpoint(), machine)).rejects.toMatchObject({
      message: `http://venue/a: ${reason}`,
    })
    expect(tries).toBe(1)
  })

  it(`ends after ${REQUESTS_MAX} requests if pages never end, and pauses between them`, async () => {
    const pauses: number[] = []
    const machine = machineOf(() => ({ status: 200, body: '{}' }), pauses)
    const endless = endpoint({ following: () => [{ path: '/a' }] })
    await expect(fetchBodies(endless, machine)).rejects.toMatchObject({
      message: `http://venue/a: more than ${REQUESTS_MAX} requests would be needed`,
    })
    expect(pauses).toEqual(Array(REQUESTS_MAX - 1).fill(250))
  })

  it('a connection that is refused is reported in our words', async () => {
    const { url } = await venue(() => ({ json: {} }))
    await new Promise((resolve) => server!.close(resolve))
    server = undefined
    const machine = { ...machineOf(() => ({ status: 200, body: '' })), get: httpGet }
    await expect(fetchBodies(endpoint({ url }), machine)).rejects.toMatchObject({
      message: `${url}/a: it refuses the connection`,
    })
  })
})

it.each([...VENUES])('$id has an https endpoint, or says why none', ({ id }) => {
  const { endpoint: own } = venueOf(parseVenueId(id)).rulesImport
  if ('reason' in own) expect(own.reason).toContain('plimsoll rules import')
  else expect(own.url).toMatch(/^https:\/\/[a-z.]+$/)
})
