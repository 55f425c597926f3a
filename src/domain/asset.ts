import { z } from 'zod'

/** An asset code: capitals or letters of a script without them, and digits. */
export const ASSET_PATTERN = /^[\p{Lu}\p{Lo}\p{N}]{1,20}$/u
export const assetSchema = z.string({ error: 'must be a string' }).regex(ASSET_PATTERN, {
  error: ({ input }) => `must be an asset code in capitals${inCapitals(String(input))}`,
})

/** Venues name their smallest units with small letters: XBt is a hundred millionth of XBT, USDt a millionth of USDT. */
function inCapitals(text: string): string {
  const code = text.toUpperCase()
  return ASSET_PATTERN.test(code) ? `; did you mean ${code}? Its amounts are in whole coins` : ''
}
