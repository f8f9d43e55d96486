-- silence.lua -- the first failure of a steady worker that is silent: what expiry.lua would write for it.
--
-- Whatever is not certain to be such a step is left to expiry.lua, whose rules are the only ones; see steady.lua. Where a site
-- dies, all of its workers take this step at the same instant.

local read_silence, write_silence
do
    local function silence_of(c, steady, last, score)
        local epoch, s_terms = string.match(steady or '', '^%d* (%d+) [^\n]*\n(.*)$')
        local agreed = epoch and last and (terms[s_terms] or to_terms(s_terms))
        if not (agreed and agreed.sound) then
            return nil
        end
        local silent_since = last + silence_ms(c, agreed.timeout)
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

    -- What is known of a steady worker that is silent: when the time of its alive key was up, what its heartbeats agree with,
    -- its zone, and what write_silence takes besides; nil where it is not certain that its next step is of this kind.
    function read_silence(c, id, score)
        local known = call('HMGET', c.worker_key .. id, 'steady', 'lastHeartbeatAt', 'seq', 'revision', 'zone')
        local due, epoch, agreed = silence_of(c, known[1], known[2], score)
        if not (due and known[4]) then
            return nil
        end
        return due, agreed, known[5], known, epoch
    end

    function write_silence(c, id, due, agreed, known, epoch, found_by)
        local status, next_revision = agreed.status ~= '' and agreed.status or 'ACTIVE', int(known[4] + 1)
        local r = missed
        r.id, r.f.zone, r.f.lastHeartbeatAt, r.f.seq, r.f.epoch = id, known[5], known[2], known[3], epoch
        move(c, id)
        arm(c, 'recheck', r, c.args[CHECK_INTERVAL_MS])
        from.status, extra.evidence = status, evidence_of(c, r, due, found_by)
        add_event(c, 'unhealthy', id, epoch, next_revision, from, status, 'UNHEALTHY', 'heartbeat_timeout', extra)
        changes[2], changes[4], changes[6], changes[8], changes[14] = c.worker_key .. id, 'U' .. known[1], next_revision,
            c.now_text, c.now_text
        call(unpack(changes))
    end
end
