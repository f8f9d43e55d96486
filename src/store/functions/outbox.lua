-- outbox.lua -- what concerns the publishing of the event stream and is more than a plain command.

local function read_worker(c, id)
    return { id, call('HGETALL', c.p .. 'worker:' .. id), call('HGETALL', c.p .. 'detail:' .. id) }
end

-- Whose events are not older than an age, a part of the stream at a time.
-- arguments: place or '', age ms, most entries. result: {next place or '', workers as {id, worker, detail}}
reader('recent', function(c, args)
    local place, most = args[1], tonumber(args[3])
    if place == '' then
        place = int(c.now - tonumber(args[2])) .. '-0'
    end
    local entries = call('XRANGE', c.p .. 'events', '(' .. place, '+', 'COUNT', most)
    local workers, seen = {}, {}
    for _, entry in ipairs(entries) do
        local fields = fields_of(entry[2])
        if fields.revision and not seen[fields.workerId] then
            seen[fields.workerId] = true
            workers[#workers + 1] = read_worker(c, fields.workerId)
        end
    end
    return { #entries == most and entries[most][1] or '', workers }
end)

-- arguments: cursor, greatest length of the stream. What is not published yet is never cut off.
writer('advance', function(c, args)
    local cursor, max_length = args[HEADER + 1], tonumber(args[HEADER + 2])
    call('SET', c.p .. 'cursor', cursor)
    local last = call('XREVRANGE', c.p .. 'events', '+', '-', 'COUNT', 1)
    if last[1] and last[1][1] == cursor then
        call('XTRIM', c.p .. 'events', 'MAXLEN', '~', int(max_length))
    elseif call('XLEN', c.p .. 'events') > 2 * max_length then
        call('XTRIM', c.p .. 'events', 'MINID', '~', cursor)
    end
    return 1
end)
