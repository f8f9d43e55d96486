-- alert.lua -- the latest document of each alert, so that a daemon knows what those before it have raised.

-- result: {rule, document, …}
reader('alerts', function(c)
    return call('HGETALL', c.p .. 'alerts')
end)

-- arguments: rule, document; an empty document forgets the alert
writer('save_alert', function(c, args)
    local rule, document = args[HEADER + 1], args[HEADER + 2]
    if given(document) then
        call('HSET', c.p .. 'alerts', rule, document)
    else
        call('HDEL', c.p .. 'alerts', rule)
    end
    return 1
end)
