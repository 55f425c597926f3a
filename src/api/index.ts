export { type FollowOptions, follow } from './follow.ts'
export { type OpenBookOptions, type OpenedBook, openBook } from './open-book.ts'
export { type ReadGapsOptions, readGaps, readGapsOfShard, type ShardContents } from './read-gaps.ts'
export { type SubscribeOptions, subscribe } from './subscribe.ts'
