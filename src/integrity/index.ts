export { Classifier } from './classifier.ts'
export { isBeyond, isOffScale } from './compare.ts'
export { breaksScale, type Doubt, type Evidence, type IntegrityFinding, type IntegrityRule } from './doubt.ts'
export { DEFAULT_TERMS, type IntegrityRules, type IntegrityTerms, integrityRules } from './rules.ts'
