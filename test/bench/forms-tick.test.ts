import { expect, it } from 'vitest'
import { benchFormsTick, FORMS_TICK_SEED, TICK_FORMS } from '../../bench/forms-tick.ts'
import { SMOKE_EFFORT } from '../../bench/harness.ts'

it.each(TICK_FORMS)(
  'the benchmark of ticks runs at a small size, %s, and the kernel finds what exact arithmetic finds',
  (form) => {
    const { accounts, reached, nominatedSafe, results } = benchFormsTick(
      form,
      300,
      FORMS_TICK_SEED,
      SMOKE_EFFORT,
    )
    expect(reached).toBeGreaterThan(20)
    expect(reached).toBeLessThan(accounts)
    expect(nominatedSafe).toBeLessThan(10)
    expect(results.map(({ variant }) => variant)).toEqual(['exact, every account', 'kernel, triggers'])
  },
)
