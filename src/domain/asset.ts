import { z } from 'zod'

/** An asset code: capitals or letters of a script without them, and digits. */
export const ASSET_PATTERN = /^[\p{Lu}\p{Lo}\p{N}]{1,20}$/u
export const assetSchema = z
  .string({ error: 'must be a string' })
  .regex(ASSET_PATTERN, 'must be an asset code in capitals')
