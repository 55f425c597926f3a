import { describe, expect, it } from 'vitest'
import { parseDecimal } from '../../src/margin/index.ts'
import { PARAMETER, Tracer } from '../../src/margin/traced.ts'

const START = parseDecimal('0')

describe('a traced sum', () => {
  it('of values at prices that fall and rise keeps the degree of one of each', () => {
    const tracer = new Tracer(START, 'up')
    const one = tracer.of(parseDecimal('1'))
    let sum = tracer.of(START)
    for (let position = 1; position <= 40; position++) {
      const factor = position % 2 === 0 ? tracer.sub(one, PARAMETER) : tracer.add(one, PARAMETER)
      const price = tracer.mul(tracer.of(parseDecimal(`${position}.25`)), factor)
      const value = tracer.div(tracer.of(parseDecimal('100')), price)
      sum = tracer.add(sum, tracer.mul(value, value))
    }
    // Over (1 − t)²·(1 + t)² the values are at most of degree 2 each.
    expect(sum.under.map(({ power }) => power)).toEqual([2, 2])
    expect(sum.over.length).toBeLessThanOrEqual(3)
  })
})
