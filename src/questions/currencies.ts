/** Dollars and euros are a part of the names of their tokens: USDT, FDUSD, USD1, EURI. */
const IN_A_NAME = /USD|EUR/
/** Further stablecoins and state currencies that stand behind pools. */
const FURTHER =
  /^(?:DAI|U|AED|ARS|AUD|BRL|CAD|CHF|COP|CZK|GBP|HKD|IDR|INR|JPY|KRW|KZT|MXN|NZD|PHP|PLN|RON|SGD|THB|TRY|UAH|VND|ZAR)$/

/** Whether an asset is money and no coin, by its name: a move of all coins leaves its price where it is. */
export function isCurrency(asset: string): boolean {
  return IN_A_NAME.test(asset) || FURTHER.test(asset)
}
