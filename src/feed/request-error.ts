/** Why a request failed. `fetch` says "fetch failed" or "terminated" and hides why in the cause. */
export function requestErrorText({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
