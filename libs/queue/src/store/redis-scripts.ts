/**
 * Keys, with P the prefix: P:j:<id> hash of a job (h head, v version, i input, r result, s status, t task, k idempotency
 * key, b batch), P:k:<key> id by idempotency key, P:all and P:s:<status> and P:p:<task> (pending) and P:l:<task>
 * (unfinished) ids in order (sorted sets of equal scores), P:x ids by expiry, P:f finished ids by removal, P:b:<id>
 * batch, P:bc:<id> its counts, P:bi:<id> its jobs by index, P:d:<id> delivery, P:dj:<job> its deliveries, P:dp pending
 * deliveries by time.
 */

/** KEYS[1] prefix. ARGV in eights: id, task, status, head, input, idempotency key, expires at, batch id, batch index. */
export const INSERT_SCRIPT = `
local P = KEYS[1]
local taken = {}
for i = 1, #ARGV, 9 do
  local id, task, status, head, input, key, expires, batch, index = unpack(ARGV, i, i + 8)
  local job = P .. ':j:' .. id
  local other = key ~= '' and redis.call('GET', P .. ':k:' .. key) or false
  if other and other ~= id then
    taken[#taken + 1] = redis.call('HGET', P .. ':j:' .. other, 'h')
  else
    taken[#taken + 1] = false
    if redis.call('EXISTS', job) == 0 then
      redis.call('HSET', job, 'h', head, 'v', 1, 'i', input, 's', status, 't', task, 'k', key, 'b', batch)
      if key ~= '' then redis.call('SET', P .. ':k:' .. key, id) end
      redis.call('ZADD', P .. ':all', 0, id)
      redis.call('ZADD', P .. ':s:' .. status, 0, id)
      redis.call('ZADD', P .. ':p:' .. task, 0, id)
      redis.call('ZADD', P .. ':l:' .. task, 0, id)
      if expires ~= '' then redis.call('ZADD', P .. ':x', expires, id) end
      if batch ~= '' then
        redis.call('ZADD', P .. ':bi:' .. batch, index, id)
        redis.call('HINCRBY', P .. ':bc:' .. batch, status, 1)
      end
    end
  end
end
return taken`;

/** KEYS[1] prefix, KEYS[2] channel. ARGV in nines: id, version, status, head, result, remove at, delivery id, its body, its time. */
export const CHANGE_SCRIPT = `
local P = KEYS[1]
local made, changed = {}, {}
for i = 1, #ARGV, 9 do
  local id, version, status, head, result, remove, delivery, body, at = unpack(ARGV, i, i + 8)
  local job = P .. ':j:' .. id
  local now = redis.call('HMGET', job, 'v', 's', 't', 'b')
  if now[1] ~= version then
    made[#made + 1] = 0
  else
    made[#made + 1] = 1
    changed[#changed + 1] = id
    redis.call('HSET', job, 'v', version + 1, 'h', head, 's', status)
    if result ~= '' then redis.call('HSET', job, 'r', result) end
    if now[2] ~= status then
      redis.call('ZREM', P .. ':s:' .. now[2], id)
      redis.call('ZADD', P .. ':s:' .. status, 0, id)
      if now[2] == 'pending' then
        redis.call('ZREM', P .. ':p:' .. now[3], id)
        redis.call('ZREM', P .. ':x', id)
      end
      if status == 'pending' then redis.call('ZADD', P .. ':p:' .. now[3], 0, id) end
      if now[4] ~= '' then
        redis.call('HINCRBY', P .. ':bc:' .. now[4], now[2], -1)
        redis.call('HINCRBY', P .. ':bc:' .. now[4], status, 1)
      end
    end
    if remove ~= '' then
      redis.call('ZADD', P .. ':f', remove, id)
      redis.call('ZREM', P .. ':l:' .. now[3], id)
    end
    if delivery ~= '' then
      redis.call('SET', P .. ':d:' .. delivery, body)
      redis.call('RPUSH', P .. ':dj:' .. id, delivery)
      redis.call('ZADD', P .. ':dp', at, delivery)
    end
  end
end
if #changed > 0 then redis.call('PUBLISH', KEYS[2], table.concat(changed, ',')) end
return made`;

/** KEYS[1] prefix of the store, KEYS[2] of the queue's jobs. ARGV: task, highest id (excluded), limit. */
export const ORPHANS_SCRIPT = `
local ids = redis.call('ZRANGEBYLEX', KEYS[1] .. ':l:' .. ARGV[1], '-', '(' .. ARGV[2])
local lost = {}
for _, id in ipairs(ids) do
  if redis.call('EXISTS', KEYS[2] .. id) == 0 then
    lost[#lost + 1] = id
    if #lost >= tonumber(ARGV[3]) then break end
  end
end
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
    if now[2] ~= '' then redis.call('DEL', P .. ':k:' .. now[2]) end
    if now[3] ~= '' then
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
  redis.call('ZREM', P .. ':all', id)
  redis.call('ZREM', P .. ':f', id)
end
return #gone`;
