-- statistics.lua -- how the fleet is as a whole, from totals and sizes of sets: the work does not grow with the fleet.

local LISTED_MAX, LISTED_STEPS, HELD_LISTED_MAX = 100, 10, 10

local function list_some(c, health, ids, seen)
    local cursor, steps = '0', 0
    repeat
        local page = call('SSCAN', c.p .. 'health:' .. health, cursor, 'COUNT', LISTED_MAX)
        cursor = page[1]
        steps = steps + 1
        for _, id in ipairs(page[2]) do
            if not seen[id] and #ids < LISTED_MAX then
                seen[id] = true
                ids[#ids + 1] = id
            end
        end
    until cursor == '0' or #ids == LISTED_MAX or steps == LISTED_STEPS
end

-- The ids are sorted, so that the same workers are told in the same words.
local function list_unhealthy(c)
    local ids, seen = {}, {}
    list_some(c, 'FAILED', ids, seen)
    list_some(c, 'UNHEALTHY', ids, seen)
    table.sort(ids)
    return ids
end

-- Who is held back for flapping: how many, and some of them.
local function list_held(c)
    local ids = call('ZRANGEBYSCORE', c.p .. 'held', '(' .. int(c.now), '+inf', 'LIMIT', 0, HELD_LISTED_MAX)
    table.sort(ids)
    return { call('ZCOUNT', c.p .. 'held', '(' .. int(c.now), '+inf'), ids }
end

-- How long the oldest event that is not published has waited.
local function outbox_behind_ms(c)
    local cursor = call('GET', c.p .. 'cursor') or '0-0'
    local waiting = call('XRANGE', c.p .. 'events', '(' .. cursor, '+', 'COUNT', 1)
    local since = waiting[1] and tonumber(string.match(waiting[1][1], '^%d+'))
    return since and math.max(c.now - since, 0) or 0
end

-- result: {totals, sizes of the sets HEALTHY RECOVERED UNHEALTHY FAILED, ids of some unhealthy, outbox behind ms,
--          {workers held, ids of some}}
reader('statistics', function(c)
    local sizes = {}
    for i, health in ipairs({ 'HEALTHY', 'RECOVERED', 'UNHEALTHY', 'FAILED' }) do
        sizes[i] = call('SCARD', c.p .. 'health:' .. health)
    end
    return { call('HGETALL', c.p .. 'totals'), sizes, list_unhealthy(c), outbox_behind_ms(c), list_held(c) }
end)
