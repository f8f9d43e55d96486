-- calls.lua -- how a function is called: its one key, its header of arguments, the fence, what it returns.

local function open(keys, args)
    call, rawget, unpack, pairs, ipairs, tonumber, setmetatable = find_globals()
    local time = call('TIME')
    local now_us = time[1] * 1000000 + time[2]
    local now = math.floor(now_us / 1000)
    return { p = keys[1], worker_key = keys[1] .. 'worker:', alive_key = keys[1] .. 'alive:', events_key = keys[1] .. 'events',
             now_us = now_us, now = now, now_text = int(now), deadline_in = {}, alive_until = {}, events = 0, args = args, totals = {},
             free = {}, sets = {}, deadlines = {}, disarmed = {}, missing = {} }
end

local function holds_lease(c, token)
    local lease = call('GET', c.p .. 'lease')
    return lease and string.sub(lease, 1, #token + 1) == token .. ' '
end

local function writer(name, body)
    redis.register_function('@LIBRARY@_' .. name, function(keys, args)
        local c = open(keys, args)
        if not holds_lease(c, args[TOKEN]) then
            return redis.error_reply('FENCED the lease is not held under this token')
        end
        c.merge_ms = tonumber(args[MERGE_MS])
        local decided = tonumber(args[DECIDED_MS])
        if decided and c.now - decided > DECISION_MAX_AGE_MS then
            return redis.error_reply('LATE decided ' .. int(c.now - decided) .. ' ms ago')
        end
        -- Functions do not roll back: what was gathered before an error belongs to records that are written already.
        local done, result = pcall(body, c, args)
        write_gathered(c)
        if not done then
            error(result, 0)
        end
        return { c.now, c.events, result }
    end)
end

local function reader(name, body)
    redis.register_function {
        function_name = '@LIBRARY@_' .. name,
        callback = function(keys, args)
            local c = open(keys, args)
            return { c.now, 0, body(c, args) }
        end,
        flags = { 'no-writes' },
    }
end

local function latest_epoch(c)
    c.epoch = c.epoch or tonumber(call('GET', c.p .. 'epoch') or 0)
    return c.epoch
end

-- Greater than any before it, also after Redis lost its memory.
local function draw_epoch(c)
    c.epoch = math.max(latest_epoch(c) + 1, c.now_us)
    c.has_drawn = true
    return int(c.epoch)
end
