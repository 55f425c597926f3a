import { ACCOUNT_VERSION_MAX } from '../domain/index.ts'

/**
 * Every change names the id of the change before it (`previous`, `0-0` for the first), so that a follower
 * notices any gap: a trim, a Redis that went back in time, a deleted stream.
 * Versions end at ACCOUNT_VERSION_MAX, which Lua's numbers hold exactly.
 */
const COMMON = `
local accounts, changes = KEYS[1], KEYS[2]
local last = redis.call('XREVRANGE', changes, '+', '-', 'COUNT', 1)
local previous = '0-0'
if last[1] then previous = last[1][1] end
local function versionOf(stored)
  local version = string.match(stored, '^{"version":(%d+)')
  if not version then
    local decoded, account = pcall(cjson.decode, stored)
    if decoded and type(account) == 'table' then version = account.version end
  end
  return tonumber(version) or -1
end
-- Replies are text: an integer reply near 2^53 would be rounded by the client.
local function text(number)
  return string.format('%.0f', number)
end
local function append(...)
  previous = redis.call('XADD', changes, 'MAXLEN', '~', ARGV[1], '*', 'previous', previous, ...)
end
`

/**
 * KEYS: accounts, changes. ARGV: length of the stream, then per account: id, mode, version, JSON after its version.
 * Reply, in order: the version written, or -1 - the stored version if that was not lower or is the last.
 */
export const WRITE_SCRIPT = `${COMMON}
local replies = {}
for first = 2, #ARGV, 4 do
  local id, mode, version = ARGV[first], ARGV[first + 1], tonumber(ARGV[first + 2])
  local stored = redis.call('HGET', accounts, id)
  local storedVersion = stored and versionOf(stored) or -1
  if mode == 'next' or (mode == 'force' and version <= storedVersion) then version = storedVersion + 1 end
  if version <= storedVersion or version > ${ACCOUNT_VERSION_MAX} then
    replies[#replies + 1] = text(-1 - storedVersion)
  else
    local account = '{"version":' .. text(version) .. ARGV[first + 3]
    redis.call('HSET', accounts, id, account)
    append('kind', 'put', 'id', id, 'account', account)
    replies[#replies + 1] = text(version)
  end
end
return replies
`

/**
 * KEYS: accounts, changes. ARGV: length of the stream, then per account: id, and the version of its removal or `next`.
 * Reply, in order: the version of the removal, an empty text when the account is not there, or -1 - the stored
 * version if that was not lower.
 */
export const REMOVE_SCRIPT = `${COMMON}
local replies = {}
for first = 2, #ARGV, 2 do
  local id, version = ARGV[first], tonumber(ARGV[first + 1])
  local stored = redis.call('HGET', accounts, id)
  if not stored then
    replies[#replies + 1] = ''
  else
    local storedVersion = versionOf(stored)
    version = version or math.min(storedVersion + 1, ${ACCOUNT_VERSION_MAX})
    if ARGV[first + 1] ~= 'next' and version <= storedVersion then
      replies[#replies + 1] = text(-1 - storedVersion)
    else
      redis.call('HDEL', accounts, id)
      append('kind', 'removed', 'id', id, 'version', text(version))
      replies[#replies + 1] = text(version)
    end
  end
end
return replies
`
