-- jobs.lua -- who holds which job: an index of what the records say, and the jobs that two live workers hold.
--
-- The index has the holders of each job, one a line, with a + before those that have named it again since another one
-- claimed it. Two with a + contradict each other; before, it may be a hand-over.

local function holders_of(text)
    local holders = {}
    for mark, id in string.gmatch(text or '', '(%+?)([^\n]+)') do
        holders[#holders + 1] = { id = id, again = mark == '+' }
    end
    return holders
end

local function text_of(holders)
    local lines = {}
    for i, holder in ipairs(holders) do
        lines[i] = (#holders > 1 and holder.again and '+' or '') .. holder.id
    end
    return table.concat(lines, '\n')
end

-- Lets change alter the holders of each of the jobs.
local function alter_holders(c, jobs, change)
    if #jobs == 0 then
        return
    end
    local known = call('HMGET', c.p .. 'jobs', unpack(jobs))
    local sets, dels = { 'HSET', c.p .. 'jobs' }, { 'HDEL', c.p .. 'jobs' }
    for i, job in ipairs(jobs) do
        local text = text_of(change(holders_of(known[i]), job))
        if text == '' then
            dels[#dels + 1] = job
        elseif text ~= known[i] then
            sets[#sets + 1] = job
            sets[#sets + 1] = text
        end
    end
    call_with_any(sets)
    call_with_any(dels)
end

local function find_holder(holders, id)
    for _, holder in ipairs(holders) do
        if holder.id == id then
            return holder
        end
    end
    return nil
end

local function without(holders, id)
    local others = {}
    for _, holder in ipairs(holders) do
        if holder.id ~= id then
            others[#others + 1] = holder
        end
    end
    return others
end

-- The other holders have to name the job again, and look at it with each heartbeat until it is settled.
local function claim(c, r, holders)
    local claimed = {}
    for _, holder in ipairs(without(holders, r.id)) do
        local status = call('HGET', c.p .. 'worker:' .. holder.id, 'status')
        if status and status ~= 'INACTIVE' then
            call('HSET', c.p .. 'worker:' .. holder.id, 'disputed', '1', 'steady', '')
            claimed[#claimed + 1] = { id = holder.id }
        end
    end
    if #claimed > 0 then
        set(r, 'disputed', '1')
    end
    claimed[#claimed + 1] = { id = r.id }
    return claimed
end

local function jobs_of(json)
    return given(json) and cjson.decode(json) or {}
end

local function split_by(jobs, others)
    local known, within, beyond = {}, {}, {}
    for _, job in ipairs(others) do
        known[job] = true
    end
    for _, job in ipairs(jobs) do
        local list = known[job] and within or beyond
        list[#list + 1] = job
    end
    return within, beyond
end

-- The one way to change what a worker holds: json is the list of jobs, nil or '[]' for none.
local function hold_jobs(c, r, json)
    json = json ~= '[]' and json or nil
    if json == r.f.jobs then
        return
    end
    local old, new = jobs_of(r.f.jobs), jobs_of(json)
    local _, released = split_by(old, new)
    local _, claimed = split_by(new, old)
    set(r, 'jobs', json)
    alter_holders(c, released, function(holders)
        return without(holders, r.id)
    end)
    alter_holders(c, claimed, function(holders)
        return claim(c, r, holders)
    end)
    if not json then
        set(r, 'disputed', nil)
    end
end

-- A heartbeat lists its jobs: those that it held before are named again.
local function name_jobs(c, r, json)
    if r.f.disputed then
        local named = split_by(jobs_of(r.f.jobs), jobs_of(json))
        alter_holders(c, named, function(holders)
            local own = find_holder(holders, r.id)
            if not own then
                return claim(c, r, holders)
            end
            own.again = true
            return holders
        end)
    end
    hold_jobs(c, r, json)
end

-- Sets r.contested to a job that another one has named again as well, {job, by}, or nil. The dispute is over when nobody
-- else holds a job of the worker.
local function settle_dispute(c, r)
    r.contested = nil
    if not r.f.disputed then
        return
    end
    local shared = false
    alter_holders(c, jobs_of(r.f.jobs), function(holders, job)
        local own = find_holder(holders, r.id)
        for _, other in ipairs(without(holders, r.id)) do
            shared = true
            if own and own.again and other.again then
                r.contested = { job = job, by = other.id }
            end
        end
        return holders
    end)
    if not shared then
        set(r, 'disputed', nil)
    end
end
