-- check.lua -- everything that is stored, looked at a step a call: workers judged by their records, and sets, timers and
-- totals put right that disagree with them. Takes no step that time would take.
--
-- How the totals are counted while workers change: check:seen has the workers that have been counted, check:totals what
-- they add up to now, for whatever changes a counted worker changes it there too (index.lua). A scan comes by every
-- record that is there throughout; who registers meanwhile is counted as it does. So at the end all are counted.

local CHECK_TTL_MS = 10000
local KEYS_A_STEP, MEMBERS_A_STEP, MEMBERS_AT_ONCE, ENTRIES_A_STEP = 25, 100, 20, 20

local TIMER_OF = { HEALTHY = 'alive', RECOVERED = 'alive', UNHEALTHY = 'recheck', FAILED = 'cleanup' }
local CHECK_OF = { heartbeat_timeout = 'heartbeat', connection_lost = 'heartbeat', status_inconsistent = 'status',
                   capacity_inconsistent = 'capacity', jobs_inconsistent = 'jobs' }
local COUNTED = { 'totalWorkers', 'activeWorkers', 'idleWorkers', 'busyWorkers', 'maintenanceWorkers', 'failedWorkers',
                  'drainingWorkers', 'missingWorkers', 'totalCapacity', 'usedCapacity', 'availableCapacity',
                  'askedMicrohertz', 'leastMicrohertz' }

-- What a step found: how many workers of each result, findings {check, worker id, repaired, sentence, …}, and the keys
-- that are too large to be looked at in the same step.
local function new_found()
    return { HEALTHY = 0, RECOVERED = 0, UNHEALTHY = 0, FAILED = 0, findings = {}, large = {} }
end

local function tell(found, check, id, repaired, sentence)
    local at = #found.findings
    found.findings[at + 1] = check
    found.findings[at + 2] = id
    found.findings[at + 3] = repaired and 1 or 0
    found.findings[at + 4] = sentence
end

local function result_of(found, cursor)
    return { 'ok', cursor, { found.HEALTHY, found.RECOVERED, found.UNHEALTHY, found.FAILED }, found.findings,
             found.large }
end

local function is_whole(r)
    return STATUS_COUNTERS[r.f.status] ~= nil and TIMER_OF[r.f.health] ~= nil and tonumber(r.f.epoch) ~= nil
end

local function repair_sets(c, found, r)
    for _, name in ipairs(sets_of(r)) do
        if call('SADD', c.p .. name, r.id) == 1 then
            tell(found, 'index', r.id, true, 'was missing from ' .. name)
        end
    end
end

local function period_of(c, kind, r)
    if kind == 'alive' then
        return silence_ms(c, number(r, 'heartbeatTimeoutMs'))
    end
    return tonumber(c.args[kind == 'recheck' and CHECK_INTERVAL_MS or CLEANUP_MS])
end

-- A worker that has neither key nor deadline would never be noticed: its time begins anew.
local function repair_timer(c, found, r)
    local kind = TIMER_OF[r.f.health]
    local member = kind .. ':' .. r.id
    local score = deadline_of(c, member)
    local deadline = call('PEXPIRETIME', c.p .. member)
    if not score and deadline < 0 then
        arm(c, kind, r, period_of(c, kind, r))
        tell(found, 'deadlines', r.id, true, 'had neither ' .. kind .. ' key nor deadline: its time begins anew')
    elseif not score then
        c.deadlines[member] = int(deadline)
        tell(found, 'deadlines', r.id, true, 'had no deadline for its ' .. kind .. ' key')
    elseif deadline >= 0 and score > deadline then
        c.deadlines[member] = int(deadline)
        tell(found, 'deadlines', r.id, true, 'had a deadline later than its ' .. kind .. ' key has')
    end
end

local function repair_free(c, found, r)
    local score = tonumber(call('ZSCORE', c.p .. 'free', r.id))
    local wanted = is_schedulable(r) and number(r, 'availableCapacity') or nil
    if score ~= wanted then
        index_free(c, r)
        tell(found, 'index', r.id, true, 'free was ' .. (score and int(score) or 'none') .. ', is ' ..
            (wanted and int(wanted) or 'none'))
    end
end

-- save() puts it right; a record without it, or with one line, has not been saved since there is such a field.
local function repair_steady(found, r)
    local steady, stored = steady_of(r), r.f.steady
    if stored and stored ~= steady and (stored == '' or string.find(stored, '\n', 1, true)) then
        tell(found, 'record', r.id, true, 'steady was "' .. stored .. '", is "' .. steady .. '"')
    end
