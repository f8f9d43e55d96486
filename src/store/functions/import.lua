-- import.lua -- workers made again from their records, or from registration documents.

local ITEM = { 'id', 'name', 'maxConcurrentJobs', 'port', 'version', 'priorityThreshold', 'workerLoadFactor', 'zone',
               'heartbeatTimeoutMs', 'heartbeatIntervalMs', 'hostName', 'hostAddress', 'capabilities', 'tags', 'bootId',
               'connection', 'epoch', 'revision', 'status', 'health', 'reason', 'registeredAt', 'lastHeartbeatAt',
               'currentJobCount', 'availableCapacity', 'cpuUsage', 'memoryUsage', 'errorCount', 'consecutiveFailures',
               'declared', 'draining', 'maintained', 'left', 'contradiction', 'seq', 'sentAt', 'heartbeats',
               'unhealthySince', 'unhealthyMs', 'jobs', 'message', 'lastError', 'lastErrorAt', 'revokedJobs', 'boots' }
local RESTORED = { 'bootId', 'connection', 'cpuUsage', 'memoryUsage', 'declared', 'draining', 'maintained', 'seq', 'sentAt',
                   'unhealthyMs', 'message', 'lastError', 'lastErrorAt', 'revokedJobs', 'boots' }
local DECLARABLE = { ACTIVE = true, IDLE = true, BUSY = true, MAINTENANCE = true, ERROR = true }
local EPOCH_AHEAD_US = 366 * 86400 * 1000000

local function named(names, args, at)
    local values = {}
    for i, name in ipairs(names) do
        if given(args[at + i]) then
            values[name] = args[at + i]
        end
    end
    return values
end

-- Returns the code that refuses the item, 'same' where the registry has it already, or nil.
local function refuse_item(c, r, a, force, max_workers)
    local epoch, gone = tonumber(a.epoch), a.status == 'INACTIVE'
    if epoch and epoch > c.now_us + EPOCH_AHEAD_US then
        return 'validation_failed'
    elseif r and epoch == tonumber(r.f.epoch) and is_live(r) ~= gone then
        return 'same'
    elseif is_live(r) and (gone or not force) and (gone or (epoch or 0) < tonumber(r.f.epoch)) then
        return 'superseded'
    elseif r and not is_live(r) and not force and epoch and epoch <= tonumber(r.f.epoch) then
        return 'deregistered'
    elseif not gone and not is_live(r) and is_full_at(c, max_workers) then
        return 'registry_full'
    end
    return nil
end

local function clear_away(c, old)
    local extra = {}
    if is_live(old) then
        extra = orphan_jobs(c, old, false)
        unindex(c, old)
        release_hold(c, old)
        for _, timer in ipairs({ 'alive', 'recheck', 'cleanup' }) do
            disarm(c, timer, old)
        end
    end
    call('DEL', c.p .. 'worker:' .. old.id, c.p .. 'detail:' .. old.id)
    return extra
end

-- The epoch that the worker had, where that is later than any that this registry gave it; all later ones are greater.
local function settle_epoch(c, a, old)
    local epoch = tonumber(a.epoch)
    if not epoch or (old and epoch <= tonumber(old.f.epoch)) then
        return draw_epoch(c)
    end
    if epoch > latest_epoch(c) then
        c.epoch, c.has_drawn = epoch, true
    end
    return int(epoch)
end

local function restore_load(c, r, a)
    local jobs = tonumber(a.currentJobCount) or #jobs_of(a.jobs)
    set(r, 'currentJobCount', int(jobs))
    set(r, 'availableCapacity', a.availableCapacity or int(math.max(tonumber(a.maxConcurrentJobs) - jobs, 0)))
    if a.status ~= 'INACTIVE' then
        hold_jobs(c, r, a.jobs)
    end
end

local function restore_status(r, a)
    if a.status == 'INACTIVE' then
        set(r, 'status', 'INACTIVE')
        set(r, 'left', a.left or 'deregistered')
        set(r, 'reason', a.reason or 'operator')
        return
    end
    if a.status == 'DRAINING' and not r.f.draining then
        set(r, 'draining', 'operator')
    elseif DECLARABLE[a.status] and not r.f.declared and not r.f.maintained and a.health ~= 'FAILED' then
        set(r, 'declared', a.status)
    end
    set(r, 'status', a.health == 'FAILED' and 'ERROR' or standing_status(r))
end

local function restore_health(c, r, a)
    set(r, 'health', a.health or 'HEALTHY')
    set(r, 'consecutiveFailures', a.consecutiveFailures or '0')
    if is_trusted(r) or not is_live(r) then
        return
    end
    set(r, 'reason', a.reason or 'heartbeat_timeout')
    set(r, 'contradiction', a.contradiction)
    set(r, 'unhealthySince', int(math.min(tonumber(a.unhealthySince) or c.now, c.now)))
    if r.f.health == 'UNHEALTHY' and (r.f.reason == 'heartbeat_timeout' or r.f.reason == 'connection_lost') then
        set(r, 'missing', '1')
    end
end

local function arm_anew(c, r)
    if r.f.health == 'FAILED' then
        arm(c, 'cleanup', r, tonumber(c.args[CLEANUP_MS]))
        return
    end
    arm_alive(c, r)
    if r.f.health == 'UNHEALTHY' then
        arm(c, 'recheck', r, tonumber(c.args[CHECK_INTERVAL_MS]))
    end
end

local function import_worker(c, old, a, by)
    local r = new_record(a.id, {})
    local extra = old and clear_away(c, old) or {}
    take_over_fields(r, a)
    for _, field in ipairs(RESTORED) do
        set(r, field, a[field])
    end
    set(r, 'epoch', settle_epoch(c, a, old))
    set(r, 'revision', int(math.max(tonumber(a.revision) or 0, old and number(old, 'revision') or 0)))
    set(r, 'registeredAt', int(math.min(tonumber(a.registeredAt) or c.now, c.now)))
    set(r, 'lastHeartbeatAt', int(math.min(tonumber(a.lastHeartbeatAt) or c.now, c.now)))
    set(r, 'updatedAt', int(c.now))
    set(r, 'errorCount', a.errorCount or '0')
    set(r, 'heartbeats', a.heartbeats or '0')
    restore_status(r, a)
    restore_load(c, r, a)
    restore_health(c, r, a)
    if is_live(r) then
        index(c, r)
        arm_anew(c, r)
        extra.by, extra.message = by, 'imported'
        emit(c, r, 'registered', old and state(old) or nil, 'operator', extra)
    end
    save(c, r)
    if not is_live(r) then
        call('EXPIRE', c.p .. 'worker:' .. r.id, c.args[ARCHIVE_S])
        call('EXPIRE', c.p .. 'detail:' .. r.id, c.args[ARCHIVE_S])
    end
    return r.f.epoch
end

-- arguments: force, by, most workers, then the fields of each item as in ITEM. result: {code, epoch, …}
writer('import', function(c, args)
    local force, by, max_workers = args[HEADER + 1] == '1', args[HEADER + 2], tonumber(args[HEADER + 3])
    local results = {}
    for at = HEADER + 3, #args - #ITEM, #ITEM do
        local a = named(ITEM, args, at)
        local r = load(c, a.id)
        local code = refuse_item(c, r, a, force, max_workers)
        results[#results + 1] = code or 'ok'
        results[#results + 1] = code and (r and r.f.epoch or '') or import_worker(c, r, a, by)
    end
    return results
end)
