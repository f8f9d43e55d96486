#!lua name=@LIBRARY@
-- functions.lua -- every transition of a worker, each call atomic. Decides nothing about validity, hearing or the brake:
-- those verdicts arrive as arguments. Keys and fields: contract, section 5; transitions: section 6.
--
-- Every function takes one key, the prefix "muster:{p}:", and returns {now_ms, events_added, result}.
-- A writing function's first arguments are the header below; a stale token writes nothing.

local call -- redis.call: there is none while the library is being loaded

local TOKEN, DECIDED_MS, CHECK_INTERVAL_MS, MAX_FAILURES, AUTO_RECOVERY, CLEANUP_MS, ARCHIVE_S = 1, 2, 3, 4, 5, 6, 7
local HEADER = 7
local DECISION_MAX_AGE_MS = 1000
local BOOTS_KEPT = 8

local STATUS_COUNTERS = {
    ACTIVE = 'activeWorkers', IDLE = 'idleWorkers', BUSY = 'busyWorkers', MAINTENANCE = 'maintenanceWorkers',
    ERROR = 'failedWorkers', DRAINING = 'drainingWorkers',
}
local DECLARED_FIELDS = { 'name', 'maxConcurrentJobs', 'port', 'version', 'priorityThreshold', 'workerLoadFactor',
                          'zone', 'heartbeatTimeoutMs', 'heartbeatIntervalMs' }
local DETAIL_FIELDS = { 'hostName', 'hostAddress', 'capabilities', 'tags' }

local function int(number)
    return string.format('%.0f', number)
end

local function given(text)
    return text ~= nil and text ~= false and text ~= ''
end

-- ------------------------------------------------------------------------------------------------ calls

local function open(keys, args)
    call = redis.call
    local time = call('TIME')
    local now_us = time[1] * 1000000 + time[2]
    return { p = keys[1], now_us = now_us, now = math.floor(now_us / 1000), events = 0, args = args }
end

