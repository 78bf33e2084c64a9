/**
 * Keys, with P the prefix: P:j:<id> hash of a job (h head, v version, i input, r result, s status, t task, and where it
 * has them k idempotency key, b batch), P:k:<key> id by idempotency key, P:tasks the tasks that had jobs, P:p:<task> (pending) and P:s:<status>
 * (the others) ids in order (sorted sets of equal scores), P:x ids by expiry, P:f finished ids by removal, P:b:<id>
 * batch, P:bc:<id> its counts, P:bi:<id> its jobs by index, P:d:<id> delivery, P:dj:<job> its deliveries, P:dp pending
 * deliveries by time.
 */

/** Gathers what comes to and leaves the sorted sets, so that each is changed once by a script. */
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
 * KEYS[1] prefix. ARGV in fives: id, task, head, input, and JSON of what few jobs have (key, expires, batch, index) or
 * nothing. All are pending.
 */
export const INSERT_SCRIPT = `${GATHER}
local taken, tasks = {}, {}
for i = 1, #ARGV, 5 do
  local id, task, head, input, rare = unpack(ARGV, i, i + 4)
  local job = P .. ':j:' .. id
  begin(id)
  rare = rare ~= '' and cjson.decode(rare) or {}
  local other = rare.key and redis.call('GET', P .. ':k:' .. rare.key)
  if other and other ~= id then
    taken[#taken + 1] = redis.call('HGET', P .. ':j:' .. other, 'h')
  else
    taken[#taken + 1] = false
    if redis.call('EXISTS', job) == 0 then
      redis.call('HSET', job, 'v', 1, 'h', head, 'i', input, 's', 'pending', 't', task)
      put(P .. ':p:' .. task, 0, id)
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
 * KEYS[1] prefix, KEYS[2] channel. ARGV in nines: id, version, sorted set that it leaves and that it comes to, head,
 * status, result, time to remove it, and JSON of what few changes entail (expires, batch, from, delivery) or nothing.
 */
export const CHANGE_SCRIPT = `${GATHER}
local made, changed = {}, {}
for i = 1, #ARGV, 9 do
  local id, version, from, to, head, status, result, remove, more = unpack(ARGV, i, i + 8)
  local job = P .. ':j:' .. id
  if redis.call('HGET', job, 'v') ~= version then
    made[#made + 1] = 0
  else
    made[#made + 1] = 1
    begin(id)
    changed[#changed + 1] = id
    if result ~= '' then
      redis.call('HSET', job, 'v', version + 1, 'h', head, 's', status, 'r', result)
    else
      redis.call('HSET', job, 'v', version + 1, 'h', head, 's', status)
    end
    if from ~= to then
      drop(from, id)
      put(to, 0, id)
    end
    if remove ~= '' then put(P .. ':f', remove, id) end
    if more ~= '' then
      more = cjson.decode(more)
      if more.expires then drop(P .. ':x', id) end
      if more.batch then
        redis.call('HINCRBY', P .. ':bc:' .. more.batch, more.from, -1)
        redis.call('HINCRBY', P .. ':bc:' .. more.batch, status, 1)
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
if #changed > 0 then redis.call('PUBLISH', KEYS[2], table.concat(changed, ',')) end
return made`;

/** KEYS[1] prefix of the store, KEYS[2] of the queue's jobs. ARGV: task, highest id (excluded), limit. */
export const ORPHANS_SCRIPT = `
local P, task, limit = KEYS[1], ARGV[1], tonumber(ARGV[3])
local lost = {}
local function look(ids, mine)
  for _, id in ipairs(ids) do
    if #lost >= limit then return end
    if redis.call('EXISTS', KEYS[2] .. id) == 0 and (mine or redis.call('HGET', P .. ':j:' .. id, 't') == task) then
      lost[#lost + 1] = id
    end
  end
end
look(redis.call('ZRANGEBYLEX', P .. ':p:' .. task, '-', '(' .. ARGV[2]), true)
look(redis.call('ZRANGEBYLEX', P .. ':s:processing', '-', '(' .. ARGV[2]), false)
return lost`;

/** KEYS[1] prefix of the store, KEYS[2] of the queue's jobs. ARGV: time (excluded), limit. */
export const ORPHAN_DELIVERIES_SCRIPT = `
local ids = redis.call('ZRANGEBYSCORE', KEYS[1] .. ':dp', '-inf', '(' .. ARGV[1])
local lost = {}
for _, id in ipairs(ids) do
  if redis.call('EXISTS', KEYS[2] .. id) == 0 then
    lost[#lost + 1] = id
    if #lost >= tonumber(ARGV[2]) then break end
  end
end
return lost`;

/** KEYS[1] prefix. ARGV: now, most finished jobs, limit. Removes what is over its time and the surplus, oldest first. */
export const SWEEP_SCRIPT = `
local P = KEYS[1]
local limit = tonumber(ARGV[3])
local gone = redis.call('ZRANGEBYSCORE', P .. ':f', '-inf', ARGV[1], 'LIMIT', 0, limit)
local surplus = redis.call('ZCARD', P .. ':f') - tonumber(ARGV[2])
if surplus > #gone then gone = redis.call('ZRANGE', P .. ':f', 0, math.min(surplus, limit) - 1) end
for _, id in ipairs(gone) do
  local job = P .. ':j:' .. id
  local now = redis.call('HMGET', job, 's', 'k', 'b')
  if now[1] then
    redis.call('ZREM', P .. ':s:' .. now[1], id)
    if now[2] and now[2] ~= '' then redis.call('DEL', P .. ':k:' .. now[2]) end
    if now[3] and now[3] ~= '' then
      redis.call('ZREM', P .. ':bi:' .. now[3], id)
      if redis.call('ZCARD', P .. ':bi:' .. now[3]) == 0 then
        redis.call('DEL', P .. ':b:' .. now[3], P .. ':bc:' .. now[3])
      else
        redis.call('HINCRBY', P .. ':bc:' .. now[3], now[1], -1)
      end
    end
  end
  for _, delivery in ipairs(redis.call('LRANGE', P .. ':dj:' .. id, 0, -1)) do
    redis.call('DEL', P .. ':d:' .. delivery)
    redis.call('ZREM', P .. ':dp', delivery)
  end
  redis.call('DEL', job, P .. ':dj:' .. id)
  redis.call('ZREM', P .. ':f', id)
end
return #gone`;
