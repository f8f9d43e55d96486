-- record.lua -- one worker as its two hashes: loaded, changed, saved, and the events that tell of the changes.

local function fields_of(flat)
    local fields = {}
    for i = 1, #flat, 2 do
        fields[flat[i]] = flat[i + 1]
    end
    return fields
end

local function new_record(id)
    return { id = id, f = {}, d = {}, changed = {}, changed_detail = {} }
end

local function load(c, id)
    local flat = call('HGETALL', c.p .. 'worker:' .. id)
    if #flat == 0 then
        return nil
    end
    local r = new_record(id)
    r.f, r.d = fields_of(flat), fields_of(call('HGETALL', c.p .. 'detail:' .. id))
    return r
end

-- Redis looks for a field from the beginning of the hash on: what each heartbeat reads and writes is in front.
local FRONT = { 'steady', 'heartbeats', 'seq', 'currentJobCount', 'lastHeartbeatAt', 'sentAt', 'cpuUsage', 'memoryUsage',
                'availableCapacity' }
local IS_FRONT = { steady = true, heartbeats = true, seq = true, currentJobCount = true, lastHeartbeatAt = true,
                   sentAt = true, cpuUsage = true, memoryUsage = true, availableCapacity = true }

local function set(r, field, value)
    if r.f[field] ~= value then
        r.is_disordered = r.is_disordered or (IS_FRONT[field] and r.f[field] == nil)
        r.f[field] = value
        r.changed[field] = true
    end
end

local function set_detail(r, field, value)
    if r.d[field] ~= value then
        r.d[field] = value
        r.changed_detail[field] = true
    end
end

local function write_changed(key, changed, fields)
    local sets, dels = { 'HSET', key }, { 'HDEL', key }
    for field in pairs(changed) do
        if fields[field] ~= nil then
            sets[#sets + 1] = field
            sets[#sets + 1] = fields[field]
        else
            dels[#dels + 1] = field
        end
    end
    call_with_any(sets)
    call_with_any(dels)
end

local function write_in_order(key, fields)
    local sets = { 'HSET', key }
    local function add(field, value)
        sets[#sets + 1] = field
        sets[#sets + 1] = value
    end
    for _, field in ipairs(FRONT) do
        if fields[field] ~= nil then
            add(field, fields[field])
        end
    end
    for field, value in pairs(fields) do
        if not IS_FRONT[field] then
            add(field, value)
        end
    end
    call('DEL', key)
    call(unpack(sets))
end

local function save(c, r)
    if r.changed.status or r.changed.health or r.changed.availableCapacity then
        index_free(c, r)
    end
    set(r, 'steady', steady_of(r))
    if r.is_disordered then
        write_in_order(c.worker_key .. r.id, r.f)
    else
        write_changed(c.worker_key .. r.id, r.changed, r.f)
    end
    write_changed(c.p .. 'detail:' .. r.id, r.changed_detail, r.d)
    r.changed, r.changed_detail, r.is_disordered = {}, {}, nil
end

local function is_live(r)
    return r ~= nil and r.f.status ~= 'INACTIVE'
end

-- HEALTHY or RECOVERED: what happens to such a worker is its first failure.
local function is_trusted(r)
    return r.f.health == 'HEALTHY' or r.f.health == 'RECOVERED'
end

local function number(r, field)
    return tonumber(r.f[field]) or 0
end

local function state(r)
    return { status = r.f.status, health = r.f.health }
end

-- Adds one entry to the stream, with the next revision of the worker. The record still has to be saved.
local function emit(c, r, kind, from, reason, extra)
    set(r, 'revision', int(number(r, 'revision') + 1))
    set(r, 'updatedAt', int(c.now))
    local entry = { 'XADD', c.p .. 'events', '*', 'type', kind, 'workerId', r.id, 'epoch', r.f.epoch, 'revision',
                    r.f.revision, 'at', int(c.now) }
    local function add(field, value)
        if given(value) then
            entry[#entry + 1] = field
            entry[#entry + 1] = value
        end
    end
    if from then
        add('fromStatus', from.status)
        add('fromHealth', from.health)
    end
    add('toStatus', r.f.status)
    add('toHealth', r.f.health)
    add('reason', reason)
    for field, value in pairs(extra or {}) do
        add(field, value)
    end
    call(unpack(entry))
    c.events = c.events + 1
end

-- Adds an entry for the audit trail alone: it has no revision, for it is no event of a worker.
local function note_down(c, kind, id, fields)
    local entry = { 'XADD', c.p .. 'events', '*', 'type', kind, 'at', int(c.now) }
    fields.workerId = id
    for field, value in pairs(fields) do
        if given(value) then
            entry[#entry + 1] = field
            entry[#entry + 1] = value
        end
    end
    call(unpack(entry))
    c.events = c.events + 1
end
