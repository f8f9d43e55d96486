-- follow.lua -- where the event stream ends now, for who wants only what comes after it.

-- result: id of the latest event; 0-0 where there is none
reader('last_event', function(c)
    local last = call('XREVRANGE', c.p .. 'events', '+', '-', 'COUNT', 1)[1]
    return last and last[1] or '0-0'
end)
