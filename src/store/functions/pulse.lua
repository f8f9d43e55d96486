-- pulse.lua -- the heartbeat of a steady worker that says no more than new numbers: what heartbeat.lua would write for it.
--
-- Whatever is not certain to change nothing else is left to heartbeat.lua, whose rules are the only ones; see steady.lua.
-- This runs for nearly every heartbeat: it reads once, and remembers what it has worked out before.

local take_pulse, terms_at, hear_terms, tells_nothing
do
    local successors, to_successor = new_memory(function(text)
        return int(tonumber(text) + 1)
    end)

    -- What is rarely told: nothing of it, or the list of jobs as it was.
    function tells_nothing(key, rest, jobs_listed)
        if rest[1] ~= '' or rest[3] ~= '' or rest[4] ~= '' then
            return false
        elseif rest[2] == '[]' then
            return jobs_listed == '0'
        end
        return rest[2] == '' or (jobs_listed ~= '0' and rest[2] == call('HGET', key, 'jobs'))
    end

    local NOBODY = '  \n' -- the identity of a heartbeat that names none

    -- Whether the parts that a heartbeat names of its identity are the worker's; the others may be anything.
    local function names_same(key, identity, steady)
        local connection, epoch, boot = string.match(identity, IDENTITY)
        local s_connection, s_epoch, s_boot = string.match(steady, IDENTITY)
        if s_boot == BOOT_ELSEWHERE and boot ~= '' then
            s_boot = call('HGET', key, 'bootId')
        end
        return epoch and s_epoch and (connection == '' or connection == s_connection) and
            (epoch == '' or epoch == s_epoch) and (boot == '' or boot == s_boot)
    end

    -- Where the terms begin in steady; nil where the worker is another, or not steady.
    function terms_at(key, identity, steady)
        local length = #identity
        if string.sub(steady, 1, length) == identity then
            return length + 1
        end
        local _, line_end = string.find(steady, '^%d* [^\n]*\n')
        return line_end and (identity == NOBODY or names_same(key, identity, steady)) and line_end + 1
    end

    -- What the terms are after a heartbeat that says so; false where it is not certain to change nothing but the jobs.
    function hear_terms(agreed, says)
        local status, jobs, available, errors = string.match(says, SAYS)
        local heard = agreed
        if not agreed.sound then
            return false
        end
        if jobs ~= '' and jobs ~= agreed.jobs then
            local text = terms_with_jobs(agreed, jobs)
            heard = terms[text] or to_terms(text)
        end
        if not heard.sound or (heard.free > 0) ~= (agreed.free > 0) or (status ~= '' and status ~= agreed.status) or
            (errors ~= '' and errors ~= agreed.errors) or (available ~= '' and available ~= heard.free_text) or
            (jobs ~= '' and agreed.listed ~= '0' and agreed.listed ~= jobs) then
            return false
        end
        make_room_in_terms()
        agreed.heard[says] = heard
        return heard
    end

    local function change_load(c, id, agreed, heard)
        local r, change = { id = id }, agreed.free - heard.free
        add_total(c, r, 'usedCapacity', change)
        add_total(c, r, 'availableCapacity', -change)
        c.free[id] = GIVEN_WORK[agreed.status ~= '' and agreed.status or 'ACTIVE'] and heard.free_text or false
    end

    local pulse = { 'HSET', '', 'heartbeats', '', 'lastHeartbeatAt', '' } -- the arguments, used again for each

    -- Returns false, and has written nothing, where the heartbeat is not such a one; and where it is not from such a worker,
    -- what was read: steady, heartbeats, seq.
    function take_pulse(c, id, identity, says, cpu, memory, seq, sent_at, rest)
        local key = c.worker_key .. id
        local known = call('HMGET', key, 'steady', 'heartbeats', 'seq')
        local steady, last_seq = known[1] or '', known[3]
        local at = terms_at(key, identity, steady)
        if not at then
            return false, known
        elseif seq ~= '' and last_seq and seq + 0 <= last_seq + 0 then
            return false
        end
        local text = string.sub(steady, at)
        local agreed = terms[text] or to_terms(text)
        local heard, timeout = agreed.heard[says] or hear_terms(agreed, says), agreed.timeout
        if not heard or (rest and not tells_nothing(key, rest, agreed.listed)) or
            call('PEXPIREAT', c.alive_key .. id, alive_until(c, timeout)) == 0 then
            return false
        end
        local heartbeats = known[2]
        pulse[2], pulse[4], pulse[6] = key, successors[heartbeats] or to_successor(heartbeats), c.now_text
        local last = 6
        if seq ~= '' then
            pulse[7], pulse[8], last = 'seq', seq, 8
        end
        if sent_at ~= '' then
            pulse[last + 1], pulse[last + 2], last = 'sentAt', sent_at, last + 2
        end
        if cpu ~= '' then
            pulse[last + 1], pulse[last + 2], last = 'cpuUsage', cpu, last + 2
        end
        if memory ~= '' then
            pulse[last + 1], pulse[last + 2], last = 'memoryUsage', memory, last + 2
        end
        if heard ~= agreed then
            pulse[last + 1], pulse[last + 2] = 'steady', string.sub(steady, 1, at - 1) .. heard.text
            pulse[last + 3], pulse[last + 4] = 'currentJobCount', heard.jobs
            pulse[last + 5], pulse[last + 6], last = 'availableCapacity', heard.free_text, last + 6
            change_load(c, id, agreed, heard)
        end
        call(unpack(pulse, 1, last))
        return true
    end
end
