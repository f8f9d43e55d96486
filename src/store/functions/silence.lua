-- silence.lua -- the first failure of a steady worker that is silent: what expiry.lua would write for it.
--
-- Whatever is not certain to be such a step is left to expiry.lua, whose rules are the only ones; see steady.lua. Where a site
-- dies, all of its workers take this step at the same instant.

local silence_of, take_silence
do
    -- When the time of a steady worker's alive key was up, its epoch, and what its heartbeats agree with; nil where steady
    -- does not tell.
    function silence_of(steady, last, score)
        local epoch, s_terms = string.match(steady or '', '^%d* (%d+) [^\n]*\n(.*)$')
        local agreed = epoch and last and (terms[s_terms] or to_terms(s_terms))
        if not (agreed and agreed.sound) then
            return nil
        end
        local silent_since = last + agreed.timeout
        return silent_since > score and silent_since or score, epoch, agreed
    end

    -- The arguments, used again for each.
    local changes = { 'HSET', '', 'steady', '', 'revision', '', 'updatedAt', '', 'health', 'UNHEALTHY', 'consecutiveFailures',
                      '1', 'unhealthySince', '', 'missing', '1', 'reason', 'heartbeat_timeout' }
    local from, extra = { status = '', health = 'HEALTHY' }, { evidence = '' }
    local missed = { id = '', f = { zone = '', lastHeartbeatAt = '', seq = '' } }

    local function move(c, id)
        c.deadlines['alive:' .. id], c.free[id] = false, false
        gather_member(c, 'health:HEALTHY', id, false)
        gather_member(c, 'health:UNHEALTHY', id, true)
        count_missing(c, missed, 1)
    end

    -- Returns false, and has written nothing, where it is not such a step.
    function take_silence(c, id, score, deadline, found_by)
        local key = c.worker_key .. id
        local known = call('HMGET', key, 'steady', 'lastHeartbeatAt', 'seq', 'revision', 'zone')
        local steady, last, revision = known[1], known[2], known[4]
        local due, epoch, agreed = silence_of(steady, last, score)
        if due ~= deadline or not revision then
            return false
        end
        local status, next_revision = agreed.status ~= '' and agreed.status or 'ACTIVE', int(revision + 1)
        local r = missed
        r.id, r.f.zone, r.f.lastHeartbeatAt, r.f.seq = id, known[5], last, known[3]
        r.f.epoch = epoch
        move(c, id)
        arm(c, 'recheck', r, tonumber(c.args[CHECK_INTERVAL_MS]))
        from.status, extra.evidence = status, evidence_of(c, r, deadline, found_by)
        add_event(c, 'unhealthy', id, epoch, next_revision, from, status, 'UNHEALTHY', 'heartbeat_timeout', extra)
        changes[2], changes[4], changes[6], changes[8], changes[14] = key, 'U' .. steady, next_revision, c.now_text, c.now_text
        call(unpack(changes))
        return true
    end
end
