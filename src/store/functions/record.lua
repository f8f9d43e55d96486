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

local sets, dels, apart_sets, apart_dels = { 'HSET' }, { 'HDEL' }, { 'HSET' }, { 'HDEL' } -- used again for each

local function call_up_to(command, key, at)
    if at > 2 then
        command[2] = key
        call(unpack(command, 1, at))
    end
end

-- Writes the fields as they are now: set where they belong, and deleted where they were.
local function write_fields(c, r, fields)
    local f, apart = r.f, r.apart
    local set_at, del_at, apart_set_at, apart_del_at = 2, 2, 2, 2
    for i = 1, #fields do
        local field = fields[i]
        local value = f[field]
        local was_apart, is_apart = apart[field], value and MAY_BE_LONG[field] and #value > COMPACT_MAX or nil
        if is_apart then
            apart_sets[apart_set_at + 1], apart_sets[apart_set_at + 2] = field, value
            apart_set_at = apart_set_at + 2
        elseif value then
            sets[set_at + 1], sets[set_at + 2] = field, value
            set_at = set_at + 2
        end
        if was_apart and not is_apart then
            apart_dels[apart_del_at + 1] = field
            apart_del_at = apart_del_at + 1
        elseif not was_apart and (is_apart or not value) then
            dels[del_at + 1] = field
            del_at = del_at + 1
        end
        apart[field] = is_apart
    end
    local key, detail_key = c.worker_key .. r.id, c.p .. 'detail:' .. r.id
    call_up_to(sets, key, set_at)
    call_up_to(dels, key, del_at)
    call_up_to(apart_sets, detail_key, apart_set_at)
    call_up_to(apart_dels, detail_key, apart_del_at)
end

local function names_of(fields)
    local names = {}
    for field in pairs(fields) do
        names[#names + 1] = field
    end
    return names
end

local function names_in_order(r)
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
    return names
end

local function save(c, r)
    if r.changed.status or r.changed.health or r.changed.availableCapacity then
        index_free(c, r)
    end
    set(r, 'steady', steady_of(r))
    if r.is_disordered then
        local names = names_in_order(r)
        call('DEL', c.worker_key .. r.id)
        write_fields(c, r, names)
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

local function take_over_fields(r, declared)
    for _, field in ipairs(DECLARED_FIELDS) do
        set(r, field, declared[field])
    end
end

local function set_connection(r, connection)
    if given(connection) and (tonumber(connection) or 0) > (tonumber(r.f.connection) or -1) then
        set(r, 'connection', connection)
    end
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
