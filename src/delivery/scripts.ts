/** The Lua scripts of the log of events. Each runs as one step: Redis keeps all of it or nothing. */

/** Fields of the hash of progress that belong to the log as a whole. No subject has such a name (see `marketSubject`). */
export const LOG_ID_FIELD = 'log id'
/** Highest sequence of all subjects whose progress was forgotten. */
export const LOG_FLOOR_FIELD = 'log floor'

/** Bytes of a stream entry beside the text of its event. Limits count them, so that they hold for small events too. */
export const ENTRY_OVERHEAD_BYTES = 100
/** The stream is trimmed in steps of its limits divided by this. */
const TRIM_STEPS = 64

const IDS = `
local function top(key)
  if redis.call('EXISTS', key) == 0 then return '0-0' end
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
end
local function parse(id)
  local fence, sequence = string.match(id or '', '^(%d+)-(%d+)$')
  fence, sequence = tonumber(fence), tonumber(sequence)
  if not fence or fence > 9007199254740000 then return 0, 0 end
  return fence, sequence
end
`

/** KEYS: events, cursor. Returns the top and, if there is one, the cursor. */
export const POSITION = `${IDS}
return { top(KEYS[1]), redis.call('GET', KEYS[2]) }
`

/**
 * KEYS: events, progress, cursor, owner. ARGV: wall time, holder that may be replaced ('*': any), name of the new
 * owner, time to live of the lease in ms, log id if a new one is due. Returns only the holder if another one
 * stands; else its own entry, the top before, log id, floor, and whether stream, progress and log id were there.
 * The new fence is above that of every earlier owner, even when the clock went back.
 */
export const TAKE_OVER = `${IDS}
local holder = redis.call('GET', KEYS[4])
if holder and ARGV[2] ~= '*' and ARGV[2] ~= holder then return { holder } end
local before = top(KEYS[1])
local fence = math.max(tonumber(ARGV[1]), (parse(before)), (parse(redis.call('GET', KEYS[3])))) + 1
local hadStream = redis.call('EXISTS', KEYS[1])
local hadProgress = redis.call('EXISTS', KEYS[2])
local logId = redis.call('HGET', KEYS[2], '${LOG_ID_FIELD}')
local hadLogId = logId and 1 or 0
if hadStream == 0 or not logId then
  logId = ARGV[5]
  redis.call('HSET', KEYS[2], '${LOG_ID_FIELD}', logId)
end
local id = string.format('%.0f-0', fence)
redis.call('XADD', KEYS[1], id, 'owner', ARGV[3], 'logId', logId)
if hadStream == 0 then redis.call('SET', KEYS[3], id) end
redis.call('SET', KEYS[4], string.format('%.0f ', fence) .. ARGV[3], 'PX', ARGV[4])
local floor = redis.call('HGET', KEYS[2], '${LOG_FLOOR_FIELD}') or '0'
return { holder or '', id, before, logId, floor, hadStream, hadProgress, hadLogId }
`

/**
 * KEYS: events, owner. ARGV: fence, name of the owner, time to live of the lease in ms. Renews the lease, and takes
 * it again if Redis lost it and no newer owner wrote. Returns the holder after.
 */
export const RENEW = `${IDS}
local lease = ARGV[1] .. ' ' .. ARGV[2]
local holder = redis.call('GET', KEYS[2])
if not holder and (parse(top(KEYS[1]))) > tonumber(ARGV[1]) then return '' end
if holder and holder ~= lease then return holder end
redis.call('SET', KEYS[2], lease, 'PX', ARGV[3])
return lease
`

/** KEYS: owner. ARGV: the lease that is given back. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`

/**
 * KEYS: events, progress, cursor, marks. ARGV: the top that the writer knows, fence, first sequence, '1' if the
 * log id is withdrawn, byte limit, entry limit, then of each record: event, subject, progress ('' to forget it), the
 * subject's sequence, and name and text of what else is kept ('' for nothing). Appends only on that top, all or nothing; returns the top after. Trims what is beyond
 * a limit and in every queue. A mark is '<id> <bytes up to it> <entries up to it>'; the last one is the top.
 */
