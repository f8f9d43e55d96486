-- transition.lua -- from one health to the next, and out.

local function evidence_of(c, r, deadline, found_by)
    local last, seq = r.f.lastHeartbeatAt, r.f.seq
    return '{"foundBy":"' .. found_by .. '"' .. (given(last) and ',"lastHeartbeatAt":' .. last or '') ..
        (given(seq) and ',"seq":' .. seq or '') ..
        (deadline and ',"deadline":' .. int(deadline) .. ',"lateMs":' .. int(c.now - deadline) or '') ..
        (r.contested and ',"job":' .. cjson.encode(r.contested.job) .. ',"heldBy":' .. cjson.encode(r.contested.by) or '') ..
        '}'
end

-- Takes the jobs away from the worker and advances the epoch; returns what the event has to list.
local function orphan_jobs(c, r, revoke)
    local jobs = given(r.f.jobs) and r.f.jobs or '[]'
    local count = number(r, 'currentJobCount')
    hold_jobs(c, r, nil)
    set_load(c, r, 0, number(r, 'maxConcurrentJobs'))
    set(r, 'epoch', draw_epoch(c))
    set(r, 'conflicted', nil)
    if revoke and jobs ~= '[]' then
        set(r, 'revokedJobs', jobs)
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
    if reason == 'heartbeat_timeout' or reason == 'connection_lost' then
        mark_missing(c, r)
    end
    set(r, 'consecutiveFailures', '1')
    arm(c, 'recheck', r, recheck_ms)
    emit(c, r, 'unhealthy', from, reason, { evidence = evidence })
end

local function turn_failed(c, r, reason, evidence)
    local from = state(r)
    move_health(c, r, 'FAILED')
    unmark_missing(c, r)
    release_hold(c, r)
    move_status(c, r, 'ERROR')
    set(r, 'reason', reason)
    disarm(c, 'recheck', r)
    disarm(c, 'alive', r)
    local extra = orphan_jobs(c, r, true)
    extra.evidence = evidence
    arm(c, 'cleanup', r, tonumber(c.args[CLEANUP_MS]))
    emit(c, r, 'failed', from, reason, extra)
end

local function turn_recovered(c, r, reason, extra)
    local from = state(r)
    disarm(c, 'recheck', r)
    disarm(c, 'cleanup', r)
    move_health(c, r, 'RECOVERED')
    unmark_missing(c, r)
    move_status(c, r, standing_status(r))
    set(r, 'reason', nil)
    set(r, 'consecutiveFailures', '0')
    if reason == 'operator' then
        forgive(c, r)
    else
        damp(c, r)
    end
    emit(c, r, 'recovered', from, reason, extra)
end

-- The worker leaves: out of every set, its record kept for the archive's time. left says how it went.
local function depart(c, r, kind, reason, left, extra)
    local from = state(r)
    unindex(c, r)
    hold_jobs(c, r, nil)
    set(r, 'missing', nil)
    release_hold(c, r)
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
