-- brake.lua -- what the brake is judged by, and where its state outlives a daemon.

-- result: {workers, missing, {zone, workers, missing, …}} with those zones where somebody is missing
reader('missing', function(c)
    local zones = {}
    local found = call('ZRANGE', c.p .. 'missing', 0, -1, 'WITHSCORES')
    for i = 1, #found, 2 do
        zones[#zones + 1] = found[i]
        zones[#zones + 1] = call('SCARD', c.p .. 'zone:' .. found[i])
        zones[#zones + 1] = tonumber(found[i + 1])
    end
    return { call('SCARD', c.p .. 'workers'), tonumber(call('HGET', c.p .. 'totals', 'missingWorkers') or 0), zones }
end)

-- result: {scope, state, …} as they were saved
reader('brakes', function(c)
    return call('HGETALL', c.p .. 'brake')
end)

-- arguments: scope, state; an empty state forgets the scope. Where an operator has released it: who, and why.
writer('save_brake', function(c, args)
    local scope, state_text = args[HEADER + 1], args[HEADER + 2]
    if given(state_text) then
        call('HSET', c.p .. 'brake', scope, state_text)
    else
        call('HDEL', c.p .. 'brake', scope)
    end
    local by, message = args[HEADER + 3], args[HEADER + 4]
    if given(by) then
        note_down(c, 'brake_released', nil, { by = by, message = message, evidence = cjson.encode({ scope = scope }) })
    end
    return 1
end)