end

local function repair_jobs(c, found, r)
    alter_holders(c, jobs_of(r.f.jobs), function(holders, job)
        if find_holder(holders, r.id) then
            return holders
        end
        tell(found, 'index', r.id, true, 'was missing as holder of job ' .. job)
        return claim(c, r, holders)
    end)
end

-- What is wrong with what the worker has declared: check, reason, sentence; nil where nothing is.
local function contradiction_in(c, r)
    local jobs, max, available = number(r, 'currentJobCount'), number(r, 'maxConcurrentJobs'),
        number(r, 'availableCapacity')
    if r.f.declared == 'ERROR' then
        return 'status', 'status_inconsistent', 'status is ERROR'
    elseif r.f.declared == 'IDLE' and jobs > 0 then
        return 'status', 'status_inconsistent', 'status is IDLE with ' .. int(jobs) .. ' jobs'
    elseif jobs > max then
        return 'capacity', 'capacity_inconsistent', int(jobs) .. ' jobs, at most ' .. int(max)
    elseif available ~= max - jobs then
        return 'capacity', 'capacity_inconsistent', 'available capacity is ' .. int(available) .. ', has to be ' ..
            int(max - jobs)
    end
    local listed = jobs_of(r.f.jobs)
    if #listed > 0 and #listed ~= jobs then
        return 'jobs', 'jobs_inconsistent', int(#listed) .. ' jobs listed, ' .. int(jobs) .. ' counted'
    end
    local seen = {}
    for _, job in ipairs(listed) do
        if seen[job] then
            return 'jobs', 'jobs_inconsistent', 'job ' .. job .. ' is listed twice'
        end
        seen[job] = true
    end
    settle_dispute(c, r)
    if r.contested then
        return 'jobs', 'jobs_inconsistent', 'job ' .. r.contested.job .. ' is held by ' .. r.contested.by .. ' as well'
    end
    return nil
end

local function judge_silence(c, found, r)
    if call('EXISTS', c.p .. 'alive:' .. r.id) == 1 then
        return true
    elseif r.f.reason == 'connection_lost' then
        tell(found, 'heartbeat', r.id, false, 'its connection is lost')
    else
        tell(found, 'heartbeat', r.id, false, 'no heartbeat for ' .. int(c.now - number(r, 'lastHeartbeatAt')) ..
            ' ms, at most ' .. int(number(r, 'heartbeatTimeoutMs')))
    end
    return false
end

-- Silence is told and left to its own step, which knows what was heard; a contradiction is the record's own.
local function judge(c, found, r)
    if r.f.health == 'FAILED' then
        found.FAILED = found.FAILED + 1
        tell(found, CHECK_OF[r.f.reason] or 'heartbeat', r.id, false, 'has failed: ' .. (r.f.reason or 'no reason'))
        return
    end
    local is_well = judge_silence(c, found, r)
    local check, reason, sentence = contradiction_in(c, r)
    if check then
        is_well = false
        tell(found, check, r.id, false, sentence)
        set(r, 'contradiction', reason)
        if is_trusted(r) then
            turn_unhealthy(c, r, reason, tonumber(c.args[CHECK_INTERVAL_MS]), evidence_of(c, r, nil, 'check'))
        end
    end
    local result = is_well and r.f.health or 'UNHEALTHY'
    found[result] = found[result] + 1
end

local function count_anew(c, r)
    local contribution = contribution_of(r)
    for i, field in ipairs(CONTRIBUTED) do
        call('HINCRBY', c.p .. 'check:totals', field, int(contribution[i]))
    end
    call('HINCRBY', c.p .. 'check:totals', STATUS_COUNTERS[r.f.status], 1)
    if r.f.missing then
        call('HINCRBY', c.p .. 'check:totals', 'missingWorkers', 1)
        if given(r.f.zone) then
            call('HINCRBY', c.p .. 'check:totals', 'missing:' .. r.f.zone, 1)
        end
    end
end

local function inspect_live(c, found, r)
    local seen = call('HGET', c.p .. 'check:seen', r.id)
    if seen == 'visited' then
        return
    end
    call('HSET', c.p .. 'check:seen', r.id, 'visited')
    if not seen then
        count_anew(c, r)
    end
    repair_steady(found, r)
    repair_sets(c, found, r)
    repair_free(c, found, r)
    repair_timer(c, found, r)
    repair_jobs(c, found, r)
    judge(c, found, r)
    save(c, r)
end

local function inspect_worker(c, found, id)
    local r = load(c, id)
    if is_live(r) and is_whole(r) then
        inspect_live(c, found, r)
    elseif is_live(r) then
        call('DEL', c.p .. 'worker:' .. id, c.p .. 'detail:' .. id)
        tell(found, 'record', id, true, 'its record was not whole and is removed: it has to register again')
    elseif r and call('PTTL', c.p .. 'worker:' .. id) == -1 then
        call('EXPIRE', c.p .. 'worker:' .. id, c.args[ARCHIVE_S])
        call('EXPIRE', c.p .. 'detail:' .. id, c.args[ARCHIVE_S])
        tell(found, 'record', id, true, 'its archived record had no end')
    end
end

local function has_label(c, id, field, wanted)
    local json = call('HGET', c.worker_key .. id, field) or call('HGET', c.p .. 'detail:' .. id, field)
    for _, label in ipairs(labels_of(json)) do
        if label == wanted then
            return true
        end
    end
    return false
end

local function belongs(c, name, id)
    local kind, label = string.match(name, '^(%l+):(.*)$')
    local f = call('HMGET', c.p .. 'worker:' .. id, 'status', 'health', 'zone')
    if not f[1] or f[1] == 'INACTIVE' then
        return false
    elseif kind == 'status' then
        return f[1] == label
    elseif kind == 'health' then
        return f[2] == label
    elseif kind == 'zone' then
        return f[3] == label
    elseif kind == 'tag' then
        return has_label(c, id, 'tags', label)
    elseif kind == 'capability' then
        return has_label(c, id, 'capabilities', label)
    end
    return true
end

local function inspect_member(c, found, name, id)
    if not belongs(c, name, id) then
        call('SREM', c.p .. name, id)
        tell(found, 'index', id, true, 'was in ' .. name .. ', which its record does not say')
    end
end

local function is_live_id(c, id)
    local status = call('HGET', c.p .. 'worker:' .. id, 'status')
    return status and status ~= 'INACTIVE'
end

local function inspect_free(c, found, id)
    if not is_live_id(c, id) then
        call('ZREM', c.p .. 'free', id)
        tell(found, 'index', id, true, 'was in free, and is no live worker')
    end
end

local function inspect_deadline(c, found, member)
    local id = string.match(member, '^%l+:(.+)$')
    if not id or not is_live_id(c, id) then
        c.deadlines[member] = false
        call('DEL', c.p .. member)
        tell(found, 'deadlines', id or '', true, member .. ' had a deadline, and no live worker')
    end
end

local function lists_job(json, job)
    for _, listed in ipairs(jobs_of(json)) do
        if listed == job then
            return true
        end
    end
    return false
end

local function inspect_job(c, found, job)
    alter_holders(c, { job }, function(holders)
        local kept = {}
        for _, holder in ipairs(holders) do
            local f = call('HMGET', c.p .. 'worker:' .. holder.id, 'status', 'jobs')
            if f[1] and f[1] ~= 'INACTIVE' and lists_job(f[2], job) then
                kept[#kept + 1] = holder
            else
                tell(found, 'index', holder.id, true, 'was holder of job ' .. job .. ', which its record does not say')
            end
        end
        return kept
    end)
end

local INSPECTIONS = {
    deadlines = { scan = 'ZSCAN', most = MEMBERS_A_STEP, stride = 2, inspect = inspect_deadline },
    free = { scan = 'ZSCAN', most = MEMBERS_A_STEP, stride = 2, inspect = inspect_free },
    jobs = { scan = 'HSCAN', most = ENTRIES_A_STEP, stride = 2, inspect = inspect_job },
}

local function is_set(name)
    local kind = string.match(name, '^(%l+):')
    return name == 'workers' or kind == 'status' or kind == 'health' or kind == 'tag' or kind == 'capability' or
        kind == 'zone'
end

local function inspect_key(c, found, name)
    local kind, id = string.match(name, '^(%l+):(.+)$')
    if kind == 'worker' then
        inspect_worker(c, found, id)
    elseif kind == 'detail' and call('EXISTS', c.p .. 'worker:' .. id) == 0 then
        if call('DEL', c.p .. name) == 1 then
            tell(found, 'record', id, true, 'details without a record are removed')
        end
    elseif INSPECTIONS[name] or (is_set(name) and call('SCARD', c.p .. name) > MEMBERS_AT_ONCE) then
        found.large[#found.large + 1] = name
    elseif is_set(name) then
        for _, member in ipairs(call('SMEMBERS', c.p .. name)) do
            inspect_member(c, found, name, member)
        end
    end
end

-- One step of a check that is still under way: it stays so for a while longer.
local function check_step(name, body)
    writer(name, function(c, args)
        if call('GET', c.p .. 'check') ~= args[HEADER + 1] then
            return { 'gone' }
        end
        local result = body(c, args)
        for _, key in ipairs({ 'check', 'check:seen', 'check:totals' }) do
            call('PEXPIRE', c.p .. key, CHECK_TTL_MS)
        end
        return result
    end)
end

local function forget_check(c)
    call('UNLINK', c.p .. 'check', c.p .. 'check:seen', c.p .. 'check:totals')
    c.checking = nil
end

-- result: the name of the check that begins
writer('check_begin', function(c)
    forget_check(c)
    local run = int(c.now_us)
    call('SET', c.p .. 'check', run, 'PX', CHECK_TTL_MS)
    return run
end)

-- arguments: check, cursor. result: {'ok', next cursor, results, findings, keys too large} or {'gone'}
check_step('check_keys', function(c, args)
    local found = new_found()
    local page = call('SCAN', args[HEADER + 2], 'COUNT', KEYS_A_STEP)
    for _, key in ipairs(page[2]) do
        if string.sub(key, 1, #c.p) == c.p then
            inspect_key(c, found, string.sub(key, #c.p + 1))
        end
    end
    return result_of(found, page[1])
end)

-- arguments: check, key, cursor. result: as above
check_step('check_members', function(c, args)
    local name, cursor = args[HEADER + 2], args[HEADER + 3]
    local found = new_found()
    local own = INSPECTIONS[name] or { scan = 'SSCAN', most = MEMBERS_A_STEP, stride = 1 }
    local page = call(own.scan, c.p .. name, cursor, 'COUNT', own.most)
    for i = 1, #page[2], own.stride do
        if own.inspect then
            own.inspect(c, found, page[2][i])
        else
            inspect_member(c, found, name, page[2][i])
        end
    end
    return result_of(found, page[1])
end)

local function repair_totals(c, found, counted)
    local totals = fields_of(call('HGETALL', c.p .. 'totals'))
    for _, field in ipairs(COUNTED) do
        local has, wanted = tonumber(totals[field]) or 0, tonumber(counted[field]) or 0
        if has ~= wanted then
            call('HSET', c.p .. 'totals', field, int(wanted))
            tell(found, 'totals', '', true, field .. ' was ' .. int(has) .. ', is ' .. int(wanted))
        end
    end
end

local function repair_missing(c, found, counted)
    local zones = fields_of(call('ZRANGE', c.p .. 'missing', 0, -1, 'WITHSCORES'))
    for field in pairs(counted) do
        local zone = string.match(field, '^missing:(.*)$')
        if zone then
            zones[zone] = zones[zone] or 0
        end
    end
    for zone, text in pairs(zones) do
        local has, wanted = tonumber(text), tonumber(counted['missing:' .. zone]) or 0
        if has ~= wanted then
            call('ZADD', c.p .. 'missing', wanted, zone)
            tell(found, 'totals', '', true, int(has) .. ' were missing in zone ' .. zone .. ', are ' .. int(wanted))
        end
    end
    call('ZREMRANGEBYSCORE', c.p .. 'missing', '-inf', 0)
end

-- arguments: check, message, by, how many were checked, found and repaired before. result: as above
check_step('check_end', function(c, args)
    local message, by, checked, findings, repaired = unpack(args, HEADER + 2, HEADER + 6)
    local found = new_found()
    local counted = fields_of(call('HGETALL', c.p .. 'check:totals'))
    repair_totals(c, found, counted)
    repair_missing(c, found, counted)
    local more = #found.findings / 4
    local evidence = { checked = tonumber(checked), findings = findings + more, repaired = repaired + more }
    note_down(c, 'checked', nil, { message = message, by = by, evidence = cjson.encode(evidence) })
    forget_check(c)
    return result_of(found, '0')
end)
