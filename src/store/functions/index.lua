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

local function sets_named(kind)
    return new_memory(function(json)
        local sets = labels_of(json)
        for i, label in ipairs(sets) do
            sets[i] = kind .. label
        end
        return sets
    end)
end
local tag_sets, to_tag_sets = sets_named('tag:')
local capability_sets, to_capability_sets = sets_named('capability:')

-- The sets that a live worker is in.
local function sets_of(r)
    local f = r.f
    local sets, at = { 'workers', 'status:' .. f.status, 'health:' .. f.health }, 3
    local function add(named)
        for i = 1, #named do
            sets[at + i] = named[i]
        end
        at = at + #named
    end
    if f.tags then
        add(tag_sets[f.tags] or to_tag_sets(f.tags))
    end
    if f.capabilities then
        add(capability_sets[f.capabilities] or to_capability_sets(f.capabilities))
    end
    if given(f.zone) then
        sets[at + 1] = 'zone:' .. f.zone
    end
    return sets
end

local function is_full_at(c, max_workers)
    if max_workers == 0 then
        return false
    end
    write_gathered(c)
    return call('SCARD', c.p .. 'workers') >= max_workers
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
        if c.checking ~= false then
            recount(c, r, field, amount)
        end
    end
end

-- What a live worker adds to the totals: of each of these an amount, and one to the count of its status.
local CONTRIBUTED = { 'totalWorkers', 'totalCapacity', 'usedCapacity', 'availableCapacity', 'askedMicrohertz',
                      'leastMicrohertz' }

local function contribution_of(r)
    local f = r.f
    local interval, timeout, asked, least = count_of(f.heartbeatIntervalMs) or 0, count_of(f.heartbeatTimeoutMs) or 0, 0, 0
    if interval > 0 and timeout > 0 then
        asked = math.floor(1e9 / interval)
        least = math.min(asked, math.floor(3e9 / timeout))
    end
    return { 1, count_of(f.maxConcurrentJobs) or 0, count_of(f.currentJobCount) or 0, number(r, 'availableCapacity'), asked,
             least }
end

local function count_in(c, r, sign)
    local contribution, totals = contribution_of(r), c.totals
    for i = 1, #CONTRIBUTED do
        local field, amount = CONTRIBUTED[i], sign * contribution[i]
        totals[field] = (totals[field] or 0) + amount
        if c.checking ~= false then
            recount(c, r, field, amount)
        end
    end
    add_total(c, r, STATUS_COUNTERS[r.f.status], sign)
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
    gather_members(c, sets_of(r), r.id, true)
    count_in(c, r, 1)
    if r.f.missing then
        count_missing(c, r, 1)
    end
end

local function unindex(c, r)
    gather_members(c, sets_of(r), r.id, false)
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
