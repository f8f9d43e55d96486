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

-- The sets that a live worker is in.
local function sets_of(r)
    local sets = { 'workers', 'status:' .. r.f.status, 'health:' .. r.f.health }
    for _, tag in ipairs(labels_of(r.f.tags)) do
        sets[#sets + 1] = 'tag:' .. tag
    end
    for _, capability in ipairs(labels_of(r.f.capabilities)) do
        sets[#sets + 1] = 'capability:' .. capability
    end
    if given(r.f.zone) then
        sets[#sets + 1] = 'zone:' .. r.f.zone
    end
    return sets
end

-- While a check counts everything anew (check.lua), what it has counted already is kept right as the workers change.
local function is_checking(c)
    if c.checking == nil then
        c.checking = call('EXISTS', c.p .. 'check') == 1
    end
    return c.checking
end

local function recount(c, r, field, amount)
    if is_checking(c) and call('HEXISTS', c.p .. 'check:seen', r.id) == 1 then
        call('HINCRBY', c.p .. 'check:totals', field, int(amount))
    end
end

local function add_total(c, r, field, amount)
    if field and amount ~= 0 then
        gather_total(c, field, amount)
        recount(c, r, field, amount)
    end
end

-- What a live worker adds to the totals.
local function contribution_of(r)
    local contribution = {
        totalWorkers = 1,
        totalCapacity = number(r, 'maxConcurrentJobs'),
        usedCapacity = number(r, 'currentJobCount'),
        availableCapacity = number(r, 'availableCapacity'),
    }
    local interval, timeout = number(r, 'heartbeatIntervalMs'), number(r, 'heartbeatTimeoutMs')
    if interval > 0 and timeout > 0 then
        contribution.askedMicrohertz = math.floor(1e9 / interval)
        contribution.leastMicrohertz = math.floor(math.min(1e9 / interval, 3e9 / timeout))
    end
    if STATUS_COUNTERS[r.f.status] then
        contribution[STATUS_COUNTERS[r.f.status]] = 1
    end
    return contribution
end

local function count_in(c, r, sign)
    for field, amount in pairs(contribution_of(r)) do
        add_total(c, r, field, sign * amount)
    end
end

-- Missing is who is UNHEALTHY by silence or will: counted for the brake, in all and by zone.
local function count_missing(c, r, amount)
    add_total(c, r, 'missingWorkers', amount)
    if given(r.f.zone) then
        c.missing[r.f.zone] = (c.missing[r.f.zone] or 0) + amount
        recount(c, r, 'missing:' .. r.f.zone, amount)
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
    if is_checking(c) then
        call('HSET', c.p .. 'check:seen', r.id, 'indexed')
    end
    for _, name in ipairs(sets_of(r)) do
        gather_member(c, name, r.id, true)
    end
    count_in(c, r, 1)
    if r.f.missing then
        count_missing(c, r, 1)
    end
end

local function unindex(c, r)
    for _, name in ipairs(sets_of(r)) do
        gather_member(c, name, r.id, false)
    end
    count_in(c, r, -1)
    if r.f.missing then
        count_missing(c, r, -1)
    end
    if is_checking(c) then
        call('HDEL', c.p .. 'check:seen', r.id)
    end
end

local function move_status(c, r, to)
    if r.f.status ~= to then
        gather_member(c, 'status:' .. r.f.status, r.id, false)
        gather_member(c, 'status:' .. to, r.id, true)
        add_total(c, r, STATUS_COUNTERS[r.f.status], -1)
        add_total(c, r, STATUS_COUNTERS[to], 1)
        set(r, 'status', to)
    end
end

-- Time that was not well since the worker registered: what is over, and since when it goes on.
local function count_downtime(c, r, to)
    local well = to == 'HEALTHY' or to == 'RECOVERED'
    if well and r.f.unhealthySince then
        set(r, 'unhealthyMs', int(number(r, 'unhealthyMs') + math.max(c.now - number(r, 'unhealthySince'), 0)))
        set(r, 'unhealthySince', nil)
    elseif not well and not r.f.unhealthySince then
        set(r, 'unhealthySince', int(c.now))
    end
end

local function move_health(c, r, to)
    if r.f.health ~= to then
        gather_member(c, 'health:' .. r.f.health, r.id, false)
        gather_member(c, 'health:' .. to, r.id, true)
        count_downtime(c, r, to)
        set(r, 'health', to)
    end
end

local function set_load(c, r, jobs, available)
    add_total(c, r, 'usedCapacity', jobs - number(r, 'currentJobCount'))
    add_total(c, r, 'availableCapacity', available - number(r, 'availableCapacity'))
    set(r, 'currentJobCount', int(jobs))
    set(r, 'availableCapacity', int(available))
end
