export { ByteArena } from './byte-arena.ts'
export { withRoom } from './columns.ts'
export { NumberedTexts } from './numbered-texts.ts'
