import type { Kernel, KernelVariant } from './kernel.ts'
import { TypescriptKernel } from './typescript.ts'
import { openWasmKernel } from './wasm.ts'

export {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  COORDINATE_FALLS,
  COORDINATE_PRICE,
  COORDINATE_RECIPROCAL,
  CURVE_CHARGED,
  INPUT_ERROR_ULPS,
  LEVEL_NONE,
  LEVELS_MAX,
  RECHECKED_MAX,
  RULES_MAX,
} from '../../assembly/layout.ts'
export { type CompiledRule, Compiler } from './compile.ts'
export { floatTermsOf } from './float-terms.ts'
export type { CurvePiece, Kernel, KernelTotals, KernelVariant } from './kernel.ts'
export type { KernelTerms } from './kernel-terms.ts'
export { type KernelLevel, kernelLevelsOf, ratioLevels } from './levels.ts'
export { ACCOUNTS_MAX, ROWS_MAX, undecidedLevel } from './limits.ts'

export const KERNEL_VARIANTS: readonly KernelVariant[] = ['wasm-simd', 'wasm-scalar', 'typescript']

/** Opens a kernel. All variants give bit-identical nominations and answers; `wasm-simd` is the fastest. */
export function openKernel(variant: KernelVariant = 'wasm-simd'): Kernel {
  return variant === 'typescript' ? new TypescriptKernel() : openWasmKernel(variant)
}
