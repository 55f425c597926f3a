export interface BookKeys {
  readonly accounts: string
  readonly changes: string
}
