-- expiry.lua -- what time does: touching what is due, and claiming its step.

local function split_member(member)
    return string.match(member, '^(%l+):(.+)$')
end

-- When the time of a member was up, and how long it had, by its score and the worker's fields as read by due_of.
local function judge_due(c, kind, score, f)
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

-- What judge_due reads, and the zone.
local function read_due_fields(c, id)
    return call('HMGET', c.p .. 'worker:' .. id, 'lastHeartbeatAt', 'heartbeatTimeoutMs', 'heartbeatIntervalMs',
        'reason', 'consecutiveFailures', 'lost', 'zone')
end

-- When the member's time was up, how long it had, and the worker's zone or ''; nil where nothing is due.
local function due_of(c, member)
    local kind, id = split_member(member)
    local score = deadline_of(c, member)
    if not score or call('EXISTS', c.p .. member) == 1 then
        return nil
    end
    local f = read_due_fields(c, id)
    local deadline, duration = judge_due(c, kind, score, f)
    return deadline, duration, f[7] or ''
end

local function add_due(c, results, member)
    local deadline, duration, zone = due_of(c, member)
    if deadline then
        local at = #results
        results[at + 1] = member
        results[at + 2] = deadline
        results[at + 3] = duration
        results[at + 4] = zone
    end
end

-- Touches what is due, which makes Redis tell of its expiry at once; lists what has not been claimed for grace_ms.
-- arguments: members to skip, most members, grace ms. result: {members seen, {member, deadline ms, duration ms, zone, …}}
writer('sweep', function(c, args)
    local skip, most, grace_ms = args[HEADER + 1], args[HEADER + 2], tonumber(args[HEADER + 3])
    local due = call('ZRANGEBYSCORE', c.p .. 'deadlines', '-inf', int(c.now), 'WITHSCORES', 'LIMIT', skip, most)
    local unclaimed = {}
    for i = 1, #due, 2 do
        local member, score = due[i], tonumber(due[i + 1])
        local deadline = call('PEXPIRETIME', c.p .. member)
        if deadline >= 0 then
            c.deadlines[member] = int(deadline)
        elseif deadline == -1 then
            call('PEXPIRE', c.p .. member, args[HEADER + 3])
        elseif c.now - score >= grace_ms then
            add_due(c, unclaimed, member)
        end
    end
    return { #due / 2, unclaimed }
end)

-- arguments: members. result: {member, deadline ms, duration ms, zone, …} of those that are due
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
        c.deadlines['alive:' .. r.id] = false
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
    if kind == 'alive' and health == 'UNHEALTHY' then
        mark_missing(c, r)
    end
    c.deadlines[kind .. ':' .. r.id] = false
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
                c.deadlines[member] = false
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

local function bring_near(c, member, score)
    local kind, id = split_member(member)
    local f = read_due_fields(c, id)
    local _, duration = judge_due(c, kind, score, f)
    local latest = c.now + duration
    if call('PEXPIRETIME', c.p .. member) > latest then
        call('PEXPIREAT', c.p .. member, int(latest))
    end
    if score > latest then
        call('ZADD', c.p .. 'deadlines', int(latest), member)
    end
    if (tonumber(f[1]) or 0) > c.now then
        call('HSET', c.p .. 'worker:' .. id, 'lastHeartbeatAt', int(c.now))
    end
end

-- Redis's clock has gone back: what is armed comes due no later than had it been armed now.
-- arguments: place, "0" at first. result: the next place, "0" at the end
writer('bring_near', function(c, args)
    local found = call('ZSCAN', c.p .. 'deadlines', args[HEADER + 1], 'COUNT', 100)
    for i = 1, #found[2], 2 do
        bring_near(c, found[2][i], tonumber(found[2][i + 1]))
    end
    if found[1] == '0' then
        note_time(c)
    end
    return found[1]
end)
