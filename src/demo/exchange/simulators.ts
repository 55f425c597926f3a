import type { Clock, Random } from '../../domain/index.ts'
import { type BinanceMarket, openBinanceExchange } from './binance-exchange.ts'
import { bitmexProtocol } from './bitmex-protocol.ts'
import { BYBIT_STREAMS, openBybitExchange } from './bybit-exchange.ts'
import { CME_STREAM, openCmeEndpoint } from './cme-endpoint.ts'
import { coinbaseCfmProtocol, coinbaseIntxProtocol } from './coinbase-protocols.ts'
import { deribitProtocol } from './deribit-protocol.ts'
import { DYDX_STREAM, openDydxExchange } from './dydx-exchange.ts'
import { hyperliquidProtocol } from './hyperliquid-protocol.ts'
import { krakenProtocol } from './kraken-protocol.ts'
import { krakenSpotProtocol } from './kraken-spot-protocol.ts'
import type { Market } from './market.ts'
import { type NamedProtocol, openNamedExchange } from './named-exchange.ts'
import { okxProtocol } from './okx-protocol.ts'
import type { Simulator } from './simulator.ts'

/** Venues that answer by name. */
const NAMED = [
  okxProtocol,
  krakenProtocol,
  deribitProtocol,
  bitmexProtocol,
  hyperliquidProtocol,
  coinbaseCfmProtocol,
  coinbaseIntxProtocol,
  krakenSpotProtocol,
]

interface Host {
  /** The streams that it serves. */
  readonly streamIds: readonly string[]
  open(machine: Machine): Promise<Simulator>
}

interface Machine {
  readonly market: Market
  readonly clock: Clock
  readonly random: Random
  readonly pingEveryMs: number
  /** Whether accounts hold the instrument at that place of the market. */
  isHeld(place: number): boolean
}

const HOSTS: readonly Host[] = [
  {
    streamIds: BYBIT_STREAMS,
    open: ({ market, clock, random }) => openBybitExchange(market, clock, random),
  },
  binance('binance-usdm'),
  binance('binance-coinm'),
  ...NAMED.map(named),
  {
    streamIds: [DYDX_STREAM],
    open: ({ market, clock, isHeld }) => openDydxExchange(market, clock, isHeld),
  },
  { streamIds: [CME_STREAM], open: ({ market, clock }) => openCmeEndpoint(market, clock) },
]

/** Opens the hosts whose streams carry an instrument of the market. */
export function openSimulators(machine: Machine): Promise<Simulator[]> {
  const wanted = new Set(machine.market.instruments.map(({ streamId }) => streamId))
  const hosts = HOSTS.filter(({ streamIds }) => streamIds.some((id) => wanted.has(id)))
  return Promise.all(hosts.map((host) => host.open(machine)))
}

function binance(id: BinanceMarket): Host {
  return {
    streamIds: [id],
    open: ({ market, clock, pingEveryMs }) => openBinanceExchange(id, market, clock, pingEveryMs),
  }
}

function named(protocol: NamedProtocol): Host {
  return {
    streamIds: [protocol.streamId],
    open: ({ market, clock }) => openNamedExchange(protocol, market, clock),
  }
}
