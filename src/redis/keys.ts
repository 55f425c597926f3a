/** The keys of one shard. The hash tag keeps them in one slot of a cluster, so that one script may touch several. */
export interface ShardKeys {
  readonly shard: string
  /** Hash: account id → account as JSON. */
  readonly accounts: string
  /** Stream of account changes, trimmed. */
  readonly changes: string
  /** Stream of events of margin accounts and markets. */
  readonly events: string
  /** Hash: margin account or market → progress of its events; and what belongs to the log as a whole. */
  readonly progress: string
  /** Hash: funding times of markets, those that have passed and the next one. */
  readonly funding: string
  /** Hash: the last evaluated price of each market, and gaps in prices. */
  readonly gaps: string
  /** String: id in the stream up to which every queue has the events. */
  readonly cursor: string
  /** String with a time to live: which worker owns the stream. */
  readonly owner: string
  /** List: bytes and entries of the stream up to certain ids, for its trim. */
  readonly marks: string
  /** Set: names of the queues that get the events. */
  readonly queues: string
  /** BullMQ's `prefix`. */
  readonly queuePrefix: string
}

export function keysOf(shard: string | number): ShardKeys {
  const tag = `{plimsoll:${shard}}`
  return {
    shard: String(shard),
    accounts: `${tag}:accounts`,
    changes: `${tag}:changes`,
    events: `${tag}:events`,
    progress: `${tag}:progress`,
    funding: `${tag}:funding`,
    gaps: `${tag}:gaps`,
    cursor: `${tag}:events:enqueued`,
    owner: `${tag}:events:owner`,
    marks: `${tag}:events:marks`,
    queues: `${tag}:events:queues`,
    queuePrefix: tag,
  }
}
