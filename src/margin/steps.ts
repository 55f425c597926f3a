// Work that is done in steps, so that one account with a thousand positions does not hold up what else a process does.

/** Does one step each time it is asked to go on, and ends with its result. */
export type Steps<T> = Generator<undefined, T, undefined>

/** Does all steps at once. */
export function resultOf<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
