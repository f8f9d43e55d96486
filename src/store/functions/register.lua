-- register.lua -- a worker registers: again, anew, or taking over.

local REFUSED_EVERY_MS = 60000
local REGISTRATION_ITEMS = 19
-- Returns true where one of the declared fields differs from the record.
local function differs(r, declared)
    for _, field in ipairs(DECLARED_FIELDS) do
        if r.f[field] ~= declared[field] then
            return true
        end
    end
    return false
end

local function register_again(c, r, a)
    local from = state(r)
    local changed = differs(r, a.declared)
    if changed then
        unindex(c, r)
        take_over_fields(r, a.declared)
        local free = math.max(number(r, 'maxConcurrentJobs') - number(r, 'currentJobCount'), 0)
        set(r, 'availableCapacity', int(free))
        index(c, r)
    end
    set_connection(r, a.connection)
    if not a.bootId then
        set(r, 'seq', nil)
        set(r, 'sentAt', nil)
    end
    set(r, 'lastHeartbeatAt', c.now_text)
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

-- What was there before the worker registers anew goes, but for what outlives it. Returns reason and more of the event.
local function make_room(c, old, a)
    local f, reason, extra = a.declared, 'worker', {}
    if is_live(old) then
        reason = a.bootId ~= old.f.bootId and 'takeover' or 'worker'
        extra = orphan_jobs(c, old, false)
        unindex(c, old)
        release_hold(c, old)
        disarm(c, 'recheck', old)
        disarm(c, 'cleanup', old)
    end
    call('DEL', c.worker_key .. a.id, c.p .. 'detail:' .. a.id)
    if a.bootId ~= old.f.bootId then
        remember_boot(old)
    end
    f.revision, f.maintained, f.boots = old.f.revision, old.f.maintained, old.f.boots
    return reason, extra
end

-- The command that writes a new record, used again for each: what every worker has, then what it may have. What heartbeats
-- and steps read and write is in front; see FRONT.
local new = { 'HSET', '', 'steady', '', 'heartbeats', '0', 'currentJobCount', '0', 'lastHeartbeatAt', '',
              'availableCapacity', '', 'revision', '', 'updatedAt', '', 'health', 'HEALTHY', 'consecutiveFailures', '0',
              'name', '', 'maxConcurrentJobs', '', 'status', '', 'epoch', '', 'registeredAt', '', 'errorCount', '0',
              'heartbeatTimeoutMs', '', 'heartbeatIntervalMs', '' }
local ALWAYS = #new
local SOMETIMES = { 'zone', 'version', 'port', 'priorityThreshold', 'workerLoadFactor', 'bootId', 'connection', 'maintained' }
local SOMETIMES_LONG = { 'tags', 'capabilities', 'hostName', 'hostAddress', 'boots' }

local function write_new(c, r)
    local f, key, now = r.f, c.worker_key .. r.id, c.now_text
    new[2], new[4], new[10], new[12], new[14], new[16] = key, f.steady, now, f.availableCapacity, f.revision, now
    new[22], new[24], new[26], new[28], new[30] = f.name, f.maxConcurrentJobs, f.status, f.epoch, now
    new[34], new[36] = f.heartbeatTimeoutMs, f.heartbeatIntervalMs
    local at = ALWAYS
    for i = 1, #SOMETIMES do
        local field = SOMETIMES[i]
        local value = f[field]
        if value then
            new[at + 1], new[at + 2] = field, value
            at = at + 2
        end
    end
    for i = 1, #SOMETIMES_LONG do
        local field = SOMETIMES_LONG[i]
        local value = f[field]
        if value and #value > COMPACT_MAX then
            call('HSET', c.p .. 'detail:' .. r.id, field, value)
        elseif value then
            new[at + 1], new[at + 2] = field, value
            at = at + 2
        end
    end
    call(unpack(new, 1, at))
end

local function register_anew(c, old, a)
    local from, reason, extra = nil, 'worker', {}
    if old then
        from = state(old)
        reason, extra = make_room(c, old, a)
    end
    local f = a.declared
    local r = new_record(a.id, f)
    f.bootId, f.connection = a.bootId, a.connection
    f.status, f.health, f.epoch = standing_status(r), 'HEALTHY', draw_epoch(c)
    f.registeredAt, f.lastHeartbeatAt = c.now_text, c.now_text
    f.currentJobCount, f.availableCapacity = '0', f.maxConcurrentJobs
    f.errorCount, f.consecutiveFailures = '0', '0'
    index(c, r)
    index_free(c, r)
    arm_alive(c, r)
    extra.by = a.by
    emit(c, r, 'registered', from, reason, extra)
    f.steady = steady_of(r)
    write_new(c, r)
    return r
