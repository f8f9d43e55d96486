-- record.lua -- one worker as its hash, and a second one for what is long: loaded, changed, saved, and the events that tell of
-- the changes.

local function fields_of(flat)
    local fields = {}
    for i = 1, #flat, 2 do
        fields[flat[i]] = flat[i + 1]
    end
    return fields
end

-- apart has the fields that the detail hash holds.
local function new_record(id, fields)
    return { id = id, f = fields, apart = {}, changed = {} }
end

local function load(c, id)
    local flat = call('HGETALL', c.worker_key .. id)
    if #flat == 0 then
        return nil
    end
    local r = new_record(id, fields_of(flat))
    local apart = call('HGETALL', c.p .. 'detail:' .. id)
    for i = 1, #apart, 2 do
        r.f[apart[i]] = apart[i + 1]
        r.apart[apart[i]] = true
    end
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

-- A hash stays compact while every value is short: what is longer of these is kept apart, in the detail hash.
local COMPACT_MAX = 64
local MAY_BE_LONG = { hostName = true, hostAddress = true, capabilities = true, tags = true, message = true,
                      lastError = true, revokedJobs = true, boots = true, conflicted = true, returns = true }

-- Writes the fields as they are now: set where they belong, and deleted where they were.
local function write_fields(c, r, fields)
    local key, detail_key = c.worker_key .. r.id, c.p .. 'detail:' .. r.id
    local sets, dels = { 'HSET', key }, { 'HDEL', key }
    local apart_sets, apart_dels = { 'HSET', detail_key }, { 'HDEL', detail_key }
    local at = 2
    for i = 1, #fields do
        local field = fields[i]
        local value = r.f[field]
        local was_apart = r.apart[field]
        if value ~= nil and MAY_BE_LONG[field] and #value > COMPACT_MAX then
            apart_sets[#apart_sets + 1] = field
            apart_sets[#apart_sets + 1] = value
            r.apart[field] = true
            if not was_apart then
                dels[#dels + 1] = field
            end
        else
            if value ~= nil then
                sets[at + 1], sets[at + 2] = field, value
                at = at + 2
            elseif not was_apart then
                dels[#dels + 1] = field
            end
            if was_apart then
                apart_dels[#apart_dels + 1] = field
                r.apart[field] = nil
            end
        end
    end
    call_with_any(sets)
    call_with_any(dels)
    call_with_any(apart_sets)
    call_with_any(apart_dels)
end

local function names_of(fields)
    local names = {}
    for field in pairs(fields) do
        names[#names + 1] = field
    end
    return names
end

local function write_in_order(c, r)
    local names = {}
    for _, field in ipairs(FRONT) do
        if r.f[field] ~= nil then
            names[#names + 1] = field
        end
    end
    for field in pairs(r.f) do
        if not IS_FRONT[field] then
            names[#names + 1] = field
        end
    end
    for field in pairs(r.apart) do
        if r.f[field] == nil then
            names[#names + 1] = field
        end
    end
    call('DEL', c.worker_key .. r.id)
    write_fields(c, r, names)
end

local function save(c, r)
    if r.changed.status or r.changed.health or r.changed.availableCapacity then
        index_free(c, r)
    end
    set(r, 'steady', steady_of(r))
    if r.is_disordered then
        write_in_order(c, r)
    else
        write_fields(c, r, names_of(r.changed))
    end
    r.changed, r.is_disordered = {}, nil
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

local entry = { 'XADD', '', '*', 'type', '', 'workerId', '', 'epoch', '', 'revision', '', 'at', '' } -- used again for each
local ENTRY_FIXED = #entry

local function add_to_entry(at, field, value)
    if not given(value) then
        return at
    end
    entry[at + 1], entry[at + 2] = field, value
    return at + 2
end

-- Adds one entry to the stream, with the next revision of the worker. The record still has to be saved.
local function emit(c, r, kind, from, reason, extra)
    local revision, at = int(number(r, 'revision') + 1), ENTRY_FIXED
    set(r, 'revision', revision)
    set(r, 'updatedAt', c.now_text)
    entry[2], entry[5], entry[7], entry[9], entry[11], entry[13] =
        c.events_key, kind, r.id, r.f.epoch, revision, c.now_text
    if from then
        at = add_to_entry(at, 'fromStatus', from.status)
        at = add_to_entry(at, 'fromHealth', from.health)
    end
    at = add_to_entry(at, 'toStatus', r.f.status)
    at = add_to_entry(at, 'toHealth', r.f.health)
    at = add_to_entry(at, 'reason', reason)
    if extra then
        for field, value in pairs(extra) do
            at = add_to_entry(at, field, value)
        end
    end
    call(unpack(entry, 1, at))
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
