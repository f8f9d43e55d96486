-- outbox.lua -- the event stream, as it is published.

local function read_worker(c, id)
    return { id, call('HGETALL', c.p .. 'worker:' .. id), call('HGETALL', c.p .. 'detail:' .. id) }
end

-- arguments: most entries, id after which or '' for the cursor.
-- result: {id after which, entries as {id, fields}, the workers they are about as {id, worker, detail}}
reader('outbox', function(c, args)
    local cursor = given(args[2]) and args[2] or call('GET', c.p .. 'cursor') or '0-0'
    local entries = call('XRANGE', c.p .. 'events', '(' .. cursor, '+', 'COUNT', args[1])
    local workers, seen = {}, {}
    for _, entry in ipairs(entries) do
        local fields = fields_of(entry[2])
        local id = (fields.revision or fields.type == 'forgotten') and fields.workerId
        if id and not seen[id] then
            seen[id] = true
            workers[#workers + 1] = read_worker(c, id)
        end
    end
    return { cursor, entries, workers }
end)

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
