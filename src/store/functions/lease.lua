-- lease.lua -- which daemon is the active one.

-- The latest that the clock has shown, for who comes after it was set back.
local function note_time(c)
    call('HSET', c.p .. 'hearing', 'at', int(c.now))
end

do
    local LONGEST_LEASE_MS = 60000

    local function latest_time(c)
        return tonumber(call('HGET', c.p .. 'hearing', 'at') or 0)
    end

    -- What this process of Redis holds may be less than what another one had: an older snapshot, a replica's share, nothing.
    local function is_doubtful(c)
        local run = string.match(call('INFO', 'server'), 'run_id:(%x+)')
        return call('GET', c.p .. 'memory') ~= run and 1 or 0, run
    end

    -- arguments: instance, ttl ms. result: {token or '', holder, its ttl ms, 1 where its memory is in doubt}
    redis.register_function('@LIBRARY@_acquire', function(keys, args)
        local c = open(keys, args)
        local lease = call('GET', c.p .. 'lease')
        if lease then
            if call('PTTL', c.p .. 'lease') > LONGEST_LEASE_MS then
                call('PEXPIRE', c.p .. 'lease', args[2]) -- it is from before the clock was set back
            end
            return { c.now, 0, { '', string.match(lease, '^%d+ (.*)$') or lease, call('PTTL', c.p .. 'lease') } }
        end
        local doubtful = is_doubtful(c)
        local token = draw_epoch(c)
        write_gathered(c)
        call('SET', c.p .. 'lease', token .. ' ' .. args[1], 'PX', args[2])
        return { c.now, 0, { token, args[1], tonumber(args[2]), doubtful } }
    end)

    -- arguments: ttl ms, hearing since ms, until ms. Keeps the lease, and shows operators what is heard. result: {1 where
    -- its memory is in doubt}
    writer('renew', function(c, args)
        call('PEXPIRE', c.p .. 'lease', args[HEADER + 1])
        call('HSET', c.p .. 'hearing', 'since', args[HEADER + 2], 'until', args[HEADER + 3])
        if c.now >= latest_time(c) then
            note_time(c)
        end
        return { (is_doubtful(c)) }
    end)

    -- What the world has been told agrees with what this process of Redis holds.
    writer('trust', function(c)
        local _, run = is_doubtful(c)
        call('SET', c.p .. 'memory', run)
        return 1
    end)

    writer('release', function(c)
        call('DEL', c.p .. 'lease')
        return 1
    end)

    -- Ids of events grow with the clock, but never fall behind the latest one.
    local function keep_ids_growing(c, latest)
        local last = call('XREVRANGE', c.p .. 'events', '+', '-', 'COUNT', 1)[1]
        if last and tonumber(string.match(last[1], '^%d+')) < latest then
            call('XSETID', c.p .. 'events', int(latest) .. '-0')
        end
    end

    -- arguments: the latest time that the daemon has seen, ms. result: how far the clock is behind that, or the latest here
    writer('check_clock', function(c, args)
        local latest = math.max(latest_time(c), tonumber(args[HEADER + 1]))
        if latest > c.now then
            if tonumber(call('GET', c.p .. 'epoch') or 0) < latest * 1000 then
                call('SET', c.p .. 'epoch', int(latest * 1000))
            end
            keep_ids_growing(c, latest)
        end
        return math.floor(latest - c.now)
    end)
end
