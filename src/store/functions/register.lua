-- register.lua -- a worker registers: again, anew, or taking over.

local REFUSED_EVERY_MS = 60000
local REGISTER = { 'id', 'valid', 'refusal', 'maxAttempts', 'retryDelayMs', 'maxWorkers', 'by', 'bootId', 'connection',
                   'sentAt', 'name', 'maxConcurrentJobs', 'port', 'version', 'priorityThreshold', 'workerLoadFactor', 'zone',
                   'heartbeatTimeoutMs', 'heartbeatIntervalMs', 'hostName', 'hostAddress', 'capabilities', 'tags' }

local function named(names, args, at)
    local values = {}
    for i, name in ipairs(names) do
        if given(args[at + i]) then
            values[name] = args[at + i]
        end
    end
    return values
end

-- Returns true where one of the declared fields differs from the record.
local function differs(r, a)
    for _, field in ipairs(DECLARED_FIELDS) do
        if r.f[field] ~= a[field] then
            return true
        end
    end
    return false
end

local function take_over_fields(r, a)
    for _, field in ipairs(DECLARED_FIELDS) do
        set(r, field, a[field])
    end
end

local function set_connection(r, connection)
    if given(connection) and (tonumber(connection) or 0) > (tonumber(r.f.connection) or -1) then
        set(r, 'connection', connection)
    end
end

local function register_again(c, r, a)
    local from = state(r)
    local changed = differs(r, a)
    if changed then
        unindex(c, r)
        take_over_fields(r, a)
        local free = math.max(number(r, 'maxConcurrentJobs') - number(r, 'currentJobCount'), 0)
        set(r, 'availableCapacity', int(free))
        index(c, r)
    end
    set_connection(r, a.connection)
    if not a.bootId then
        set(r, 'seq', nil)
        set(r, 'sentAt', nil)
    end
    set(r, 'lastHeartbeatAt', int(c.now))
    set(r, 'lost', nil)
    arm_alive(c, r)
    if changed then
        emit(c, r, 'updated', from, 'worker', { by = a.by })
    end
    local ill = r.f.health == 'UNHEALTHY' or r.f.health == 'FAILED'
    if ill and not r.f.contradiction and c.args[AUTO_RECOVERY] == '1' then
        turn_recovered(c, r, 'worker')
    end
    save(c, r)
end

local function register_anew(c, old, a)
    local id = a.id
    local r = new_record(id, {})
    local from, reason, extra = nil, 'worker', {}
    if old then
        from = state(old)
        if is_live(old) then
            reason = a.bootId ~= old.f.bootId and 'takeover' or 'worker'
            extra = orphan_jobs(c, old, false)
            unindex(c, old)
            release_hold(c, old)
            disarm(c, 'recheck', old)
            disarm(c, 'cleanup', old)
        end
        call('DEL', c.p .. 'worker:' .. id, c.p .. 'detail:' .. id)
        set(r, 'revision', old.f.revision)
        set(r, 'maintained', old.f.maintained)
        if a.bootId ~= old.f.bootId then
            remember_boot(old)
        end
        set(r, 'boots', old.f.boots)
    end
    take_over_fields(r, a)
    set(r, 'bootId', a.bootId)
    set(r, 'connection', a.connection)
    set(r, 'status', standing_status(r))
    set(r, 'health', 'HEALTHY')
    set(r, 'epoch', draw_epoch(c))
    set(r, 'registeredAt', int(c.now))
    set(r, 'lastHeartbeatAt', int(c.now))
    set(r, 'currentJobCount', '0')
    set(r, 'availableCapacity', a.maxConcurrentJobs)
    set(r, 'errorCount', '0')
    set(r, 'consecutiveFailures', '0')
    set(r, 'heartbeats', '0')
    index(c, r)
    arm_alive(c, r)
    extra.by = a.by
    emit(c, r, 'registered', from, reason, extra)
    save(c, r)
    return r
end

local function is_full_at(c, max_workers)
    if max_workers == 0 then
        return false
    end
    write_gathered(c)
    return call('SCARD', c.p .. 'workers') >= max_workers
end

local function attempts_left(c, a)
    local key = c.p .. 'attempts:' .. a.id
    if tonumber(call('GET', key) or 0) < tonumber(a.maxAttempts) then
        return true
    end
    local left = call('PTTL', key)
    if left > tonumber(a.retryDelayMs) then
        left = a.retryDelayMs -- the clock was set back
        call('PEXPIRE', key, left)
    end
    return false, math.max(left, 1)
end

local function count_attempt(c, a)
    local key = c.p .. 'attempts:' .. a.id
    call('INCR', key)
    call('PEXPIRE', key, a.retryDelayMs)
end

local function document(r)
    local worker = {}
    for field, value in pairs(r.f) do
        worker[#worker + 1] = field
        worker[#worker + 1] = value
    end
    return { r.id, worker }
end

-- For the audit trail; what is not counted as an attempt might come without end.
local function note_refusal(c, code, id, message, by)
    if call('SET', c.p .. 'refused:' .. (id or by), code, 'NX', 'PX', REFUSED_EVERY_MS) then
        note_down(c, 'refused', id, { code = code, message = message, by = by })
    end
end

-- arguments: code, id or '', message, by or ''
writer('refuse', function(c, args)
    local code, id, message, by = unpack(args, HEADER + 1, HEADER + 4)
    note_refusal(c, code, given(id) and id or nil, message, by)
    return 1
end)

-- Returns {code, retry_after_ms} or {'ok', 0, document}.
local function register(c, a)
    local allowed, retry_after_ms = attempts_left(c, a)
    if not allowed then
        return { 'rate_limited', retry_after_ms }
    end
    if a.valid ~= '1' then
        count_attempt(c, a)
        note_down(c, 'refused', a.id, { code = 'validation_failed', message = a.refusal, by = a.by })
        return { 'validation_failed', 0 }
    end
    local r = load(c, a.id)
    if r and is_superseded(r, a.bootId) then
        note_conflict(c, r, a.bootId, a.sentAt)
        note_refusal(c, 'superseded', a.id, nil, a.by)
        return { 'superseded', 0, document(r) }
    end
    if not is_live(r) and is_full_at(c, tonumber(a.maxWorkers)) then
        note_refusal(c, 'registry_full', a.id, nil, a.by)
        return { 'registry_full', 0 }
    end
    call('DEL', c.p .. 'attempts:' .. a.id, c.p .. 'refused:' .. a.id)
    local same_boot = is_live(r) and a.bootId == r.f.bootId and (a.bootId or r.f.health ~= 'FAILED')
    local unfenced = is_live(r) and not a.bootId and r.f.health ~= 'FAILED'
    if same_boot or unfenced then
        register_again(c, r, a)
    else
        r = register_anew(c, r, a)
    end
    return { 'ok', 0, document(r) }
end

-- arguments: the fields of each registration as in REGISTER. result: what became of each
writer('register', function(c, args)
    local results = {}
    for at = HEADER, #args - #REGISTER, #REGISTER do
        results[#results + 1] = register(c, named(REGISTER, args, at))
    end
    return results
end)
