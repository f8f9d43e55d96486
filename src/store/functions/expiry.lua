-- expiry.lua -- what time does: touching what is due, and claiming its step.

local SWEEP_PARTS = 4

local function split_member(member)
    return string.match(member, '^(%l+):(.+)$')
end

-- When the time of a member was up, and how long it had, by its score and the worker's fields.
local function judge_due(c, kind, score, f)
    if kind == 'alive' and f.lost then
        return score, tonumber(f.heartbeatIntervalMs)
    elseif kind == 'alive' then
        local timeout = tonumber(f.heartbeatTimeoutMs) or 0
        return math.max((tonumber(f.lastHeartbeatAt) or 0) + silence_ms(c, timeout), score), timeout
    elseif kind == 'cleanup' then
        return score, tonumber(c.args[CLEANUP_MS])
    elseif f.reason == 'connection_lost' and f.consecutiveFailures == '1' then
        return score, tonumber(f.heartbeatIntervalMs)
    end
    return score, tonumber(c.args[CHECK_INTERVAL_MS])
end

-- What judge_due reads, and the zone.
local function read_due_fields(c, id)
    local f = call('HMGET', c.worker_key .. id, 'lastHeartbeatAt', 'heartbeatTimeoutMs', 'heartbeatIntervalMs', 'reason',
        'consecutiveFailures', 'lost', 'zone')
    return { lastHeartbeatAt = f[1], heartbeatTimeoutMs = f[2], heartbeatIntervalMs = f[3], reason = f[4],
             consecutiveFailures = f[5], lost = f[6], zone = f[7] }
end

-- What a step of the kind reads, besides what steady tells.
local STEP_FIELDS = {
    alive = { 'steady', 'lastHeartbeatAt', 'seq', 'currentJobCount', 'revision', 'zone' },
    recheck = { 'steady', 'lastHeartbeatAt', 'seq', 'currentJobCount', 'revision', 'consecutiveFailures',
                'heartbeatIntervalMs', 'unhealthySince', 'zone' },
}

