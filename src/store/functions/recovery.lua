-- recovery.lua -- the heartbeat by which a steady worker is back, and the one after: what heartbeat.lua would write for them.
--
-- Whatever is not certain to be such a heartbeat is left to heartbeat.lua, whose rules are the only ones; see steady.lua.
-- Where a site is back, all of its workers take these steps at the same instant.

local take_recovery
do
    -- The arguments, used again for each.
    local sets = { 'HSET', '', 'steady', '', 'revision', '', 'updatedAt', '', 'health', '', 'heartbeats', '',
                   'lastHeartbeatAt', '' }
    local SETS_FIRST = #sets
    local ends = { 'HDEL', '', 'reason', 'missing', 'unhealthySince', 'holdMs' }
    local back = { id = '', f = { zone = '', epoch = '' } }
    local from = { status = '', health = '' }

    local function add(at, field, value)
        if value == '' then
            return at
        end
        sets[at + 1], sets[at + 2] = field, value
        return at + 2
    end

    -- The terms, where it is certain that the heartbeat agrees with them; nil elsewhere.
    local function terms_heard(key, steady, last_seq, identity, says, seq, rest)
        local at = terms_at(key, identity, steady)
        if not at or (seq ~= '' and last_seq and seq + 0 <= last_seq + 0) then
            return nil
        end
        local text = string.sub(steady, at)
        local agreed = terms[text] or to_terms(text)
        local heard = agreed.heard[says] or hear_terms(agreed, says)
        return heard == agreed and not (rest and not tells_nothing(key, rest, agreed.listed)) and agreed
    end

    -- The moments of its returns with this one, '' where they are not counted; nil where the worker is to be held, or has had
    -- more of them than have room where they are.
    local function returns_of(c, id, known, unhealthy_ms)
        local policy = flap_policy(c)
        if not policy then
            return ''
        elseif not known and unhealthy_ms and call('HEXISTS', c.p .. 'detail:' .. id, 'returns') == 1 then
            return nil
        end
        local returns, count = returns_with_now(c, known, policy)
        return count <= policy.most and #returns <= COMPACT_MAX and returns or nil
    end

    local function move(c, kind, status, health, next_health, reason, revision)
        local id = back.id
        gather_member(c, 'health:' .. health, id, false)
        gather_member(c, 'health:' .. next_health, id, true)
        from.status, from.health = status, health
        add_event(c, kind, id, back.f.epoch, revision, from, status, next_health, reason, nil)
        sets[6], sets[8], sets[10] = revision, c.now_text, next_health
    end

    -- From RECOVERED. Returns where the arguments end, or nil, and has written nothing, where it is not certain.
    local function turn_healthy(c, key, steady, status)
        local revision = call('HGET', key, 'revision')
        if not revision then
            return nil
        end
        sets[4] = steady
        move(c, 'healthy', status, 'RECOVERED', 'HEALTHY', nil, int(revision + 1))
        return SETS_FIRST
    end

    -- From UNHEALTHY; else as turn_healthy.
    local function recover(c, key, steady, status, agreed)
        local known = call('HMGET', key, 'revision', 'zone', 'unhealthySince', 'unhealthyMs', 'returns', 'holdMs')
        local id, revision, since, unhealthy_ms, at = back.id, known[1], known[3], known[4], SETS_FIRST
        local returns = c.args[AUTO_RECOVERY] == '1' and returns_of(c, id, known[5], unhealthy_ms)
        if not (returns and since and revision) then
            return nil
        end
        ends[2] = key
        call(unpack(ends, 1, returns ~= '' and known[5] and known[6] and #ends or #ends - 1))
        at = add(at, 'consecutiveFailures', '0')
        at = add(at, 'unhealthyMs', int((tonumber(unhealthy_ms) or 0) + math.max(c.now - since, 0)))
        at = add(at, 'returns', returns)
        back.f.zone = known[2]
        count_missing(c, back, -1)
        disarm(c, 'recheck', back)
        c.deadlines['alive:' .. id] = alive_until(c, agreed.timeout)
        c.free[id] = GIVEN_WORK[status] and agreed.free_text or false
        sets[4] = 'R' .. steady
        move(c, 'recovered', status, 'UNHEALTHY', 'RECOVERED', 'worker', int(revision + 1))
        return at
    end

    -- known is what take_pulse has read. Returns false, and has written nothing, where the heartbeat is not such a one.
    function take_recovery(c, id, known, identity, says, cpu, memory, seq, sent_at, rest)
        local key = c.worker_key .. id
        local mark, steady = string.match(known[1] or '', '^([RUL])(.*)$')
        local agreed = mark and terms_heard(key, steady, known[3], identity, says, seq, rest)
        if not agreed then
            return false
        end
        local status, turn = agreed.status ~= '' and agreed.status or 'ACTIVE', mark == 'R' and turn_healthy or recover
        back.id, back.f.epoch = id, string.match(steady, '^%d* (%d+)')
        local last = turn(c, key, steady, status, agreed)
        if not last then
            return false
        end
        set_timer(c, 'alive', back, silence_ms(c, agreed.timeout))
        sets[2], sets[12], sets[14] = key, int((known[2] or 0) + 1), c.now_text
        last = add(last, 'seq', seq)
        last = add(last, 'sentAt', sent_at)
        last = add(last, 'cpuUsage', cpu)
        last = add(last, 'memoryUsage', memory)
        call(unpack(sets, 1, last))
        return true
    end
end
