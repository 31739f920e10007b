"""What a Redis server does in one step, as Lua; a script runs alone (https://redis.io/docs/latest/develop/programmability,
read 2026-11-21). The layout of the keys is told in `store_redis.py`.

`due` of an item is when it may be run: of one that runs, when its lease ends. The score of an open batch is when it
last had its turn, or until when it waits.

A server that may evict keys can lose a part of a batch. What is left of it is deleted then: it would fail every script
that comes by, and half of its results would look like all.
"""

from __future__ import annotations

HEAD = """
local OPEN, ENDED = 'rialto:batches:open', 'rialto:batches:ended'
local function key(id, part) return 'rialto:batch:' .. id .. (part or '') end
local function lose(id)
  for _, part in ipairs({'', ':items', ':due', ':tokens', ':tries', ':results', ':counts'}) do
    redis.call('DEL', key(id, part))
  end
  redis.call('ZREM', OPEN, id)
  redis.call('HDEL', 'rialto:batches:sizes', id)
end
local function finish(id, now)
  if redis.call('ZCARD', key(id, ':due')) > 0 then return end
  local fixed = redis.call('HGET', key(id), 'fixed')
  if not fixed or redis.call('HLEN', key(id, ':results')) < cjson.decode(fixed).total then return lose(id) end
  redis.call('HSET', key(id), 'ended', now)
  redis.call('ZREM', OPEN, id)
  redis.call('ZADD', ENDED, redis.call('HGET', key(id), 'created'), id)
end
local function settle(id, place, outcome, body)
  local item = redis.call('HGET', key(id, ':items'), place)
  if not item then return lose(id) end
  local name = string.match(item, '^[^\\n]*')
  redis.call('HSET', key(id, ':results'), place, name .. '\\n' .. outcome .. '\\n' .. body)
  redis.call('HDEL', key(id, ':items'), place)
  redis.call('HDEL', key(id, ':tokens'), place)
  redis.call('HDEL', key(id, ':tries'), place)
  redis.call('ZREM', key(id, ':due'), place)
  redis.call('HINCRBY', key(id, ':counts'), outcome, 1)
end
local function holds(id, place, token) return redis.call('HGET', key(id, ':tokens'), place) == token end
"""

#: now, born, until, token -> {the batch's fixed part, place, item, tries} or nothing.
CLAIM = (
    HEAD
    + """
local now, born = tonumber(ARGV[1]), tonumber(ARGV[2])
for _, id in ipairs(redis.call('ZRANGEBYSCORE', OPEN, '-inf', now)) do
  local state = redis.call('HMGET', key(id), 'cancelled', 'created', 'fixed')
  if not state[2] then
    lose(id)
  elseif not state[1] and tonumber(state[2]) > born then
    local found = redis.call('ZRANGEBYSCORE', key(id, ':due'), '-inf', now, 'LIMIT', 0, 1)
    local item = found[1] and redis.call('HGET', key(id, ':items'), found[1])
    if found[1] and not item then
      lose(id)
    elseif item then
      redis.call('ZADD', key(id, ':due'), ARGV[3], found[1])
      redis.call('HSET', key(id, ':tokens'), found[1], ARGV[4])
      redis.call('ZADD', OPEN, now, id)
      local tries = redis.call('HINCRBY', key(id, ':tries'), found[1], 1)
      return {state[3], found[1], item, tries}
    end
  end
end
return false
"""
)

#: until, then id, place, token of each lease.
RENEW = (
    HEAD
    + """
for at = 2, #ARGV, 3 do
  if holds(ARGV[at], ARGV[at + 1], ARGV[at + 2]) then
    redis.call('ZADD', key(ARGV[at], ':due'), ARGV[1], ARGV[at + 1])
  end
end
"""
)

#: id, place, token, now, outcome, body -> whether it was written.
FINISH = (
    HEAD
    + """
if not holds(ARGV[1], ARGV[2], ARGV[3]) then return 0 end
settle(ARGV[1], ARGV[2], ARGV[5], ARGV[6])
finish(ARGV[1], ARGV[4])
return 1
"""
)

#: id, place, token, due, 1 for a try that does not count, 1 to hold the batch.
GIVE_BACK = (
    HEAD
    + """
local id, place = ARGV[1], ARGV[2]
if not holds(id, place, ARGV[3]) then return end
redis.call('HDEL', key(id, ':tokens'), place)
redis.call('ZADD', key(id, ':due'), ARGV[4], place)
if ARGV[5] == '1' then redis.call('HINCRBY', key(id, ':tries'), place, -1) end
if ARGV[6] == '1' then redis.call('ZADD', OPEN, 'XX', 'GT', ARGV[4], id) end
"""
)

#: now, born, most -> how many items were given up. Those that run may end.
GIVE_UP = (
    HEAD
    + """
local now, born, left = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local given = 0
for _, id in ipairs(redis.call('ZRANGE', OPEN, 0, -1)) do
  local state = redis.call('HMGET', key(id), 'cancelled', 'created')
  if not state[2] then
    lose(id)
  elseif state[1] or tonumber(state[2]) <= born then
    local due = redis.call('ZRANGE', key(id, ':due'), 0, -1, 'WITHSCORES')
    for at = 1, #due, 2 do
      if given >= left then return given end
      if tonumber(due[at + 1]) <= now or redis.call('HEXISTS', key(id, ':tokens'), due[at]) == 0 then
        settle(id, due[at], state[1] and 'canceled' or 'expired', '')
        given = given + 1
      end
    end
    finish(id, ARGV[1])
  end
end
return given
"""
)

#: id, now. A batch that has ended stays as it is.
CANCEL = (
    HEAD
    + """
local state = redis.call('HMGET', key(ARGV[1]), 'fixed', 'ended')
if state[1] and not state[2] then redis.call('HSETNX', key(ARGV[1]), 'cancelled', ARGV[2]) end
"""
)

ALL = (CLAIM, RENEW, FINISH, GIVE_BACK, GIVE_UP, CANCEL)