-- Deadline ms, duration ms and zone of a member that is due; nil where it has been silent within what was heard, and is a
-- steady worker: the step has been taken then, and is among those taken.
local function look_at(c, member, score, heard, taken)
    local kind, id = split_member(member)
    if kind == 'alive' then
        local deadline, agreed, zone, known, epoch = read_silence(c, id, score)
        if deadline and deadline <= heard.until_ms and heard.since_ms <= deadline - agreed.timeout then
            write_silence(c, id, deadline, agreed, known, epoch, heard.found_by)
            taken[#taken + 1], taken[#taken + 2] = 'unhealthy', c.now - deadline
            return nil
        elseif deadline then
            return deadline, tonumber(agreed.timeout), zone
        end
    end
    local f = read_due_fields(c, id)
    local deadline, duration = judge_due(c, kind, score, f)
    return deadline, duration, f.zone
end

-- Returns the members' keys, and whether any of them is there: what has expired is gone by that.
local function touch(c, members)
    local keys = {}
    for i, member in ipairs(members) do
        keys[i] = c.p .. member
    end
    return keys, #keys > 0 and call('EXISTS', unpack(keys)) > 0
end

-- The scores of those members whose keys are gone; false for the others, and for who has no deadline.
local function due_scores(c, members)
    local keys, any = touch(c, members)
    local scores = #keys > 0 and call('ZMSCORE', c.p .. 'deadlines', unpack(members)) or {}
    for i = 1, any and #keys or 0 do
        scores[i] = call('EXISTS', keys[i]) == 0 and scores[i]
    end
    return scores
end

-- What was heard without interruption, as two arguments tell it from at on: since when, and until when.
local function read_heard(args, at, found_by)
    return { since_ms = tonumber(args[at]), until_ms = tonumber(args[at + 1]), found_by = found_by }
end

-- result: {{member, deadline ms, duration ms, zone, …} of those members that are due, {outcome, late ms, …} of those steps
-- that have been taken: the first failures of who was silent within what was heard, since no brake holds them}
local function list_due(c, members, scores, heard)
    local results, taken, at = {}, {}, 0
    for i, member in ipairs(members) do
        if scores[i] and c.deadlines[member] == nil then
            local deadline, duration, zone = look_at(c, member, tonumber(scores[i]), heard, taken)
            if deadline then
                results[at + 1], results[at + 2], results[at + 3], results[at + 4] = member, deadline, duration, zone or ''
                at = at + 4
            end
        end
    end
    return { results, taken }
end

-- Touches some of those who are due, which makes Redis tell of their expiry at once. Returns them, with the scores of those
-- who have not been claimed for grace_ms, how many those are, and how many of the others stay due.
local function sweep_some(c, skip, most, grace_ms)
    local due = call('ZRANGEBYSCORE', c.p .. 'deadlines', '-inf', c.now_text, 'WITHSCORES', 'LIMIT', int(skip), most)
    local members, scores, listed, staying = {}, {}, 0, 0
    for i = 1, #due, 2 do
        members[#members + 1] = due[i]
        scores[#scores + 1] = due[i + 1]
    end
    local keys, any = touch(c, members)
    for i, member in ipairs(members) do
        local deadline = any and call('PEXPIRETIME', keys[i]) or -2
        local is_listed = deadline == -2 and c.now - scores[i] >= grace_ms
        if deadline >= 0 then
            c.deadlines[member] = int(deadline)
        elseif deadline == -1 then
            call('PEXPIRE', keys[i], grace_ms)
        end
        listed = listed + (is_listed and 1 or 0)
        staying = staying + ((deadline >= 0 or is_listed) and 0 or 1)
        scores[i] = is_listed and scores[i]
    end
    return members, scores, listed, staying
end

-- Of those who are due nearly all live, in a large fleet, and have only to be looked at again later: several parts of
-- them are seen in one call, until one has somebody to be listed, whose step takes far longer.
-- arguments: heard since, heard until, members to skip, most members of a part, grace ms.
-- result: {members seen, of those who stay due and are not listed, 1 where more are due, what list_due returns}
writer('sweep', function(c, args)
    local heard = read_heard(args, HEADER + 1, 'sweep')
    local skip, most, grace_ms = tonumber(args[HEADER + 3]), tonumber(args[HEADER + 4]), tonumber(args[HEADER + 5])
    local seen, staying, parts = 0, 0, 0
    local members, scores, listed, stays
    repeat
        members, scores, listed, stays = sweep_some(c, skip + seen, most, grace_ms)
        seen, staying, parts = seen + #members, staying + stays, parts + 1
    until listed > 0 or #members < most or parts == SWEEP_PARTS
    return { seen, staying, #members < most and 0 or 1, list_due(c, members, scores, heard) }
end)

-- arguments: heard since, heard until, then members. result: what list_due returns
writer('look', function(c, args)
    local members = { unpack(args, HEADER + 3) }
    return list_due(c, members, due_scores(c, members), read_heard(args, HEADER + 1, 'event'))
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

-- Returns the outcome for one member.
local function claim_one(c, member, score, deadline, rearm_ms, found_by)
    local kind, id = split_member(member)
    if not score or c.deadlines[member] ~= nil then
        return 'changed'
    end
    if kind == 'alive' and not rearm_ms then
        local due, agreed, _, known, epoch = read_silence(c, id, tonumber(score))
        if due == deadline then
            write_silence(c, id, due, agreed, known, epoch, found_by)
            return 'unhealthy'
        end
    end
    local names = STEP_FIELDS[kind]
    local r
    if names then
        r = load_part(c, id, names)
    else
        r = load(c, id)
    end
    if judge_due(c, kind, tonumber(score), r and r.f or {}) ~= deadline then
        return 'changed'
    elseif not is_live(r) then
        c.deadlines[member] = false
        return 'nothing'
    elseif rearm_ms then
        arm(c, kind, r, rearm_ms)
        return 'rearmed'
    end
    local outcome = take_step(c, r, kind, deadline, found_by)
    save(c, r)
    return outcome
end

-- arguments: found by, then member, deadline ms, verdict (take or rearm), rest ms of each.
-- result: {outcome, late ms, …}; outcome 'changed' where the member is due no more
writer('claim', function(c, args)
    local found_by, results, members = args[HEADER + 1], {}, {}
    for at = HEADER + 2, #args - 3, 4 do
        members[#members + 1] = args[at]
    end
    local scores = due_scores(c, members)
    for i, member in ipairs(members) do
        local at = HEADER - 2 + 4 * i
        local deadline, rearm_ms = tonumber(args[at + 1]), args[at + 2] == 'rearm' and tonumber(args[at + 3])
        results[2 * i - 1] = claim_one(c, member, scores[i], deadline, rearm_ms, found_by)
        results[2 * i] = c.now - deadline
    end
    return results
end)

local function bring_near(c, member, score)
    local kind, id = split_member(member)
    local f = read_due_fields(c, id)
    local _, duration = judge_due(c, kind, score, f)
    local latest = c.now + (kind == 'alive' and silence_ms(c, duration) or duration)
    if call('PEXPIRETIME', c.p .. member) > latest then
        call('PEXPIREAT', c.p .. member, int(latest))
    end
    if score > latest then
        call('ZADD', c.p .. 'deadlines', int(latest), member)
    end
    if (tonumber(f.lastHeartbeatAt) or 0) > c.now then
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
