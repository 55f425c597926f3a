import type { LevelName } from '../domain/index.ts'
import { assert } from '../errors.ts'
import {
  type CompiledRule,
  type Kernel,
  kernelLevelsOf,
  LEVELS_MAX,
  RULES_MAX,
  ratioLevels,
} from '../kernel/index.ts'
import { type LevelRule, ownRulesOver } from '../margin/index.ts'

/** Number of the rule of the worker, which judges accounts without levels of their own. */
export const STANDARD = 0
/** Rules from this number on are not known to the kernel. The last one of the kernel holds their accounts. */
export const KERNEL_RULES = RULES_MAX - 1
/** As many levels as an account can have; f64 decides none of them. */
const UNDECIDED_LEVELS = ratioLevels(
  Array.from({ length: LEVELS_MAX }, (_, index) => (index + 1) / LEVELS_MAX),
)

interface RuleInUse {
  readonly rule: LevelRule
  readonly key: string
  users: number
}

/**
 * The level rules of the accounts under watch, by number: that of the worker, and one for each list of levels that accounts
 * carry. A rule stays as long as an account uses it. The kernel knows the first KERNEL_RULES; exact arithmetic judges the
 * accounts of all others on every tick of their instruments.
 */
export class LevelRules {
  readonly standard: LevelRule
  /** The rule for these own levels; it need not be in use. */
  readonly ruleFor: (own: readonly LevelName[] | undefined) => LevelRule
  readonly #kernel: Kernel
  readonly #rules: (RuleInUse | undefined)[] = []
  readonly #numberOf = new Map<string, number>()

  constructor(kernel: Kernel, standard: LevelRule) {
    this.standard = standard
    this.#kernel = kernel
    this.ruleFor = ownRulesOver(standard)
    kernel.setRule(KERNEL_RULES, UNDECIDED_LEVELS)
    this.#add(STANDARD, standard, '')
  }

  /** The number of the rule for these own levels, which has one user more. */
  take(own: readonly LevelName[] | undefined): number {
    if (own === undefined) return STANDARD
    const key = own.join(',')
    let number = this.#numberOf.get(key)
    if (number === undefined) {
      const free = this.#rules.indexOf(undefined)
      number = free < 0 ? this.#rules.length : free
      this.#add(number, this.ruleFor(own), key)
      this.#numberOf.set(key, number)
    }
    this.#rules[number]!.users++
    return number
  }

  leave(number: number): void {
    if (number === STANDARD) return
    const rule = this.#rules[number]!
    if (--rule.users > 0) return
    this.#numberOf.delete(rule.key)
    this.#rules[number] = undefined
  }

  at(number: number): LevelRule {
    const used = this.#rules[number]
    assert(used !== undefined, 'a rule in use has a number')
    return used.rule
  }

  /** How the kernel judges accounts of the rule. */
  inKernel(number: number): CompiledRule & { readonly isKnown: boolean } {
    const isKnown = number < KERNEL_RULES
    return { number: isKnown ? number : KERNEL_RULES, isByDistance: this.at(number).isByDistance, isKnown }
  }

  #add(number: number, rule: LevelRule, key: string): void {
    this.#rules[number] = { rule, key, users: 0 }
    if (number < KERNEL_RULES) this.#kernel.setRule(number, kernelLevelsOf(rule))
  }
}
