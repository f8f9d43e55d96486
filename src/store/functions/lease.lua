-- lease.lua -- which daemon is the active one.

-- arguments: instance, ttl ms. result: {token or '', holder, its ttl ms, 1 where no epoch was ever drawn here}
redis.register_function('@LIBRARY@_acquire', function(keys, args)
    local c = open(keys, args)
    local lease = call('GET', c.p .. 'lease')
    if lease then
        return { c.now, 0, { '', string.match(lease, '^%d+ (.*)$') or lease, call('PTTL', c.p .. 'lease') } }
    end
    local is_fresh = call('EXISTS', c.p .. 'epoch') == 0
    local token = draw_epoch(c)
    call('SET', c.p .. 'lease', token .. ' ' .. args[1], 'PX', args[2])
    return { c.now, 0, { token, args[1], tonumber(args[2]), is_fresh and 1 or 0 } }
end)

-- arguments: ttl ms, hearing since ms, until ms. Keeps the lease, and shows operators what is heard.
writer('renew', function(c, args)
    call('PEXPIRE', c.p .. 'lease', args[HEADER + 1])
    call('HSET', c.p .. 'hearing', 'since', args[HEADER + 2], 'until', args[HEADER + 3])
    return 1
end)

writer('release', function(c)
    call('DEL', c.p .. 'lease')
    return 1
end)
