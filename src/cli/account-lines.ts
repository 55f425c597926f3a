import type { Account, LevelName, Position } from '../domain/index.ts'
import { VENUES } from '../venues/index.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

const POSITIONS_SHOWN_MAX = 3
/** Width of the id column, in characters. A longer id moves the rest of its line to the right. */
const ID_WIDTH = 24
const VENUE_WIDTH = Math.max(...VENUES.map(({ id }) => id.length))

/** One line of `accounts list`: id, venue, version, the first positions, the collateral. */
export function accountLine(
  { id, venue, version, positions, collateral, levels }: Account,
  palette: Palette,
): string {
  const shown = positions.slice(0, POSITIONS_SHOWN_MAX).map(({ symbol, size }) => `${symbol} ${size}`)
  const more = positions.length - shown.length
  if (positions.length === 0) shown.push('no positions')
  if (more > 0) shown.push(`and ${more} more`)
  const wallet = collateral.map(({ asset, amount }) => `${amount} ${asset}`).join(', ')
  return [
    palette.strong(visible(id).padEnd(ID_WIDTH)),
    venue.padEnd(VENUE_WIDTH),
    palette.dim(`version ${version}`),
    visible(shown.join(', ')),
    ...(wallet === '' ? [] : [palette.dim(visible(wallet))]),
    ...(levels === undefined ? [] : [palette.dim(levelsText(levels))]),
  ].join('  ')
}

function levelsText(levels: readonly LevelName[]): string {
  return levels.length === 0 ? 'no warning levels' : `levels ${levels.join(', ')}`
}

/** What `accounts list` prints to a program: enough to choose an account, without its terms. */
export function accountSummary({ id, venue, version, positions, collateral, levels, asOfMs }: Account) {
  return {
    id,
    venue,
    version,
    positions: positions.map(({ symbol, size }) => ({ symbol, size })),
    collateral,
    ...(levels === undefined ? {} : { levels }),
    ...(asOfMs === undefined ? {} : { asOfMs }),
  }
}

/** One account in full, one fact a line. */
export function accountDetails(account: Account, palette: Palette): string[] {
  const { id, venue, version, positions, collateral, levels, asOfMs } = account
  return [
    `${palette.strong(visible(id))}  ${venue}  version ${version}`,
    ...collateral.map(({ asset, amount }) => `  collateral  ${amount} ${visible(asset)}`),
    ...(collateral.length === 0 ? ['  no collateral'] : []),
    ...positions.map(
      (position) => `  ${position.marginMode.padEnd('collateral'.length)}  ${terms(position)}`,
    ),
    ...(positions.length === 0 ? ['  no positions'] : []),
    ...(levels === undefined ? [] : [`  ${levelsText(levels)}`]),
    ...(asOfMs === undefined ? [] : [`  balances as of ${new Date(asOfMs).toISOString()}`]),
  ]
}

function terms(position: Position): string {
  const { symbol, size, entryPrice, leverage, isolatedMargin, maintenanceMarginRate, maxLeverage } = position
  const { fourHourlyRolloverRate, rolloverTimeMs } = position
  return [
    `${visible(symbol)} ${size}`,
    `entry ${entryPrice}`,
    ...(leverage === undefined ? [] : [`leverage ${leverage}`]),
    ...(isolatedMargin === undefined ? [] : [`margin ${isolatedMargin}`]),
    ...(maintenanceMarginRate === undefined ? [] : [`maintenance rate ${maintenanceMarginRate}`]),
    ...(maxLeverage === undefined ? [] : [`max leverage ${maxLeverage}`]),
    ...(fourHourlyRolloverRate === undefined || rolloverTimeMs === undefined
      ? []
      : [`rollover ${fourHourlyRolloverRate} each 4 h from ${new Date(rolloverTimeMs).toISOString()}`]),
  ].join('  ')
}
