/**
 * Exactly once, through every crash: the note that an event was handled is part of the effect's own transaction, so that
 * there is either both or neither. Such a handler needs no `inbox`.
 *
 * ```ts
 * const pool = new pg.Pool()
 * await pool.query(CREATE_HANDLED_EVENTS)
 * subscribe({ connection, handler: inTransaction(pool, async (event, client) => {
 *   await client.query('INSERT INTO margin_calls (margin_account, kind) VALUES ($1, $2)', [event.marginAccount, event.kind])
 * }) })
 * ```
 */
import { inboxId, type PlimsollEvent } from 'plimsoll'

export const CREATE_HANDLED_EVENTS =
  'CREATE TABLE IF NOT EXISTS handled_events (id text PRIMARY KEY, handled_at timestamptz DEFAULT now())'
const NOTE = 'INSERT INTO handled_events (id) VALUES ($1) ON CONFLICT (id) DO NOTHING'

/** What is needed of a client of PostgreSQL; that of the package `pg` fits. */
export interface SqlClient {
  query(sql: string, values?: unknown[]): Promise<{ rowCount: number | null }>
  /** With an error the connection is thrown away instead of being used again. */
  release(error?: Error): void
}

export interface SqlPool {
  connect(): Promise<SqlClient>
}

/** A handler that runs `effect` unless the event was handled, and notes that it was, in one transaction. */
export function inTransaction(
  pool: SqlPool,
  effect: (event: PlimsollEvent, client: SqlClient) => Promise<void>,
): (event: PlimsollEvent) => Promise<void> {
  return async (event) => {
    const client = await pool.connect()
    let failure: Error | undefined
    try {
      await client.query('BEGIN')
      // Waits while another transaction holds the same id, and then sees whether that one was committed.
      const { rowCount } = await client.query(NOTE, [inboxId(event)])
      if (rowCount === 1) await effect(event, client)
      await client.query('COMMIT')
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
      // The end of the connection is a rollback too.
      throw error
    } finally {
      client.release(failure)
    }
  }
}
