-- query.lua -- reading workers and events.

-- arguments: ids. result: {id, worker, detail} of each; empty fields where there is none
reader('read', function(c, args)
    local results = {}
    for i, id in ipairs(args) do
        results[i] = read_worker(c, id)
    end
    return results
end)

local PAGE_BYTES, PAGE_STEPS, STEP_MEMBERS = 256 * 1024, 100, 20

local function bytes_of(flat)
    local bytes = 0
    for _, text in ipairs(flat) do
        bytes = bytes + #text
    end
    return bytes
end

local function is_in_all(c, id, sets, first)
    for i = first, #sets do
        if call('SISMEMBER', c.p .. sets[i], id) == 0 then
            return false
        end
    end
    return true
end

-- arguments: cursor, about how many, then the sets that a worker has to be in. result: {next cursor, workers}
-- A page ends early where it has grown large or has looked at many that do not match.
reader('list', function(c, args)
    local cursor, most = args[1], tonumber(args[2])
    local workers, bytes, steps = {}, 0, 0
    repeat
        local page = call('SSCAN', c.p .. args[3], cursor, 'COUNT', STEP_MEMBERS)
        cursor = page[1]
        steps = steps + 1
        for _, id in ipairs(page[2]) do
            if is_in_all(c, id, args, 4) then
                local worker = read_worker(c, id)
                workers[#workers + 1] = worker
                bytes = bytes + bytes_of(worker[2]) + bytes_of(worker[3])
            end
        end
    until cursor == '0' or #workers >= most or bytes >= PAGE_BYTES or steps == PAGE_STEPS
    return { cursor, workers }
end)

-- arguments: after this id, most entries, worker id or '', type or ''. result: {last id looked at, entries}
reader('events', function(c, args)
    local looked_at, limit = args[1], tonumber(args[2])
    local found, bytes = {}, 0
    local page = call('XRANGE', c.p .. 'events', '(' .. looked_at, '+', 'COUNT', 1000)
    for _, entry in ipairs(page) do
        local fields = fields_of(entry[2])
        if #found >= limit or bytes >= PAGE_BYTES then
            break
        end
        looked_at = entry[1]
        if (args[3] == '' or fields.workerId == args[3]) and (args[4] == '' or fields.type == args[4]) then
            found[#found + 1] = entry
            bytes = bytes + bytes_of(entry[2])
        end
    end
    return { looked_at, found }
end)
