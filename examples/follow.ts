/**
 * A reader that keeps its own place: `node dist/examples/follow.js [URL of Redis] [file of the place]`.
 *
 * It prints every event of the stream in order and writes the id of the last one to the file, so that it continues there after
 * a restart. It takes nothing from other readers. An event may come twice after a crash between print and write.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { follow, type PlimsollEvent } from 'plimsoll'

const [url = 'redis://127.0.0.1:6379', placeFile = 'place.txt'] = process.argv.slice(2)

const ending = new AbortController()
process.once('SIGINT', () => ending.abort())
process.once('SIGTERM', () => ending.abort())

for await (const { id, event } of follow({ url, from: placeIn(placeFile), signal: ending.signal })) {
  if (event === undefined) console.log(`${id} is no event that this version knows`)
  else console.log(`${id} ${event.kind} ${nameOf(event)}`)
  writeFileSync(placeFile, id)
}

function nameOf(event: PlimsollEvent): string {
  if ('marginAccount' in event) return event.marginAccount
  return 'symbol' in event ? event.symbol : event.venue
}

function placeIn(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return 'beginning'
  }
}
