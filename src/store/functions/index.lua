-- index.lua -- the sets that say who is where, and the totals.

-- The names in a JSON list, or those of a JSON object that are not false or null.
local function labels_of(json)
    local names = {}
    if not given(json) then
        return names
    end
    for key, value in pairs(cjson.decode(json)) do
        if type(key) == 'number' then
            names[#names + 1] = value
        elseif value ~= false and value ~= cjson.null then
            names[#names + 1] = key
        end
    end
    return names
end

local function index_labels(c, r, command)
    for _, tag in ipairs(labels_of(r.d.tags)) do
        call(command, c.p .. 'tag:' .. tag, r.id)
    end
    for _, capability in ipairs(labels_of(r.d.capabilities)) do
        call(command, c.p .. 'capability:' .. capability, r.id)
    end
    if given(r.f.zone) then
        call(command, c.p .. 'zone:' .. r.f.zone, r.id)
    end
end

local function add_total(c, field, amount)
    if amount ~= 0 then
        call('HINCRBY', c.p .. 'totals', field, int(amount))
    end
end

local function count_in(c, r, sign)
    add_total(c, 'totalWorkers', sign)
    add_total(c, STATUS_COUNTERS[r.f.status], sign)
    add_total(c, 'totalCapacity', sign * number(r, 'maxConcurrentJobs'))
    add_total(c, 'usedCapacity', sign * number(r, 'currentJobCount'))
    add_total(c, 'availableCapacity', sign * number(r, 'availableCapacity'))
end

-- Missing is who is UNHEALTHY by silence or will: counted for the brake, in all and by zone.
local function count_missing(c, r, amount)
    add_total(c, 'missingWorkers', amount)
    if given(r.f.zone) and tonumber(call('ZINCRBY', c.p .. 'missing', amount, r.f.zone)) <= 0 then
        call('ZREM', c.p .. 'missing', r.f.zone)
    end
end

local function mark_missing(c, r)
    if not r.f.missing then
        set(r, 'missing', '1')
        count_missing(c, r, 1)
    end
end

local function unmark_missing(c, r)
    if r.f.missing then
        count_missing(c, r, -1)
        set(r, 'missing', nil)
    end
end

local function index(c, r)
    call('SADD', c.p .. 'workers', r.id)
    call('SADD', c.p .. 'status:' .. r.f.status, r.id)
    call('SADD', c.p .. 'health:' .. r.f.health, r.id)
    index_labels(c, r, 'SADD')
    count_in(c, r, 1)
    if r.f.missing then
        count_missing(c, r, 1)
    end
end

local function unindex(c, r)
    call('SREM', c.p .. 'workers', r.id)
    call('SREM', c.p .. 'status:' .. r.f.status, r.id)
    call('SREM', c.p .. 'health:' .. r.f.health, r.id)
    index_labels(c, r, 'SREM')
    count_in(c, r, -1)
    if r.f.missing then
        count_missing(c, r, -1)
    end
end

local function move_status(c, r, to)
    if r.f.status ~= to then
        call('SMOVE', c.p .. 'status:' .. r.f.status, c.p .. 'status:' .. to, r.id)
        add_total(c, STATUS_COUNTERS[r.f.status], -1)
        add_total(c, STATUS_COUNTERS[to], 1)
        set(r, 'status', to)
    end
end

local function move_health(c, r, to)
    if r.f.health ~= to then
        call('SMOVE', c.p .. 'health:' .. r.f.health, c.p .. 'health:' .. to, r.id)
        set(r, 'health', to)
    end
end

local function set_load(c, r, jobs, available)
    add_total(c, 'usedCapacity', jobs - number(r, 'currentJobCount'))
    add_total(c, 'availableCapacity', available - number(r, 'availableCapacity'))
    set(r, 'currentJobCount', int(jobs))
    set(r, 'availableCapacity', int(available))
end
