/**
 * Keys, with P the prefix: P:j:<id> hash of a job (h head, v version, i input, r result, and optionally k
 * idempotency key, b batch), P:k:<key> id by idempotency key, P:tasks the tasks that had jobs, ids in order (sorted sets
 * of equal scores) of the pending P:p:<task>, of those being processed P:w:<task>, and of the ended P:s:<status>, P:x ids
 * by expiry, P:e list of the ended as they ended, each as "<time of removal> <status> <id>", P:b:<id> batch, P:bc:<id>
 * its counts, P:bi:<id> its jobs by index, P:d:<id> delivery, P:dj:<job> its deliveries, P:dp pending deliveries by time.
 */

/**
 * Collects the additions to and removals from the sorted sets, so that a script changes each set once. Numbers are
 * passed to commands as strings, because Redis formats Lua numbers with printf.
 */
const GATHER = `
local P = KEYS[1]
local adds, removals, seen, count = {}, {}, {}, 0
local function settle()
  for key, list in pairs(removals) do redis.call('ZREM', key, unpack(list)) end
  for key, list in pairs(adds) do redis.call('ZADD', key, unpack(list)) end
  adds, removals, seen, count = {}, {}, {}, 0
end
-- Before each job: what is gathered of one has no order, and a call has only so many arguments.
local function begin(id)
  if seen[id] or count >= 1000 then settle() end
  seen[id], count = true, count + 1
end
local function put(key, score, id)
  local list = adds[key]
  if not list then list = {}; adds[key] = list end
  list[#list + 1] = score
  list[#list + 1] = id
end
local function drop(key, id)
  local list = removals[key]
  if not list then list = {}; removals[key] = list end
  list[#list + 1] = id
end`;

/**
 * KEYS[1] prefix. ARGV[1] MessagePack of one list, in fives: id, task, head, input, and JSON of what few jobs have (key,
 * expires, batch, index) or nothing. All are pending. Many arguments would cost Redis and its client more than one.
 */
export const INSERT_SCRIPT = `${GATHER}
local taken, tasks, NOTHING = {}, {}, {}
local A = cmsgpack.unpack(ARGV[1])
local jobs = {}
for i = 1, #A, 5 do jobs[#jobs + 1] = P .. ':j:' .. A[i] end
local anyThere = redis.call('EXISTS', unpack(jobs)) > 0
for i = 1, #A, 5 do
  local id, task, head, input, rare = A[i], A[i + 1], A[i + 2], A[i + 3], A[i + 4]
  local job = jobs[(i + 4) / 5]
  begin(id)
  rare = rare ~= '' and cjson.decode(rare) or NOTHING
  local other = rare.key and redis.call('GET', P .. ':k:' .. rare.key)
  if other and other ~= id then
    taken[#taken + 1] = redis.call('HGET', P .. ':j:' .. other, 'h')
  else
    taken[#taken + 1] = false
    if not anyThere or redis.call('EXISTS', job) == 0 then
      redis.call('HSET', job, 'v', '1', 'h', head, 'i', input)
      put(P .. ':p:' .. task, '0', id)
      tasks[task] = true
      if rare.key then
        redis.call('HSET', job, 'k', rare.key)
        redis.call('SET', P .. ':k:' .. rare.key, id)
      end
      if rare.expires then put(P .. ':x', rare.expires, id) end
      if rare.batch then
        redis.call('HSET', job, 'b', rare.batch)
        put(P .. ':bi:' .. rare.batch, rare.index, id)
        redis.call('HINCRBY', P .. ':bc:' .. rare.batch, 'pending', 1)
      end
    end
  end
end
settle()
for task in pairs(tasks) do redis.call('SADD', P .. ':tasks', task) end
return taken`;

/**
 * KEYS[1] prefix, KEYS[2] channel. ARGV[1] MessagePack of one list, in nines: id, version, the next one, sorted set that it
 * leaves and that it comes to, head, result, "<time of removal> <status> " of one that ends, and JSON of what few changes entail
 * (expires, batch, from, to, delivery); of the last three each or nothing.
 */
