export { inflatedText } from './inflate.ts'
export {
  JSON_DEPTH_MAX,
  type JsonFault,
  type JsonText,
  jsonFaultOf,
  jsonOf,
  readJson,
  readJsonKeepingDigits,
} from './json.ts'
export { JsonSplitter } from './json-list.ts'
export { splitJson } from './json-split.ts'
export { LINE_LENGTH_MAX, type Line, LineSplitter, TextReader, textOfBytes } from './lines.ts'
