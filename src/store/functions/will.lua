-- will.lua -- a connection ended without a goodbye.

local WILL_FIELDS = { 'steady', 'seq', 'lastHeartbeatAt', 'currentJobCount', 'revision', 'zone',
                      'heartbeatIntervalMs' }

-- A late will was sent some time ago, and its worker may be back: it has one heartbeat interval to show itself.
local function take_late_will(c, r)
    local interval = number(r, 'heartbeatIntervalMs')
    local left = call('PTTL', c.p .. 'alive:' .. r.id)
    if is_trusted(r) and left > interval then
        set(r, 'lost', '1')
        arm(c, 'alive', r, interval)
    end
end

local function take_will(c, r)
    disarm(c, 'alive', r)
    if is_trusted(r) then
        turn_unhealthy(c, r, 'connection_lost', number(r, 'heartbeatIntervalMs'), evidence_of(c, r, nil, 'will'))
    end
end

-- arguments: late, then id, boot, connection of each. result: number of wills that counted
writer('will', function(c, args)
    local counted = 0
    for at = HEADER + 2, #args - 2, 3 do
        local r = load_part(c, args[at], WILL_FIELDS)
        local boot, connection = args[at + 1], args[at + 2]
        if is_live(r) and boot == (r.f.bootId or '') and connection == (r.f.connection or '') then
            counted = counted + 1
            if args[HEADER + 1] == '1' then
                take_late_will(c, r)
            else
                take_will(c, r)
            end
            save(c, r)
        end
    end
    return counted
end)
