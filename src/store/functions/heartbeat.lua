-- heartbeat.lua -- what a heartbeat says, and what is concluded from it.

local STRIDE = 16
local ID, STATUS, JOB_COUNT, AVAILABLE, CPU, MEMORY, ERRORS, MESSAGE, JOBS, JOBS_CONTRADICT, SEQ, SENT_AT, EPOCH, BOOT,
      CONNECTION, ASKED = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16

-- Returns the code that refuses the heartbeat, 'stale' for one that changes nothing, or nil.
local function refuse_heartbeat(c, r, a)
    if not is_live(r) then
        return (r and r.f.left ~= 'cleaned_up') and 'deregistered' or 'unknown_worker'
    end
    if given(a[BOOT]) and given(r.f.bootId) and a[BOOT] ~= r.f.bootId then
        if not is_superseded(r, a[BOOT]) then
            return 'unknown_worker'
        end
        note_conflict(c, r, a[BOOT], a[SENT_AT])
        return 'superseded'
    end
    if given(a[EPOCH]) and tonumber(a[EPOCH]) < tonumber(r.f.epoch) then
        return 'stale'
    end
    local connection, known = tonumber(a[CONNECTION]), tonumber(r.f.connection)
    if connection and known and connection ~= known then
        return connection < known and 'stale' or nil
    end
    local seq, last = tonumber(a[SEQ]), tonumber(r.f.seq)
    if seq and last and seq <= last then
        local sent, last_sent = tonumber(a[SENT_AT]), tonumber(r.f.sentAt)
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
    if a[JOBS_CONTRADICT] == '1' or r.contested then
        return 'jobs_inconsistent'
    end
    return nil
end

local function take_jobs(c, r, a)
    if given(a[JOBS]) then
        name_jobs(c, r, a[JOBS])
    elseif given(a[JOB_COUNT]) and r.f.jobs and #cjson.decode(r.f.jobs) ~= tonumber(a[JOB_COUNT]) then
        hold_jobs(c, r, nil)
    end
    settle_dispute(c, r)
end

-- What went wrong, in the worker's own words where it has some.
local function take_error(c, r, a)
    local grew = (tonumber(a[ERRORS]) or 0) > number(r, 'errorCount')
    if grew or a[STATUS] == 'ERROR' then
        local words = given(a[MESSAGE]) and a[MESSAGE] or grew and 'errorCount ' .. a[ERRORS] or 'status ERROR'
        set_detail(r, 'lastError', words)
        set_detail(r, 'lastErrorAt', int(c.now))
    end
end

local function take_heartbeat(c, r, a)
    local jobs = tonumber(a[JOB_COUNT]) or number(r, 'currentJobCount')
    local says_load = given(a[JOB_COUNT]) or given(a[AVAILABLE])
    local available = tonumber(a[AVAILABLE])
    if not available then
        available = says_load and math.max(number(r, 'maxConcurrentJobs') - jobs, 0) or number(r, 'availableCapacity')
    end
    set_load(c, r, jobs, available)
    take_error(c, r, a)
    local was_disputed = r.f.disputed
    take_jobs(c, r, a)
    for field, at in pairs({ declared = STATUS, cpuUsage = CPU, memoryUsage = MEMORY, errorCount = ERRORS, seq = SEQ,
                             sentAt = SENT_AT }) do
        if given(a[at]) then
            set(r, field, a[at])
        end
    end
    if given(a[MESSAGE]) then
        set_detail(r, 'message', a[MESSAGE])
    end
    if given(a[BOOT]) and not given(r.f.bootId) then
        set(r, 'bootId', a[BOOT])
    end
    set_connection(r, a[CONNECTION])
    set(r, 'heartbeats', int(number(r, 'heartbeats') + 1))
    set(r, 'lastHeartbeatAt', int(c.now))
    if says_load or given(a[STATUS]) or given(a[JOBS]) or was_disputed then
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
        set_timer(c, 'alive', r, number(r, 'heartbeatTimeoutMs'))
    else
        arm_alive(c, r)
        set(r, 'lost', nil)
    end
    conclude_health(c, r)
    if a[EPOCH] == r.f.epoch then
        set_detail(r, 'revokedJobs', nil)
    end
    save(c, r)
    return 'ok'
end

-- result: for each heartbeat that asked or was refused: index, code, epoch, revoked jobs (JSON or ''),
-- interval ms, timeout ms
writer('heartbeat', function(c, args)
    local results = {}
    local index_of_item = 0
    for at = HEADER, #args - STRIDE, STRIDE do
        local a = { unpack(args, at + 1, at + STRIDE) }
        local r = load(c, a[ID])
        local code = refuse_heartbeat(c, r, a)
        local tells = code ~= nil
        if code == nil then
            code = beat(c, r, a)
            tells = code ~= 'ok'
        elseif code == 'stale' then
            code = 'ok'
            tells = given(a[EPOCH]) and a[EPOCH] ~= r.f.epoch
        end
        if tells or a[ASKED] == '1' then
            local known = r or { f = {}, d = {} }
            local at_end = #results
            results[at_end + 1] = index_of_item
            results[at_end + 2] = code
            results[at_end + 3] = known.f.epoch or ''
            results[at_end + 4] = known.d.revokedJobs or ''
            results[at_end + 5] = known.f.heartbeatIntervalMs or ''
            results[at_end + 6] = known.f.heartbeatTimeoutMs or ''
        end
        index_of_item = index_of_item + 1
    end
    return results
end)