export const CHANGE_SCRIPT = `${GATHER}
local made, changed, ended = {}, {}, {}
local A = cmsgpack.unpack(ARGV[1])
for i = 1, #A, 9 do
  local id, version, nextVersion, from, to = A[i], A[i + 1], A[i + 2], A[i + 3], A[i + 4]
  local head, result, ending, more = A[i + 5], A[i + 6], A[i + 7], A[i + 8]
  local job = P .. ':j:' .. id
  if redis.call('HGET', job, 'v') ~= version then
    made[#made + 1] = 0
  else
    made[#made + 1] = 1
    begin(id)
    changed[#changed + 1] = id
    if result ~= '' then
      redis.call('HSET', job, 'v', nextVersion, 'h', head, 'r', result)
    else
      redis.call('HSET', job, 'v', nextVersion, 'h', head)
    end
    if from ~= to then
      drop(from, id)
      put(to, '0', id)
    end
    if ending ~= '' then ended[#ended + 1] = ending .. id end
    if more ~= '' then
      more = cjson.decode(more)
      if more.expires then drop(P .. ':x', id) end
      if more.batch then
        redis.call('HINCRBY', P .. ':bc:' .. more.batch, more.from, -1)
        redis.call('HINCRBY', P .. ':bc:' .. more.batch, more.to, 1)
      end
      if more.delivery then
        local delivery = cjson.decode(more.delivery)
        redis.call('SET', P .. ':d:' .. delivery.id, more.delivery)
        redis.call('RPUSH', P .. ':dj:' .. id, delivery.id)
        redis.call('ZADD', P .. ':dp', delivery.event.at, delivery.id)
      end
    end
  end
end
settle()
if #ended > 0 then redis.call('RPUSH', P .. ':e', unpack(ended)) end
if #changed > 0 then redis.call('PUBLISH', KEYS[2], table.concat(changed, ',')) end
return made`;

/**
 * KEYS[1] sorted set of ids, KEYS[2] prefix of the queue's jobs. ARGV: lowest and highest id as ZRANGEBYLEX takes them,
 * how many to look at. Gives the last id looked at, false when there was none, then those that the queue does not have.
 */
export const ORPHANS_SCRIPT = `
local ids = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
local found = { ids[#ids] or false }
for _, id in ipairs(ids) do
  if redis.call('EXISTS', KEYS[2] .. id) == 0 then found[#found + 1] = id end
end
return found`;

/**
 * KEYS[1] sorted set of pending deliveries, KEYS[2] prefix of the queue's jobs. ARGV: time (excluded), how many to pass
 * over, how many to look at. Gives how many were looked at, then those that the queue does not have.
 */
export const ORPHAN_DELIVERIES_SCRIPT = `
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1], 'LIMIT', ARGV[2], ARGV[3])
local found = { #ids }
for _, id in ipairs(ids) do
  if redis.call('EXISTS', KEYS[2] .. id) == 0 then found[#found + 1] = id end
end
return found`;

/** KEYS[1] prefix. ARGV: now, maximum of finished jobs, limit. Removes expired jobs and the surplus, oldest first. */
export const SWEEP_SCRIPT = `
local P = KEYS[1]
local now, surplus = tonumber(ARGV[1]), redis.call('LLEN', P .. ':e') - tonumber(ARGV[2])
local gone = 0
for i, entry in ipairs(redis.call('LRANGE', P .. ':e', 0, ARGV[3] - 1)) do
  local time, status, id = string.match(entry, '^(%d+) (%a+) (.+)$')
  if i > surplus and tonumber(time) > now then break end
  gone = i
  local job = P .. ':j:' .. id
  local idempotency, batch = unpack(redis.call('HMGET', job, 'k', 'b'))
  redis.call('ZREM', P .. ':s:' .. status, id)
  if idempotency then redis.call('DEL', P .. ':k:' .. idempotency) end
  if batch then
    redis.call('ZREM', P .. ':bi:' .. batch, id)
    if redis.call('ZCARD', P .. ':bi:' .. batch) == 0 then
      redis.call('DEL', P .. ':b:' .. batch, P .. ':bc:' .. batch)
    else
      redis.call('HINCRBY', P .. ':bc:' .. batch, status, -1)
    end
  end
  for _, delivery in ipairs(redis.call('LRANGE', P .. ':dj:' .. id, 0, -1)) do
    redis.call('DEL', P .. ':d:' .. delivery)
    redis.call('ZREM', P .. ':dp', delivery)
  end
  redis.call('DEL', job, P .. ':dj:' .. id)
end
if gone > 0 then redis.call('LTRIM', P .. ':e', gone, -1) end
return gone`;