export const APPEND = `${IDS}
local found = top(KEYS[1])
if found ~= ARGV[1] then return found end
if ARGV[4] == '1' then redis.call('HDEL', KEYS[2], '${LOG_ID_FIELD}') end
local function markAt(index)
  local id, bytes, entries = string.match(redis.call('LINDEX', KEYS[4], index) or '', '^(%S+) (%d+) (%d+)$')
  return id, tonumber(bytes) or 0, tonumber(entries) or 0
end
local _, bytes, entries = markAt(-1)
local sequence = tonumber(ARGV[3])
local id = found
for i = 7, #ARGV, 6 do
  id = ARGV[2] .. '-' .. string.format('%.0f', sequence)
  redis.call('XADD', KEYS[1], id, 'event', ARGV[i])
  if ARGV[i + 2] ~= '' then
    redis.call('HSET', KEYS[2], ARGV[i + 1], ARGV[i + 2])
  else
    redis.call('HDEL', KEYS[2], ARGV[i + 1])
    local floor = tonumber(redis.call('HGET', KEYS[2], '${LOG_FLOOR_FIELD}')) or 0
    if tonumber(ARGV[i + 3]) > floor then redis.call('HSET', KEYS[2], '${LOG_FLOOR_FIELD}', ARGV[i + 3]) end
  end
  if ARGV[i + 4] ~= '' then redis.call('HSET', KEYS[2], ARGV[i + 4], ARGV[i + 5]) end
  sequence = sequence + 1
  bytes = bytes + #ARGV[i] + ${ENTRY_OVERHEAD_BYTES}
  entries = entries + 1
end
local bytesMax, entriesMax = tonumber(ARGV[5]), tonumber(ARGV[6])
local mark = string.format('%s %.0f %.0f', id, bytes, entries)
local before, bytesBefore, entriesBefore = markAt(-2)
local isFull = bytes - bytesBefore >= bytesMax / ${TRIM_STEPS} or entries - entriesBefore >= entriesMax / ${TRIM_STEPS}
if isFull or redis.call('LLEN', KEYS[4]) == 0 then redis.call('RPUSH', KEYS[4], mark)
else redis.call('LSET', KEYS[4], -1, mark) end
local queuedFence, queuedSequence = parse(redis.call('GET', KEYS[3]))
while redis.call('LLEN', KEYS[4]) > 1 do
  local oldest, bytesAt, entriesAt = markAt(0)
  if bytes - bytesAt < bytesMax and entries - entriesAt < entriesMax then break end
  local oldestFence, oldestSequence = parse(oldest)
  if oldestFence > queuedFence or (oldestFence == queuedFence and oldestSequence > queuedSequence) then break end
  redis.call('XTRIM', KEYS[1], 'MINID', oldest)
  redis.call('LPOP', KEYS[4])
end
return id
`

/** KEYS: cursor. ARGV: the cursor that the writer knows ('0-0' for none), the new one. Returns the cursor after. */
export const MOVE_CURSOR = `
local found = redis.call('GET', KEYS[1]) or '0-0'
if found ~= ARGV[1] then return found end
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]
`

/**
 * KEYS: funding. ARGV: mode, field and value of each write: `first` (keep what is there), `set` or `delete`. Returns the
 * value after each, an empty text after a deletion.
 */
export const WRITE_FUNDING = `
local found = {}
for i = 1, #ARGV, 3 do
  local mode, field = ARGV[i], ARGV[i + 1]
  if mode == 'delete' then redis.call('HDEL', KEYS[1], field)
  elseif mode == 'first' then redis.call('HSETNX', KEYS[1], field, ARGV[i + 2])
  else redis.call('HSET', KEYS[1], field, ARGV[i + 2]) end
  found[#found + 1] = redis.call('HGET', KEYS[1], field) or ''
end
return found
`