local function holds_lease(c, token)
    local lease = call('GET', c.p .. 'lease')
    return lease and string.sub(lease, 1, #token + 1) == token .. ' '
end

local function writer(name, body)
    redis.register_function('@LIBRARY@_' .. name, function(keys, args)
        local c = open(keys, args)
        if not holds_lease(c, args[TOKEN]) then
            return redis.error_reply('FENCED the lease is not held under this token')
        end
        local decided = tonumber(args[DECIDED_MS])
        if decided and c.now - decided > DECISION_MAX_AGE_MS then
            return redis.error_reply('LATE decided ' .. int(c.now - decided) .. ' ms ago')
        end
        local result = body(c, args)
        return { c.now, c.events, result }
    end)
end

local function reader(name, body)
    redis.register_function {
        function_name = '@LIBRARY@_' .. name,
        callback = function(keys, args)
            local c = open(keys, args)
            return { c.now, 0, body(c, args) }
        end,
        flags = { 'no-writes' },
    }
end

-- Greater than any before it, also after Redis lost its memory.
local function draw_epoch(c)
    local drawn = math.max(tonumber(call('GET', c.p .. 'epoch') or 0) + 1, c.now_us)
    call('SET', c.p .. 'epoch', int(drawn))
    return int(drawn)
end

-- ------------------------------------------------------------------------------------------------ records

local function fields_of(flat)
    local fields = {}
    for i = 1, #flat, 2 do
        fields[flat[i]] = flat[i + 1]
    end
    return fields
end

local function load(c, id)
    local flat = call('HGETALL', c.p .. 'worker:' .. id)
    if #flat == 0 then
        return nil
    end
    return { id = id, f = fields_of(flat), d = fields_of(call('HGETALL', c.p .. 'detail:' .. id)), changed = {},
             changed_detail = {} }
end

local function set(r, field, value)
    if r.f[field] ~= value then
        r.f[field] = value
        r.changed[field] = true
    end
end

local function set_detail(r, field, value)
    if r.d[field] ~= value then
        r.d[field] = value
        r.changed_detail[field] = true
    end
end

local function write_changed(key, changed, fields)
    local sets, dels = { 'HSET', key }, { 'HDEL', key }
    for field in pairs(changed) do
        if fields[field] ~= nil then
            sets[#sets + 1] = field
            sets[#sets + 1] = fields[field]
        else
            dels[#dels + 1] = field
        end
    end
    if #sets > 2 then
        call(unpack(sets))
    end
    if #dels > 2 then
        call(unpack(dels))
    end
end

local function save(c, r)
    write_changed(c.p .. 'worker:' .. r.id, r.changed, r.f)
    write_changed(c.p .. 'detail:' .. r.id, r.changed_detail, r.d)
    r.changed, r.changed_detail = {}, {}
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

local function state(r)
    return { status = r.f.status, health = r.f.health }
end

-- Adds one entry to the stream, with the next revision of the worker. The record still has to be saved.
local function emit(c, r, kind, from, reason, extra)
    set(r, 'revision', int(number(r, 'revision') + 1))
    set(r, 'updatedAt', int(c.now))
    local entry = { 'XADD', c.p .. 'events', '*', 'type', kind, 'workerId', r.id, 'epoch', r.f.epoch, 'revision',
                    r.f.revision, 'at', int(c.now) }
    local function add(field, value)
        if given(value) then
            entry[#entry + 1] = field
            entry[#entry + 1] = value
        end
    end
    if from then
        add('fromStatus', from.status)
        add('fromHealth', from.health)
    end
    add('toStatus', r.f.status)
    add('toHealth', r.f.health)
    add('reason', reason)
    for field, value in pairs(extra or {}) do
        add(field, value)
    end
    call(unpack(entry))
    c.events = c.events + 1
end

-- ------------------------------------------------------------------------------------------------ indexes

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

local function index(c, r)
    call('SADD', c.p .. 'workers', r.id)
    call('SADD', c.p .. 'status:' .. r.f.status, r.id)
    call('SADD', c.p .. 'health:' .. r.f.health, r.id)
    index_labels(c, r, 'SADD')
    count_in(c, r, 1)
end

local function unindex(c, r)
    call('SREM', c.p .. 'workers', r.id)
    call('SREM', c.p .. 'status:' .. r.f.status, r.id)
    call('SREM', c.p .. 'health:' .. r.f.health, r.id)
    index_labels(c, r, 'SREM')
    count_in(c, r, -1)
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

-- ------------------------------------------------------------------------------------------------ timers

local function set_timer(c, kind, r, ttl_ms)
    local deadline = int(c.now + math.max(ttl_ms, 1))
    call('SET', c.p .. kind .. ':' .. r.id, r.f.epoch, 'PXAT', deadline)
    return deadline
end

-- kind is alive, recheck or cleanup. The score in the index is never later than the key's own deadline.
local function arm(c, kind, r, ttl_ms)
    call('ZADD', c.p .. 'deadlines', set_timer(c, kind, r, ttl_ms), kind .. ':' .. r.id)
end

local function disarm(c, kind, r)
    call('DEL', c.p .. kind .. ':' .. r.id)
    call('ZREM', c.p .. 'deadlines', kind .. ':' .. r.id)
end

local function arm_alive(c, r)
    arm(c, 'alive', r, number(r, 'heartbeatTimeoutMs'))
end

-- ------------------------------------------------------------------------------------------------ transitions

local function evidence_of(c, r, deadline, found_by)
    local evidence = { foundBy = found_by }
    if given(r.f.lastHeartbeatAt) then
        evidence.lastHeartbeatAt = tonumber(r.f.lastHeartbeatAt)
    end
    if given(r.f.seq) then
        evidence.seq = tonumber(r.f.seq)
    end
    if deadline then
        evidence.deadline = deadline
        evidence.lateMs = c.now - deadline
    end
    return cjson.encode(evidence)
end

-- Takes the jobs away from the worker and advances the epoch; returns what the event has to list.
local function orphan_jobs(c, r, revoke)
    local jobs = given(r.f.jobs) and r.f.jobs or '[]'
    local count = number(r, 'currentJobCount')
    set(r, 'jobs', nil)
    set_load(c, r, 0, number(r, 'maxConcurrentJobs'))
    set(r, 'epoch', draw_epoch(c))
    set_detail(r, 'conflicted', nil)
    if revoke and jobs ~= '[]' then
        set_detail(r, 'revokedJobs', jobs)
    end
    if count == 0 and jobs == '[]' then
        return {}
    end
    return { orphanedJobs = jobs, orphanedJobCount = int(count) }
end

local function turn_unhealthy(c, r, reason, recheck_ms, evidence)
    local from = state(r)
    move_health(c, r, 'UNHEALTHY')
    set(r, 'reason', reason)
    set(r, 'consecutiveFailures', '1')
    arm(c, 'recheck', r, recheck_ms)
    emit(c, r, 'unhealthy', from, reason, { evidence = evidence })
end

local function turn_failed(c, r, reason, evidence)
    local from = state(r)
    move_health(c, r, 'FAILED')
    move_status(c, r, 'ERROR')
    set(r, 'reason', reason)
    disarm(c, 'recheck', r)
    disarm(c, 'alive', r)
    local extra = orphan_jobs(c, r, true)
    extra.evidence = evidence
    arm(c, 'cleanup', r, tonumber(c.args[CLEANUP_MS]))
    emit(c, r, 'failed', from, reason, extra)
end

local function standing_status(r)
    if r.f.maintained then
        return 'MAINTENANCE'
    end
    if r.f.draining then
        return 'DRAINING'
    end
    return r.f.declared or 'ACTIVE'
end

local function turn_recovered(c, r, reason)
    local from = state(r)
    disarm(c, 'recheck', r)
    disarm(c, 'cleanup', r)
    move_health(c, r, 'RECOVERED')
    move_status(c, r, standing_status(r))
    set(r, 'reason', nil)
    set(r, 'consecutiveFailures', '0')
    emit(c, r, 'recovered', from, reason)
end

-- The worker leaves: out of every set, its record kept for the archive's time. left says how it went.
local function depart(c, r, kind, reason, left, extra)
    local from = state(r)
    unindex(c, r)
    for _, timer in ipairs({ 'alive', 'recheck', 'cleanup' }) do
        disarm(c, timer, r)
    end
    set(r, 'status', 'INACTIVE')
    set(r, 'reason', reason)
    set(r, 'left', left)
    set(r, 'draining', nil)
    emit(c, r, kind, from, reason, extra)
    save(c, r)
    local archive_s = int(math.max(tonumber(c.args[ARCHIVE_S]), 1))
    call('EXPIRE', c.p .. 'worker:' .. r.id, archive_s)
    call('EXPIRE', c.p .. 'detail:' .. r.id, archive_s)
end

-- ------------------------------------------------------------------------------------------------ boots

-- Lists of boots are joined by line feeds, which no boot id may hold.
local function lists_boot(list, boot)
    return given(list) and string.find('\n' .. list .. '\n', '\n' .. boot .. '\n', 1, true) ~= nil
end

local function is_superseded(r, boot)
    return given(boot) and boot ~= r.f.bootId and lists_boot(r.d.boots, boot)
end

local function remember_boot(r)
    if not given(r.f.bootId) then
        return
    end
    local boots = r.f.bootId
    local kept = 1
    for boot in string.gmatch(r.d.boots or '', '[^\n]+') do
        if kept < BOOTS_KEPT and boot ~= r.f.bootId then
            boots = boots .. '\n' .. boot
            kept = kept + 1
        end
    end
    set_detail(r, 'boots', boots)
end

-- A superseded boot still speaks: told once for each epoch and boot, and not for what it sent before it was superseded.
local function note_conflict(c, r, boot, sent_at)
    local sent = tonumber(sent_at)
    if not is_live(r) or (sent and sent <= number(r, 'registeredAt')) or lists_boot(r.d.conflicted, boot) then
        return
    end
    set_detail(r, 'conflicted', (r.d.conflicted and r.d.conflicted .. '\n' or '') .. boot)
    emit(c, r, 'conflict', state(r), nil, { evidence = cjson.encode({ bootId = boot }) })
    save(c, r)
end

-- ------------------------------------------------------------------------------------------------ register

local REGISTER = { 'id', 'valid', 'maxAttempts', 'retryDelayMs', 'maxWorkers', 'by', 'bootId', 'connection', 'sentAt',
                   'name', 'maxConcurrentJobs', 'port', 'version', 'priorityThreshold', 'workerLoadFactor', 'zone',
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
    for _, field in ipairs(DETAIL_FIELDS) do
        if r.d[field] ~= a[field] then
            return true
        end
    end
    return false
end

local function take_over_fields(r, a)
    for _, field in ipairs(DECLARED_FIELDS) do
        set(r, field, a[field])
    end
    for _, field in ipairs(DETAIL_FIELDS) do
        set_detail(r, field, a[field])
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
    local r = { id = id, f = {}, d = {}, changed = {}, changed_detail = {} }
    local from, reason, extra = nil, 'worker', {}
    if old then
        from = state(old)
        if is_live(old) then
            reason = a.bootId ~= old.f.bootId and 'takeover' or 'worker'
            extra = orphan_jobs(c, old, false)
            unindex(c, old)
            disarm(c, 'recheck', old)
            disarm(c, 'cleanup', old)
        end
        call('DEL', c.p .. 'worker:' .. id, c.p .. 'detail:' .. id)
        set(r, 'revision', old.f.revision)
        set(r, 'maintained', old.f.maintained)
        if a.bootId ~= old.f.bootId then
            remember_boot(old)
        end
        set_detail(r, 'boots', old.d.boots)
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

local function attempts_left(c, a)
    local key = c.p .. 'attempts:' .. a.id
    if tonumber(call('GET', key) or 0) < tonumber(a.maxAttempts) then
        return true
    end
    return false, math.max(call('PTTL', key), 1)
end

local function count_attempt(c, a)
    local key = c.p .. 'attempts:' .. a.id
    call('INCR', key)
    call('PEXPIRE', key, a.retryDelayMs)
end

local function document(r)
    local worker, detail = {}, {}
    for field, value in pairs(r.f) do
        worker[#worker + 1] = field
        worker[#worker + 1] = value
    end
    for field, value in pairs(r.d) do
        detail[#detail + 1] = field
        detail[#detail + 1] = value
    end
    return { r.id, worker, detail }
end

-- result: {code, retry_after_ms} or {'ok', 0, document}
writer('register', function(c, args)
    local a = named(REGISTER, args, HEADER)
    local allowed, retry_after_ms = attempts_left(c, a)
    if not allowed then
        return { 'rate_limited', retry_after_ms }
    end
    if a.valid ~= '1' then
        count_attempt(c, a)
        return { 'validation_failed', 0 }
    end
    local r = load(c, a.id)
    if r and is_superseded(r, a.bootId) then
        note_conflict(c, r, a.bootId, a.sentAt)
        return { 'superseded', 0, document(r) }
    end
    local max_workers = tonumber(a.maxWorkers)
    if not is_live(r) and max_workers > 0 and call('SCARD', c.p .. 'workers') >= max_workers then
        return { 'registry_full', 0 }
    end
    call('DEL', c.p .. 'attempts:' .. a.id)
    local same_boot = is_live(r) and a.bootId == r.f.bootId and (a.bootId or r.f.health ~= 'FAILED')
    local unfenced = is_live(r) and not a.bootId and r.f.health ~= 'FAILED'
    if same_boot or unfenced then
        register_again(c, r, a)
    else
        r = register_anew(c, r, a)
    end
    return { 'ok', 0, document(r) }
end)

-- ------------------------------------------------------------------------------------------------ heartbeat

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
    if a[JOBS_CONTRADICT] == '1' then
        return 'jobs_inconsistent'
    end
    return nil
end

local function take_jobs(r, a)
    if given(a[JOBS]) then
        set(r, 'jobs', a[JOBS] ~= '[]' and a[JOBS] or nil)
    elseif given(a[JOB_COUNT]) and r.f.jobs and #cjson.decode(r.f.jobs) ~= tonumber(a[JOB_COUNT]) then
        set(r, 'jobs', nil)
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
    take_jobs(r, a)
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
    if says_load or given(a[STATUS]) or given(a[JOBS]) then
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
        local from = state(r)
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

-- result: for each heartbeat that asked or was refused: index, code, epoch, revoked jobs (JSON or ''), interval ms
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
        end
        index_of_item = index_of_item + 1
    end
    return results
end)

-- ------------------------------------------------------------------------------------------------ will

-- A late will was sent some time ago, and its worker may be back: it has one heartbeat interval to show itself.
local function take_late_will(c, r)
    local interval = number(r, 'heartbeatIntervalMs')
    local left = call('PTTL', c.p .. 'alive:' .. r.id)
    if is_trusted(r) and left > interval then
        set(r, 'lost', '1')
        arm(c, 'alive', r, interval)
    end
end

local function take_will(c, r)
    disarm(c, 'alive', r)
    if is_trusted(r) then
        turn_unhealthy(c, r, 'connection_lost', number(r, 'heartbeatIntervalMs'), evidence_of(c, r, nil, 'will'))
    end
end

-- arguments: late, then id, boot, connection of each. result: number of wills that counted
writer('will', function(c, args)
    local counted = 0
    for at = HEADER + 2, #args - 2, 3 do
        local r = load(c, args[at])
        local boot, connection = args[at + 1], args[at + 2]
        if is_live(r) and boot == (r.f.bootId or '') and connection == (r.f.connection or '') then
            counted = counted + 1
            if args[HEADER + 1] == '1' then
                take_late_will(c, r)
            else
                take_will(c, r)
            end
            save(c, r)
        end
    end
    return counted
end)

-- ------------------------------------------------------------------------------------------------ deregister

-- arguments: id, boot, sentAt, force, drain, reason (operator or worker), text, by. result: {code, jobs it still has, epoch}
writer('deregister', function(c, args)
    local id, boot, sent_at, force, drain, reason, text, by = unpack(args, HEADER + 1, HEADER + 8)
    local r = load(c, id)
    if not r or (r.f.status == 'INACTIVE' and r.f.left == 'cleaned_up') then
        return { 'unknown_worker', 0, '' }
    end
    if given(boot) and given(r.f.bootId) and boot ~= r.f.bootId then
        if is_superseded(r, boot) then
            note_conflict(c, r, boot, sent_at)
        end
        return { 'superseded', 0, r.f.epoch }
    end
    if not is_live(r) then
        return { 'ok', 0, r.f.epoch }
    end
    local jobs = number(r, 'currentJobCount')
    local extra = { message = text, by = by }
    if force == '1' then
        for field, value in pairs(orphan_jobs(c, r, true)) do
            extra[field] = value
        end
        depart(c, r, 'deregistered', reason, 'deregistered', extra)
    elseif jobs == 0 then
        depart(c, r, 'deregistered', reason, 'deregistered', extra)
    elseif drain ~= '1' then
        return { 'active_jobs', jobs, r.f.epoch }
    elseif not r.f.draining then
        local from = state(r)
        set(r, 'draining', reason)
        if r.f.health ~= 'FAILED' then
            move_status(c, r, 'DRAINING')
        end
        emit(c, r, 'draining', from, reason, extra)
        save(c, r)
    end
    return { 'ok', number(r, 'currentJobCount'), r.f.epoch }
end)

-- ------------------------------------------------------------------------------------------------ expiry

local function split_member(member)
    return string.match(member, '^(%l+):(.+)$')
end

-- When the member's time was up, and how long it had; nil where nothing is due.
local function due_of(c, member)
    local kind, id = split_member(member)
    local score = tonumber(call('ZSCORE', c.p .. 'deadlines', member))
    if not score or call('EXISTS', c.p .. member) == 1 then
        return nil
    end
    local f = call('HMGET', c.p .. 'worker:' .. id, 'lastHeartbeatAt', 'heartbeatTimeoutMs', 'heartbeatIntervalMs',
        'reason', 'consecutiveFailures', 'lost')
    if kind == 'alive' and f[6] then
        return score, tonumber(f[3])
    elseif kind == 'alive' then
        local timeout = tonumber(f[2]) or 0
        return math.max((tonumber(f[1]) or 0) + timeout, score), timeout
    elseif kind == 'cleanup' then
        return score, tonumber(c.args[CLEANUP_MS])
    elseif f[4] == 'connection_lost' and f[5] == '1' then
        return score, tonumber(f[3])
    end
    return score, tonumber(c.args[CHECK_INTERVAL_MS])
end

local function add_due(c, results, member)
    local deadline, duration = due_of(c, member)
    if deadline then
        local at = #results
        results[at + 1] = member
        results[at + 2] = deadline
        results[at + 3] = duration
    end
end

-- Touches what is due, which makes Redis tell of its expiry at once; lists what has not been claimed for grace_ms.
-- arguments: members to skip, most members, grace ms. result: {members seen, {member, deadline ms, duration ms, …}}
writer('sweep', function(c, args)
    local skip, most, grace_ms = args[HEADER + 1], args[HEADER + 2], tonumber(args[HEADER + 3])
    local due = call('ZRANGEBYSCORE', c.p .. 'deadlines', '-inf', int(c.now), 'WITHSCORES', 'LIMIT', skip, most)
    local unclaimed = {}
    for i = 1, #due, 2 do
        local member, score = due[i], tonumber(due[i + 1])
        local deadline = call('PEXPIRETIME', c.p .. member)
        if deadline >= 0 then
            call('ZADD', c.p .. 'deadlines', int(deadline), member)
        elseif deadline == -1 then
            call('PEXPIRE', c.p .. member, args[HEADER + 3])
        elseif c.now - score >= grace_ms then
            add_due(c, unclaimed, member)
        end
    end
    return { #due / 2, unclaimed }
end)

-- arguments: members. result: {member, deadline ms, duration ms, …} of those that are due
writer('look', function(c, args)
    local results = {}
    for at = HEADER + 1, #args do
        add_due(c, results, args[at])
    end
    return results
end)

local function still_failing(c, r)
    if call('EXISTS', c.p .. 'alive:' .. r.id) == 0 then
        return r.f.reason == 'connection_lost' and 'connection_lost' or 'heartbeat_timeout'
    end
    return r.f.contradiction
end

local function check_again(c, r, evidence)
    local reason = still_failing(c, r)
    if reason then
        local failures = number(r, 'consecutiveFailures') + 1
        set(r, 'consecutiveFailures', int(failures))
        if failures >= tonumber(c.args[MAX_FAILURES]) then
            turn_failed(c, r, reason, evidence)
            return 'failed'
        end
    end
    arm(c, 'recheck', r, tonumber(c.args[CHECK_INTERVAL_MS]))
    return 'rechecked'
end

local function take_step(c, r, kind, deadline, found_by)
    local health = r.f.health
    local evidence = evidence_of(c, r, deadline, found_by)
    if kind == 'alive' and is_trusted(r) then
        call('ZREM', c.p .. 'deadlines', 'alive:' .. r.id)
        turn_unhealthy(c, r, r.f.lost and 'connection_lost' or 'heartbeat_timeout', tonumber(c.args[CHECK_INTERVAL_MS]),
            evidence)
        set(r, 'lost', nil)
        return 'unhealthy'
    elseif kind == 'recheck' and health == 'UNHEALTHY' then
        return check_again(c, r, evidence)
    elseif kind == 'cleanup' and health == 'FAILED' then
        if call('EXISTS', c.p .. 'alive:' .. r.id) == 1 then
            arm(c, 'cleanup', r, tonumber(c.args[CLEANUP_MS]))
            return 'rechecked'
        end
        depart(c, r, 'cleaned_up', r.f.reason, 'cleaned_up', { evidence = evidence })
        return 'cleaned_up'
    end
    call('ZREM', c.p .. 'deadlines', kind .. ':' .. r.id)
    return 'nothing'
end

-- arguments: found by, then member, deadline ms, verdict (take or rearm), rest ms of each.
-- result: {outcome, late ms, …}; outcome 'changed' where the member is due no more
writer('claim', function(c, args)
    local found_by = args[HEADER + 1]
    local results = {}
    for at = HEADER + 2, #args - 3, 4 do
        local member, deadline, verdict = args[at], tonumber(args[at + 1]), args[at + 2]
        local kind, id = split_member(member)
        local outcome = 'changed'
        if due_of(c, member) == deadline then
            local r = load(c, id)
            if not is_live(r) then
                call('ZREM', c.p .. 'deadlines', member)
                outcome = 'nothing'
            elseif verdict == 'rearm' then
                arm(c, kind, r, tonumber(args[at + 3]))
                outcome = 'rearmed'
            else
                outcome = take_step(c, r, kind, deadline, found_by)
                save(c, r)
            end
        end
        results[#results + 1] = outcome
        results[#results + 1] = c.now - deadline
    end
    return results
end)

-- ------------------------------------------------------------------------------------------------ lease

-- arguments: instance, ttl ms. result: {token or '', holder, its ttl ms}
redis.register_function('@LIBRARY@_acquire', function(keys, args)
    local c = open(keys, args)
    local lease = call('GET', c.p .. 'lease')
    if lease then
        return { c.now, 0, { '', string.match(lease, '^%d+ (.*)$') or lease, call('PTTL', c.p .. 'lease') } }
    end
    local token = draw_epoch(c)
    call('SET', c.p .. 'lease', token .. ' ' .. args[1], 'PX', args[2])
    return { c.now, 0, { token, args[1], tonumber(args[2]) } }
end)

-- arguments: ttl ms, hearing since ms, until ms. Keeps the lease, and shows operators what is heard.
writer('renew', function(c, args)
    call('PEXPIRE', c.p .. 'lease', args[HEADER + 1])
    call('HSET', c.p .. 'hearing', 'since', args[HEADER + 2], 'until', args[HEADER + 3])
    return 1
end)

writer('release', function(c)
    call('DEL', c.p .. 'lease')
    return 1
end)

-- ------------------------------------------------------------------------------------------------ outbox

local function read_worker(c, id)
    return { id, call('HGETALL', c.p .. 'worker:' .. id), call('HGETALL', c.p .. 'detail:' .. id) }
end

-- arguments: most entries. result: {cursor, entries as {id, fields}, the workers they are about as {id, worker, detail}}
reader('outbox', function(c, args)
    local cursor = call('GET', c.p .. 'cursor') or '0-0'
    local entries = call('XRANGE', c.p .. 'events', '(' .. cursor, '+', 'COUNT', args[1])
    local workers, seen = {}, {}
    for _, entry in ipairs(entries) do
        local id = fields_of(entry[2]).workerId
        if id and not seen[id] then
            seen[id] = true
            workers[#workers + 1] = read_worker(c, id)
        end
    end
    return { cursor, entries, workers }
end)

-- arguments: cursor, greatest length of the stream. What is not published yet is never cut off.
writer('advance', function(c, args)
    local cursor, max_length = args[HEADER + 1], tonumber(args[HEADER + 2])
    call('SET', c.p .. 'cursor', cursor)
    local last = call('XREVRANGE', c.p .. 'events', '+', '-', 'COUNT', 1)
    if last[1] and last[1][1] == cursor then
        call('XTRIM', c.p .. 'events', 'MAXLEN', '~', int(max_length))
    elseif call('XLEN', c.p .. 'events') > 2 * max_length then
        call('XTRIM', c.p .. 'events', 'MINID', '~', cursor)
    end
    return 1
end)

-- ------------------------------------------------------------------------------------------------ queries

-- arguments: ids. result: {id, worker, detail} of each; empty fields where there is none
reader('read', function(c, args)
    local results = {}
    for i, id in ipairs(args) do
        results[i] = read_worker(c, id)
    end
    return results
end)

local PAGE_BYTES, PAGE_STEPS, STEP_MEMBERS = 256 * 1024, 100, 20

local function bytes_of(flat)
    local bytes = 0
    for _, text in ipairs(flat) do
        bytes = bytes + #text
    end
    return bytes
end

local function is_in_all(c, id, sets, first)
    for i = first, #sets do
        if call('SISMEMBER', c.p .. sets[i], id) == 0 then
            return false
        end
    end
    return true
end

-- arguments: cursor, about how many, then the sets that a worker has to be in. result: {next cursor, workers}
-- A page ends early where it has grown large or has looked at many that do not match.
reader('list', function(c, args)
    local cursor, most = args[1], tonumber(args[2])
    local workers, bytes, steps = {}, 0, 0
    repeat
        local page = call('SSCAN', c.p .. args[3], cursor, 'COUNT', STEP_MEMBERS)
        cursor = page[1]
        steps = steps + 1
        for _, id in ipairs(page[2]) do
            if is_in_all(c, id, args, 4) then
                local worker = read_worker(c, id)
                workers[#workers + 1] = worker
                bytes = bytes + bytes_of(worker[2]) + bytes_of(worker[3])
            end
        end
    until cursor == '0' or #workers >= most or bytes >= PAGE_BYTES or steps == PAGE_STEPS
    return { cursor, workers }
end)

-- arguments: after this id, most entries, worker id or '', type or ''. result: {last id looked at, entries}
reader('events', function(c, args)
    local looked_at, limit = args[1], tonumber(args[2])
    local found, bytes = {}, 0
    local page = call('XRANGE', c.p .. 'events', '(' .. looked_at, '+', 'COUNT', 1000)
    for _, entry in ipairs(page) do
        local fields = fields_of(entry[2])
        if #found >= limit or bytes >= PAGE_BYTES then
            break
        end
        looked_at = entry[1]
        if (args[3] == '' or fields.workerId == args[3]) and (args[4] == '' or fields.type == args[4]) then
            found[#found + 1] = entry
            bytes = bytes + bytes_of(entry[2])
        end
    end
    return { looked_at, found }
end)
