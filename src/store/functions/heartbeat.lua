-- heartbeat.lua -- what a heartbeat says, and what is concluded from it.

local HEARTBEAT_ITEMS = 8
local HEARD_FIELDS = { 'steady', 'heartbeats', 'seq', 'currentJobCount', 'sentAt', 'revision', 'zone', 'unhealthySince',
                       'unhealthyMs', 'heartbeatIntervalMs' }
local TOLD = { declared = 'status', cpuUsage = 'cpu', memoryUsage = 'memory', errorCount = 'errors', seq = 'seq',
               sentAt = 'sentAt' }

-- Returns the code that refuses the heartbeat, 'stale' for one that changes nothing, or nil.
local function refuse_heartbeat(c, r, a)
    if not is_live(r) then
        return (r and r.f.left ~= 'cleaned_up') and 'deregistered' or 'unknown_worker'
    end
    if given(a.boot) and given(r.f.bootId) and a.boot ~= r.f.bootId then
        if not is_superseded(r, a.boot) then
            return 'unknown_worker'
        end
        note_conflict(c, r, a.boot, a.sentAt)
        return 'superseded'
    end
    if given(a.epoch) and tonumber(a.epoch) < tonumber(r.f.epoch) then
        return 'stale'
    end
    local connection, known = tonumber(a.connection), tonumber(r.f.connection)
    if connection and known and connection ~= known then
        return connection < known and 'stale' or nil
    end
    local seq, last = tonumber(a.seq), tonumber(r.f.seq)
    if seq and last and seq <= last then
        local sent, last_sent = tonumber(a.sentAt), tonumber(r.f.sentAt)
        return not (sent and last_sent and sent > last_sent) and 'stale' or nil
    end
    return nil
end

local function contradiction_of(r, a)
    local jobs, max = number(r, 'currentJobCount'), number(r, 'maxConcurrentJobs')
    local status = r.f.declared
    if status == 'ERROR' or (status == 'IDLE' and jobs > 0) then
        return 'status_inconsistent'
    end
    if jobs > max or number(r, 'availableCapacity') ~= max - jobs then
        return 'capacity_inconsistent'
    end
    if a.contradict == '1' or r.contested then
        return 'jobs_inconsistent'
    end
    return nil
end

local function take_jobs(c, r, a)
    if given(a.jobs) then
        name_jobs(c, r, a.jobs)
    elseif given(a.jobCount) and r.f.jobs and #cjson.decode(r.f.jobs) ~= tonumber(a.jobCount) then
        hold_jobs(c, r, nil)
    end
    settle_dispute(c, r)
end

-- What went wrong, in the worker's own words where it has some.
local function take_error(c, r, a)
    local grew = (tonumber(a.errors) or 0) > number(r, 'errorCount')
    if grew or a.status == 'ERROR' then
        local words = given(a.message) and a.message or grew and 'errorCount ' .. a.errors or 'status ERROR'
        set(r, 'lastError', words)
        set(r, 'lastErrorAt', int(c.now))
    end
end

local function take_heartbeat(c, r, a)
    local jobs = tonumber(a.jobCount) or number(r, 'currentJobCount')
    local says_load = given(a.jobCount) or given(a.available)
    local available = tonumber(a.available)
    if not available then
        available = says_load and math.max(number(r, 'maxConcurrentJobs') - jobs, 0) or number(r, 'availableCapacity')
    end
    set_load(c, r, jobs, available)
    take_error(c, r, a)
    local was_disputed = r.f.disputed
    take_jobs(c, r, a)
    for field, name in pairs(TOLD) do
        if given(a[name]) then
            set(r, field, a[name])
        end
    end
    if given(a.message) then
        set(r, 'message', a.message)
    end
    if given(a.boot) and not given(r.f.bootId) then
        set(r, 'bootId', a.boot)
    end
    set_connection(r, a.connection)
    set(r, 'heartbeats', int(number(r, 'heartbeats') + 1))
    set(r, 'lastHeartbeatAt', int(c.now))
    if says_load or given(a.status) or given(a.jobs) or was_disputed then
        set(r, 'contradiction', contradiction_of(r, a))
    end
end

