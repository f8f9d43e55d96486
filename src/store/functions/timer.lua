-- timer.lua -- the keys whose TTL is a deadline, and the index of deadlines.

local function set_timer(c, kind, r, ttl_ms)
    local deadline = int(c.now + math.max(ttl_ms, 1))
    call('SET', c.p .. kind .. ':' .. r.id, r.f.epoch, 'PXAT', deadline)
    return deadline
end

-- kind is alive, recheck or cleanup. The score in the index is never later than the key's own deadline.
local function arm(c, kind, r, ttl_ms)
    c.deadlines[kind .. ':' .. r.id] = set_timer(c, kind, r, ttl_ms)
end

local function disarm(c, kind, r)
    call('DEL', c.p .. kind .. ':' .. r.id)
    c.deadlines[kind .. ':' .. r.id] = false
end

local function arm_alive(c, r)
    arm(c, 'alive', r, number(r, 'heartbeatTimeoutMs'))
end
