-- gather.lua -- what the workers of one call change in the sets, the sorted sets, the totals and the epoch, and the timers that
-- it ends: written at its end, each key once, for the last word of a worker counts. Who reads such a key within a call asks
-- here, or has it written first.

local function gather_member(c, set, id, is_member)
    local members = c.sets[set]
    if not members then
        members = {}
        c.sets[set] = members
    end
    members[id] = is_member
end

local function gather_members(c, sets, id, is_member)
    for i = 1, #sets do
        gather_member(c, sets[i], id, is_member)
    end
end

local function gather_total(c, field, amount)
    c.totals[field] = (c.totals[field] or 0) + amount
end

-- The score that a member of the deadlines has, or will have; nil where it has none.
local function deadline_of(c, member)
    local score = c.deadlines[member]
    if score == nil then
        score = call('ZSCORE', c.p .. 'deadlines', member)
    end
    return tonumber(score or nil)
end

local function write_members(key, members)
    local adds, removes, adds_at, removes_at = { 'SADD', key }, { 'SREM', key }, 2, 2
    for id, is_member in pairs(members) do
        if is_member then
            adds_at = adds_at + 1
            adds[adds_at] = id
        else
            removes_at = removes_at + 1
            removes[removes_at] = id
        end
    end
    call_with_any(adds)
    call_with_any(removes)
end

-- A false score: the member is to be removed.
local function write_scores(key, scores)
    local adds, removes, adds_at, removes_at = { 'ZADD', key }, { 'ZREM', key }, 2, 2
    for member, score in pairs(scores) do
        if score then
            adds[adds_at + 1], adds[adds_at + 2] = score, member
            adds_at = adds_at + 2
        else
            removes_at = removes_at + 1
            removes[removes_at] = member
        end
    end
    call_with_any(adds)
    call_with_any(removes)
end

local function write_missing(c)
    local is_less = false
    for zone, amount in pairs(c.missing) do
        if amount ~= 0 then
            call('ZINCRBY', c.p .. 'missing', int(amount), zone)
            is_less = is_less or amount < 0
        end
    end
    if is_less then
        call('ZREMRANGEBYSCORE', c.p .. 'missing', '-inf', 0)
    end
end

local function write_disarmed(c)
    local keys = { 'DEL' }
    for member in pairs(c.disarmed) do
        keys[#keys + 1] = c.p .. member
    end
    if #keys > 1 then
        call(unpack(keys))
    end
end

local function write_gathered(c)
    for field, amount in pairs(c.totals) do
        if amount ~= 0 then
            call('HINCRBY', c.p .. 'totals', field, int(amount))
        end
    end
    for set, members in pairs(c.sets) do
        write_members(c.p .. set, members)
    end
    write_scores(c.p .. 'free', c.free)
    write_scores(c.p .. 'deadlines', c.deadlines)
    write_missing(c)
    write_disarmed(c)
    if c.has_drawn then
        call('SET', c.p .. 'epoch', int(c.epoch))
    end
    c.has_drawn = nil
    c.totals, c.sets, c.free, c.deadlines, c.missing, c.disarmed = {}, {}, {}, {}, {}, {}
end