local function conclude_health(c, r)
    local health = r.f.health
    if r.f.contradiction then
        if is_trusted(r) then
            turn_unhealthy(c, r, r.f.contradiction, tonumber(c.args[CHECK_INTERVAL_MS]),
                evidence_of(c, r, nil, 'heartbeat'))
        end
    elseif health == 'RECOVERED' then
        if flap_policy(c) and is_held(c, r) then
            return
        end
        local from = state(r)
        release_hold(c, r)
        move_health(c, r, 'HEALTHY')
        emit(c, r, 'healthy', from, nil)
    elseif health ~= 'HEALTHY' and c.args[AUTO_RECOVERY] == '1' then
        turn_recovered(c, r, 'worker')
    end
end

-- Returns the code of the reply.
local function beat(c, r, a)
    local from, was_free = state(r), number(r, 'availableCapacity') > 0
    take_heartbeat(c, r, a)
    if r.f.draining and number(r, 'currentJobCount') == 0 then
        depart(c, r, 'deregistered', r.f.draining, 'drained')
        return 'deregistered'
    end
    local is_free = number(r, 'availableCapacity') > 0
    local failed = r.f.health == 'FAILED'
    if not failed then
        move_status(c, r, standing_status(r))
    end
    if not failed and (r.f.status ~= from.status or is_free ~= was_free) then
        emit(c, r, 'status', from, 'worker')
    end
    if is_trusted(r) and not r.f.lost then
        set_timer(c, 'alive', r, silence_ms(c, number(r, 'heartbeatTimeoutMs')))
    else
        arm_alive(c, r)
        set(r, 'lost', nil)
    end
    conclude_health(c, r)
    if a.epoch == r.f.epoch then
        set(r, 'revokedJobs', nil)
    end
    save(c, r)
    return 'ok'
end

-- Adds to the results what has to be told of a heartbeat: who asked is told, and who was refused.
local function hear(c, results, index_of_item, a)
    local r = load_part(c, a.id, HEARD_FIELDS)
    local code = refuse_heartbeat(c, r, a)
    local tells = code ~= nil
    if code == nil then
        code = beat(c, r, a)
        tells = code ~= 'ok'
    elseif code == 'stale' then
        code = 'ok'
        tells = given(a.epoch) and a.epoch ~= r.f.epoch
    end
    if tells or a.asked == '1' then
        local known = r or { f = {} }
        local at_end = #results
        results[at_end + 1] = index_of_item
        results[at_end + 2] = code
        results[at_end + 3] = known.f.epoch or ''
        results[at_end + 4] = known.f.revokedJobs or ''
        results[at_end + 5] = known.f.heartbeatIntervalMs or ''
        results[at_end + 6] = known.f.heartbeatTimeoutMs or ''
    end
end

-- arguments: the heartbeats in MessagePack, HEARTBEAT_ITEMS texts each; identity as in steady and says as in
-- SAYS, empty where it is not told; the last is false, or a list of what is rarely told.
-- result: {for each heartbeat that asked or was refused: index, code, epoch, revoked jobs (JSON or ''), interval ms, timeout
-- ms; the indices of those that were no pulse}
writer('heartbeat', function(c, args)
    local results, others = {}, {}
    local index_of_item = 0
    local unpack_items, batch, at = cmsgpack.unpack_limit, args[HEADER + 1], 0
    while at >= 0 do
        local next_at, id, identity, says, cpu, memory, seq, sent_at, rest = unpack_items(batch, HEARTBEAT_ITEMS, at)
        local is_taken, known = take_pulse(c, id, identity, says, cpu, memory, seq, sent_at, rest)
        if not is_taken then
            others[#others + 1] = index_of_item
            is_taken = known and take_recovery(c, id, known, identity, says, cpu, memory, seq, sent_at, rest)
        end
        if not is_taken then
            local connection, epoch, boot = string.match(identity, '^(%S*) (%S*) (.*)\n')
            local status, job_count, available, errors = string.match(says, SAYS)
            rest = rest or {}
            hear(c, results, index_of_item, {
                id = id, status = status, jobCount = job_count, available = available, cpu = cpu, memory = memory,
                seq = seq, sentAt = sent_at, epoch = epoch, boot = boot, connection = connection, errors = errors,
                message = rest[1], jobs = rest[2], contradict = rest[3], asked = rest[4],
            })
        end
        index_of_item = index_of_item + 1
        at = next_at
    end
    return { results, others }
end)
