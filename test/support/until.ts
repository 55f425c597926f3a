const LIMIT_MS = 30_000
const POLL_MS = 5

/** Waits until the condition holds. When it does not within `limitMs`, fails with the text of the condition. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  const deadlineMs = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${limitMs} ms: ${condition}`)
    await poll()
  }
}

/** Repeats assertions, or a call that may fail, until they pass; returns what they return. Fails with their last failure. */
export async function untilPasses<Result>(
  attempt: () => Result | Promise<Result>,
  limitMs = LIMIT_MS,
): Promise<Result> {
  const deadlineMs = performance.now() + limitMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
    }
    await poll()
  }
}

async function poll(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, POLL_MS))
}
