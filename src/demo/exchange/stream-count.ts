/** What an exchange has sent on one stream. A frame without a mark price is not a tick. */
export interface StreamCount {
  frames: number
  ticks: number
}
