/** The keys of one shard. The hash tag keeps them in one slot of a cluster, so that one script may touch several. */
export interface ShardKeys {
  /** Hash: account id → account as JSON. */
  readonly accounts: string
  /** Stream of account changes, trimmed. */
  readonly changes: string
  /** Stream of margin events. */
  readonly events: string
  /** Hash: account id → progress of its events. */
  readonly progress: string
  /** BullMQ's `prefix`. */
  readonly queuePrefix: string
}

export function keysOf(shard: string | number): ShardKeys {
  const tag = `{plimsoll:${shard}}`
  return {
    accounts: `${tag}:accounts`,
    changes: `${tag}:changes`,
    events: `${tag}:events`,
    progress: `${tag}:progress`,
    queuePrefix: tag,
  }
}
