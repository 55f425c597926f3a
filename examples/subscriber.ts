/**
 * A service that handles each event once: `node dist/examples/subscriber.js [URL of Redis] [file of the inbox]`.
 *
 * For the private Redis of `plimsoll run` give `dataDir: '.data'` instead of `connection`. Where several services need
 * every event, give each a name (`consumer: 'risk'`) and the worker the list of them (`PLIMSOLL_CONSUMERS=risk,alerts`).
 */
import { fileInbox, subscribe } from 'plimsoll'

const [url = 'redis://127.0.0.1:6379', inboxFile = 'handled.log'] = process.argv.slice(2)

// On this machine's disk, outside the Redis of the queue: what Redis forgets must not be handled again.
const inbox = fileInbox(inboxFile)
const subscription = subscribe({
  connection: { url },
  inbox,
  handler: (event, { isLate }) => {
    if (event.kind === 'revision') {
      // A suspect event that was handled before under the same id, and what has become of it.
      console.log(`${event.revisedKind} ${event.marginAccount} is ${event.confidence}`)
    } else if ('marginAccount' in event) {
      const { kind, marginAccount, marginRatio, shortfall, settle, cure } = event
      console.log(
        `${kind} ${marginAccount} ratio ${marginRatio} short of ${shortfall} ${settle}`,
        JSON.stringify(cure),
      )
    } else if ('symbol' in event) {
      console.log(`${event.kind} ${event.symbol}: ${event.marginAccounts} margin accounts`)
    } else {
      console.log(`${event.kind} ${event.venue}: ${event.suspectMarkets} markets`)
    }
    if (isLate) console.log('this event came after a later one of the same margin account')
  },
})

async function stop(): Promise<void> {
  await subscription.close()
  await inbox.close()
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
