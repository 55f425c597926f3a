import { machineLine } from '../harness.ts'
import { benchLog, logLines, withRedis } from '../log.ts'
import { type Bench, oneOf, wholeNumber } from './command.ts'

interface LogOptions {
  readonly events: number
  readonly positions: number
  readonly appendfsync: 'always' | 'everysec'
}

export const LOG_BENCH: Bench<LogOptions> = {
  name: 'log',
  description: 'Events from `publish` to the Redis stream and to BullMQ jobs, on a Redis of its own',
  options: [
    { flags: '--events <n>', description: 'events in all', read: wholeNumber, standard: 20_000 },
    { flags: '--positions <n>', description: 'positions of each event', read: wholeNumber, standard: 2 },
    {
      flags: '--appendfsync <policy>',
      description: 'always or everysec',
      read: oneOf('always', 'everysec'),
      standard: 'always',
    },
  ],
  async run({ events, positions, appendfsync }, print) {
    const result = await withRedis(appendfsync, (redisUrl) => benchLog({ events, positions, redisUrl }))
    print(logLines({ machine: machineLine(), node: process.version, appendfsync, ...result }))
    return { appendfsync, ...result }
  },
}
