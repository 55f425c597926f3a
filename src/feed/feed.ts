import { FileFeed } from './file-feed.ts'
import { PollFeed } from './poll-feed.ts'
import { SocketFeed } from './socket-feed.ts'
import type { Feed, FeedOptions } from './types.ts'

/**
 * Opens one connection, polled URL or file of a source.
 * @throws PlimsollError CONFIGURATION for a URL that does not fit the source, or for more symbols than it takes at once.
 */
export function openFeed(options: FeedOptions): Feed {
  const { source } = options
  if (source.kind === 'socket') return new SocketFeed(source, options)
  return source.kind === 'poll' ? new PollFeed(source, options) : new FileFeed(source, options)
}