end

-- How long the worker has to wait whose attempts have been too many.
local function wait_of(policy, key)
    local left = call('PTTL', key)
    if left > tonumber(policy.retry_delay_ms) then
        left = policy.retry_delay_ms -- the clock was set back
        call('PEXPIRE', key, left)
    end
    return math.max(left, 1)
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

-- What is told of a worker that has registered, besides what it has declared: a line each, empty for what it has not.
local function told_of(r)
    local f = r.f
    return f.status .. '\n' .. f.health .. '\n' .. (f.reason or '') .. '\n' .. f.epoch .. '\n' .. f.revision .. '\n' ..
        f.registeredAt .. '\n' .. f.lastHeartbeatAt .. '\n' .. f.updatedAt .. '\n' .. f.currentJobCount .. '\n' ..
        f.availableCapacity .. '\n' .. (f.cpuUsage or '') .. '\n' .. (f.memoryUsage or '') .. '\n' ..
        (f.errorCount or '') .. '\n' .. (f.consecutiveFailures or '') .. '\n' .. (f.revokedJobs or '')
end

-- Returns {code, retry_after_ms} or {'ok', 0, what is told_of the worker}.
local function register(c, policy, a)
    local attempts_key, refused_key = c.p .. 'attempts:' .. a.id, c.p .. 'refused:' .. a.id
    local before = call('MGET', attempts_key, refused_key)
    if tonumber(before[1] or 0) >= policy.max_attempts then
        return { 'rate_limited', wait_of(policy, attempts_key) }
    end
    if a.refusal then
        call('INCR', attempts_key)
        call('PEXPIRE', attempts_key, policy.retry_delay_ms)
        note_down(c, 'refused', a.id, { code = 'validation_failed', message = a.refusal, by = a.by })
        return { 'validation_failed', 0 }
    end
    local r = load(c, a.id)
    if r and is_superseded(r, a.bootId) then
        note_conflict(c, r, a.bootId, a.sentAt)
        note_refusal(c, 'superseded', a.id, nil, a.by)
        return { 'superseded', 0 }
    end
    if not is_live(r) and is_full_at(c, policy.max_workers) then
        note_refusal(c, 'registry_full', a.id, nil, a.by)
        return { 'registry_full', 0 }
    end
    if before[1] or before[2] then
        call('DEL', attempts_key, refused_key)
    end
    local same_boot = is_live(r) and a.bootId == r.f.bootId and (a.bootId or r.f.health ~= 'FAILED')
    local unfenced = is_live(r) and not a.bootId and r.f.health ~= 'FAILED'
    if same_boot or unfenced then
        register_again(c, r, a)
    else
        r = register_anew(c, r, a)
    end
    return { 'ok', 0, told_of(r) }
end

-- arguments: most attempts, retry delay ms, most workers, then the registrations in MessagePack, REGISTRATION_ITEMS texts
-- each, nil what is not given; a refusal only where it is not valid. result: what became of each
writer('register', function(c, args)
    local policy = { max_attempts = tonumber(args[HEADER + 1]), retry_delay_ms = args[HEADER + 2],
                     max_workers = tonumber(args[HEADER + 3]) }
    local unpack_items, batch, at = cmsgpack.unpack_limit, args[HEADER + 4], 0
    local results = {}
    while at >= 0 do
        local next_at, id, refusal, by, boot, connection, sent_at, name, max_jobs, port, version, priority, load_factor, zone,
            timeout, interval, host, address, capabilities, tags = unpack_items(batch, REGISTRATION_ITEMS, at)
        results[#results + 1] = register(c, policy, {
            id = id, refusal = refusal, by = by, bootId = boot, connection = connection, sentAt = sent_at,
            declared = {
                name = name, maxConcurrentJobs = max_jobs, port = port, version = version, priorityThreshold = priority,
                workerLoadFactor = load_factor, zone = zone, heartbeatTimeoutMs = timeout, heartbeatIntervalMs = interval,
                hostName = host, hostAddress = address, capabilities = capabilities, tags = tags,
            },
        })
        at = next_at
    end
    return results
end)
