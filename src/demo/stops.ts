export type Stop = () => Promise<void> | void

/** Calls all stops, the last one first, even after one fails. Throws the first failure. */
export async function stopAll(stops: Stop[]): Promise<void> {
  const failures: unknown[] = []
  for (const stop of stops.reverse()) {
    try {
      await stop()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
