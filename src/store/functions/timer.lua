-- timer.lua -- the keys whose TTL is a deadline, and the index of deadlines.

local function deadline_in(c, ttl_ms)
    local deadline = c.deadline_in[ttl_ms]
    if not deadline then
        deadline = int(c.now + math.max(ttl_ms, 1))
        c.deadline_in[ttl_ms] = deadline
    end
    return deadline
end

-- How long a worker may be silent as far as Redis is told: it may have been heard for merge_ms without that.
local function silence_ms(c, timeout)
    return timeout + c.merge_ms
end

local function alive_until(c, timeout)
    local deadline = c.alive_until[timeout]
    if not deadline then
        deadline = deadline_in(c, silence_ms(c, timeout))
        c.alive_until[timeout] = deadline
    end
    return deadline
end

local function set_timer(c, kind, r, ttl_ms)
    local member, deadline = kind .. ':' .. r.id, deadline_in(c, ttl_ms)
    c.disarmed[member] = nil
    call('SET', c.p .. member, r.f.epoch, 'PXAT', deadline)
    return deadline
end

-- kind is alive, recheck or cleanup. The score in the index is never later than the key's own deadline.
local function arm(c, kind, r, ttl_ms)
    c.deadlines[kind .. ':' .. r.id] = set_timer(c, kind, r, ttl_ms)
end

-- The key is gone when the call ends.
local function disarm(c, kind, r)
    local member = kind .. ':' .. r.id
    c.disarmed[member] = true
    c.deadlines[member] = false
end

local function arm_alive(c, r)
    arm(c, 'alive', r, silence_ms(c, number(r, 'heartbeatTimeoutMs')))
end
