-- query.lua -- reading workers and events.

-- arguments: ids. result: {id, worker, detail} of each; empty fields where there is none
reader('read', function(c, args)
    local results = {}
    for i, id in ipairs(args) do
        results[i] = read_worker(c, id)
    end
    return results
end)

-- arguments: ids. result: {id, worker, detail} of those that no live worker has
reader('read_gone', function(c, args)
    local live, results = call('SMISMEMBER', c.p .. 'workers', unpack(args)), {}
    for i, id in ipairs(args) do
        if live[i] == 0 then
            results[#results + 1] = read_worker(c, id)
        end
    end
    return results
end)

-- What was told after the id may be gone: trimmed away, or with the stream that the id is from.
local function is_truncated(c, after, oldest)
    if after == '' or after == '0-0' or (oldest and #call('XRANGE', c.p .. 'events', after, after, 'COUNT', 1) > 0) then
        return false
    end
    local ms, seq = string.match(after, '^(%d+)%-?(%d*)$')
    if not oldest then
        return seq ~= ''
    end
    local oldest_ms, oldest_seq = string.match(oldest, '^(%d+)%-(%d+)$')
    if tonumber(ms) > tonumber(oldest_ms) or (ms == oldest_ms and (tonumber(seq) or 0) >= tonumber(oldest_seq)) then
        return false
    end
    local info = fields_of(call('XINFO', 'STREAM', c.p .. 'events'))
    return seq ~= '' or info['entries-added'] > info['length']
end

local EVENTS_LOOK = 500

-- arguments: after this id ('' for the oldest), most entries, worker id or '', type or ''.
-- result: {last id looked at, entries, whether there are more, oldest id or '', whether some after the id are gone}
reader('events', function(c, args)
    local looked_at, limit = args[1] ~= '' and args[1] or '0-0', tonumber(args[2])
    local all = args[3] == '' and args[4] == ''
    local first = call('XRANGE', c.p .. 'events', '-', '+', 'COUNT', 1)[1]
    local found, bytes, looked = {}, 0, 0
    local most = all and math.min(limit + 1, EVENTS_LOOK) or EVENTS_LOOK
    local page = call('XRANGE', c.p .. 'events', '(' .. looked_at, '+', 'COUNT', most)
    for i, entry in ipairs(page) do
        if #found >= limit or bytes >= PAGE_BYTES then
            break
        end
        local fields = fields_of(entry[2])
        looked_at, looked = entry[1], i
        if (args[3] == '' or fields.workerId == args[3]) and (args[4] == '' or fields.type == args[4]) then
            found[#found + 1] = entry
            bytes = bytes + bytes_of(entry[2])
        end
    end
    local more = looked < #page or #page == most
    local oldest = first and first[1]
    return { looked_at, found, more and 1 or 0, oldest or '', is_truncated(c, args[1], oldest) and 1 or 0 }
end)

-- arguments: id. result: {id, worker, detail, {ms until alive, recheck and cleanup expire; negative: not armed}, now ms}
reader('health', function(c, args)
    local worker, left = read_worker(c, args[1]), {}
    for i, kind in ipairs({ 'alive', 'recheck', 'cleanup' }) do
        left[i] = call('PTTL', c.p .. kind .. ':' .. args[1])
    end
    worker[4], worker[5] = left, c.now
    return worker
end)

local function add_unwell(c, health, most, unwell)
    local cursor = '0'
    repeat
        local step = call('SSCAN', c.p .. 'health:' .. health, cursor, 'COUNT', most)
        cursor = step[1]
        for _, id in ipairs(step[2]) do
            if #unwell >= most then
                return
            end
            unwell[#unwell + 1] = read_worker(c, id)
        end
    until cursor == '0'
end

local SUMMARY_SETS = { 'workers', 'health:HEALTHY', 'health:RECOVERED', 'health:UNHEALTHY', 'health:FAILED',
                       'status:ACTIVE', 'status:IDLE', 'status:BUSY', 'status:MAINTENANCE', 'status:ERROR',
                       'status:DRAINING' }

-- arguments: most workers to list. result: {now ms, size of each set, those that are not well, the failed first}
reader('summary', function(c, args)
    local counts, unwell = {}, {}
    for i, set in ipairs(SUMMARY_SETS) do
        counts[i] = call('SCARD', c.p .. set)
    end
    for _, health in ipairs({ 'FAILED', 'UNHEALTHY' }) do
        add_unwell(c, health, tonumber(args[1]), unwell)
    end
    return { c.now, counts, unwell }
end)

-- Every record, also of workers that have left. arguments: where the page begins ('' at the start, else 0-b<cursor>), most.
-- result: {where the next one begins or '', workers}
reader('export', function(c, args)
    local page = begin_page(args[2], { work = 0 })
    local prefix = c.p .. 'worker:'
    local next_at = take_steps(c, page, string.match(args[1], '^0%-b(%d+)$') or '0', function(cursor, count)
        return call('SCAN', cursor, 'MATCH', prefix .. '*', 'COUNT', count)
    end, function(keys)
        local ids = {}
        for i, key in ipairs(keys) do
            ids[i] = string.sub(key, #prefix + 1)
        end
        page.counted.work = page.counted.work + STEP
        return ids
    end)
    return { next_at and '0-b' .. next_at or '', page.workers }
end)
