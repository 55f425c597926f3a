export { JSON_DEPTH_MAX, type JsonFault, jsonFaultOf } from './json.ts'
export { JsonSplitter } from './json-list.ts'
export { LINE_LENGTH_MAX, type Line, LineSplitter, TextReader } from './lines.ts'
