import { expect, it } from 'vitest'
import * as api from '../../src/index.ts'

it('the package exports these names, and a change of them is a change for its users', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "EVENTS_QUEUE_NAME",
      "KERNEL_VARIANTS",
      "PlimsollError",
      "VENUES",
      "accountSchema",
      "binance",
      "bybit",
      "fileInbox",
      "follow",
      "inboxId",
      "instrumentRulesSchema",
      "keysOf",
      "levelRule",
      "loadConfig",
      "marginAccountsOf",
      "marginEventJsonSchema",
      "marginEventSchema",
      "marginStateOf",
      "marketEventSchema",
      "memoryInbox",
      "once",
      "openBook",
      "openKernel",
      "parseVenueId",
      "plimsollEventSchema",
      "queueNameOf",
      "readGaps",
      "revisionEventSchema",
      "ruleBookOf",
      "startWorker",
      "subscribe",
      "systemClock",
      "venueEventSchema",
      "venueOf",
      "withRules",
    ]
  `)
})
