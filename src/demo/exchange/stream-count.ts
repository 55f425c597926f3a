/** What an exchange has sent on one stream. A frame without a mark price counts no tick. */
export interface StreamCount {
  frames: number
  ticks: number
}
