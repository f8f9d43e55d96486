-- record.lua -- one worker as its hash, and a second one for what is long: loaded, changed, saved, and the events that tell of
-- the changes.

local function fields_of(flat)
    local fields = {}
    for i = 1, #flat, 2 do
        fields[flat[i]] = flat[i + 1]
    end
    return fields
end

-- A hash stays compact while every value is short: what is longer of these is kept apart, in the detail hash.
local COMPACT_MAX = 64
local MAY_BE_LONG = { hostName = true, hostAddress = true, capabilities = true, tags = true, message = true,
                      lastError = true, revokedJobs = true, boots = true, conflicted = true, returns = true }

-- apart has the fields that the detail hash holds.
local function new_record(id, fields)
    return { id = id, f = fields, apart = {}, changed = {}, changes = 0 }
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

local load_part, complete
do
    -- A record that is loaded in part knows of which worker it is, and looks up what it is asked for; false is what is not
    -- there.
    local RECORD = 1
    local LOOKED_UP = {
        __index = function(f, field)
            local r = rawget(f, RECORD)
            local value = call('HGET', r.key, field)
            if not value and MAY_BE_LONG[field] then
                value = call('HGET', r.detail_key, field)
                r.apart[field] = value and true or nil
            end
            f[field] = value
            return value
        end,
    }

    -- Loads the fields named, of which steady is the first, and what that tells: the whole record where it tells nothing.
    function load_part(c, id, names)
        local key = c.worker_key .. id
        local values = call('HMGET', key, unpack(names))
        local f = read_steady(values[1])
        if not f then
            return load(c, id)
        end
        for i = 2, #names do
            f[names[i]] = values[i]
        end
        if f.currentJobCount then
            f.availableCapacity = int(f.maxConcurrentJobs - f.currentJobCount)
        end
        local r = { id = id, f = f, apart = {}, changed = { '', '', '', '', '', '', '', '', '', '', '', '' }, changes = 0,
                    is_partial = true, key = key, detail_key = c.p .. 'detail:' .. id }
        f[RECORD] = r
        setmetatable(f, LOOKED_UP)
        return r
    end

    function complete(c, r)
        local f, whole = setmetatable(r.f, nil), load(c, r.id)
        f[RECORD] = nil
        for field, value in pairs(whole.f) do
            if f[field] == nil then
                f[field] = value
            end
        end
        r.apart, r.is_partial = whole.apart, nil
    end
end

-- Redis looks for a field from the beginning of the hash on: what each heartbeat reads and writes is in front, then what
-- each step does.
local FRONT = { 'steady', 'heartbeats', 'seq', 'currentJobCount', 'lastHeartbeatAt', 'sentAt', 'cpuUsage', 'memoryUsage',
                'availableCapacity', 'revision', 'updatedAt', 'health', 'consecutiveFailures' }
local IS_FRONT = { steady = true, heartbeats = true, seq = true, currentJobCount = true, lastHeartbeatAt = true,
                   sentAt = true, cpuUsage = true, memoryUsage = true, availableCapacity = true, revision = true,
                   updatedAt = true, health = true, consecutiveFailures = true }

-- What is not known of a record is taken to differ, unless it may be for nothing: it is looked up then.
local function set(r, field, value)
    local f, was = r.f, nil
    if not r.is_partial then
        was = f[field]
    else
        was = rawget(f, field)
        if was == nil and (not value or MAY_BE_LONG[field]) then
            was = f[field] or nil
        end
    end
    if was == value or not (was or value) then
        return
    end
    if not was and IS_FRONT[field] and (was == false or not r.is_partial) then
        r.is_disordered = true
    elseif field == 'health' or field == 'status' or field == 'availableCapacity' then
        r.has_moved = true
    end
    local changes = r.changes + 1
    r.changes, r.changed[changes] = changes, field
    if value or not r.is_partial then
        f[field] = value
    else
        f[field] = false
    end
end

local write_record
do
    local sets, dels, sets_end, dels_end = { 'HSET' }, { 'HDEL' }, 2, 2 -- the arguments, used again for each record

    -- Returns whether the field is to be deleted where the short ones are.
    local function write_apart(c, r, field, value)
        local detail_key, was_apart = c.p .. 'detail:' .. r.id, r.apart[field]
        if value and #value > COMPACT_MAX then
            call('HSET', detail_key, field, value)
            r.apart[field] = true
            return not was_apart
        elseif was_apart then
            call('HDEL', detail_key, field)
            r.apart[field] = nil
        end
        return not value and not was_apart
    end

    -- The field as it is now: to be set where it belongs, and deleted where it was.
    local function add_field(c, r, field)
        local value = r.f[field]
        local is_deleted = not value
        if MAY_BE_LONG[field] then
            is_deleted = write_apart(c, r, field, value)
        end
        if is_deleted then
            dels_end = dels_end + 1
            dels[dels_end] = field
        elseif value and not r.apart[field] then
            sets[sets_end + 1], sets[sets_end + 2], sets_end = field, value, sets_end + 2
        end
    end

    local function add_all_in_order(c, r)
        call('DEL', c.worker_key .. r.id)
        for _, field in ipairs(FRONT) do
            if r.f[field] then
                add_field(c, r, field)
            end
        end
        for field in pairs(r.f) do
            if not IS_FRONT[field] then
                add_field(c, r, field)
            end
        end
        for field in pairs(r.apart) do
            if not r.f[field] then
                add_field(c, r, field)
            end
        end
    end

    -- Writes what has changed.
    function write_record(c, r)
        local key = c.worker_key .. r.id
        if r.is_disordered then
            if r.is_partial then
                complete(c, r)
            end
            add_all_in_order(c, r)
        else
            for i = 1, r.changes do
                add_field(c, r, r.changed[i])
            end
        end
        if sets_end > 2 then
            sets[2] = key
            call(unpack(sets, 1, sets_end))
        end
        if dels_end > 2 then
            dels[2] = key
            call(unpack(dels, 1, dels_end))
        end
        sets_end, dels_end, r.changes, r.is_disordered = 2, 2, 0, nil
    end
end

local function save(c, r)
    if r.has_moved then
        index_free(c, r)
        r.has_moved = nil
    end
    set(r, 'steady', steady_of(r))
    write_record(c, r)
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

local entry = { 'XADD', '', '*', 'type', '', 'workerId', '', 'epoch', '', 'revision', '', 'at', '', 'toStatus', '',
                'toHealth', '' } -- used again for each

local function add_event(c, kind, id, epoch, revision, from, status, health, reason, extra)
    local at = 17
    entry[2], entry[5], entry[7], entry[9], entry[11], entry[13] = c.events_key, kind, id, epoch, revision, c.now_text
    entry[15], entry[17] = status, health
    if from then
        entry[18], entry[19], entry[20], entry[21], at = 'fromStatus', from.status, 'fromHealth', from.health, 21
    end
    if reason and reason ~= '' then
        entry[at + 1], entry[at + 2], at = 'reason', reason, at + 2
    end
    if extra then
        for field, value in pairs(extra) do
            if value and value ~= '' then
                entry[at + 1], entry[at + 2], at = field, value, at + 2
            end
        end
    end
    call(unpack(entry, 1, at))
    c.events = c.events + 1
end

-- Adds one entry to the stream, with the next revision of the worker. The record still has to be saved.
local function emit(c, r, kind, from, reason, extra)
    local f = r.f
    local revision = int((tonumber(f.revision) or 0) + 1)
    set(r, 'revision', revision)
    set(r, 'updatedAt', c.now_text)
    add_event(c, kind, r.id, f.epoch, revision, from, f.status, f.health, reason, extra)
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
