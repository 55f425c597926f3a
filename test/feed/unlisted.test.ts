import { expect, it } from 'vitest'
import type { SocketSource } from '../../src/domain/index.ts'
import { openFeed } from '../../src/feed/index.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { ScriptedVenue } from '../support/scripted-venue.ts'
import { until } from '../support/until.ts'
import { FIXTURES } from '../venues/fixtures.ts'
import { CADENCE_MS, optionsOf, RecordingSink, SHORT_LIMITS, stateOf } from './harness.ts'

const ID = 'deribit-public'
const { dialect } = FIXTURES[ID]!
const OPTION = 'SOL_USDC-4DEC26-250-C'
const UNDERLYING = 'SOL_USDC-4DEC26'

it('the underlying of an option that no instrument of the venue is gets its mark from the ticker of the option', async () => {
  const venue = await ScriptedVenue.start({ dialect: dialect!, cadenceMs: CADENCE_MS, prices: 'stated' })
  venue.script.refused = [UNDERLYING]
  const sink = new RecordingSink()
  const source: SocketSource = { ...(sourceOf(ID) as SocketSource), requestsPerSecondMax: 200 }
  const options = { ...optionsOf(venue, [OPTION, UNDERLYING]), source, sink, limits: SHORT_LIMITS }
  const feed = openFeed(options)
  try {
    await until(() => venue.isHeard(OPTION))
    venue.setMark(OPTION, '1.5')
    await until(() => feed.refusalOf(UNDERLYING) !== undefined || stateOf(feed, UNDERLYING) === 'refused')
    const fields = `"instrument_name":"${OPTION}","mark_price":1.5,"underlying_price":210.25,"underlying_index":"SYN.${UNDERLYING}"`
    const send = () =>
      venue.send(
        `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.${OPTION}.100ms","data":{"timestamp":${Date.now()},${fields}}}}`,
      )
    send()
    await until(() => stateOf(feed, UNDERLYING) === 'fresh' && stateOf(feed, OPTION) === 'fresh')
    expect(sink.marks(UNDERLYING)).toEqual([210.25])
    expect(feed.refusalOf(UNDERLYING)).toBeUndefined()
    expect(feed.blindMarkets).toBe(0)
  } finally {
    await feed.close()
    await venue.stop()
  }
})
