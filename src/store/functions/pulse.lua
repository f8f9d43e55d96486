-- pulse.lua -- the heartbeat of a steady worker that says no more than new numbers: what heartbeat.lua would write for it.
--
-- Whatever is not certain to change nothing else is left to heartbeat.lua, whose rules are the only ones; see steady.lua.
-- This runs for nearly every heartbeat: it reads once, and remembers what it has worked out before.

local take_pulse
do
    local numbers, to_number = new_memory(function(text)
        return tonumber(text)
    end)
    local successors, to_successor = new_memory(function(text)
        return int(tonumber(text) + 1)
    end)
    local terms, to_terms = new_memory(read_terms)

    -- What is rarely told: nothing of it, or the list of jobs as it was.
    local function tells_nothing(key, rest, jobs_listed)
        if rest[1] ~= '' or rest[3] ~= '' or rest[4] ~= '' then
            return false
        elseif rest[2] == '[]' then
            return jobs_listed == '0'
        end
        return rest[2] == '' or (jobs_listed ~= '0' and rest[2] == call('HGET', key, 'jobs'))
    end

    local function deadline_in(c, timeout)
        local deadline = int(c.now + math.max(tonumber(timeout), 1))
        c.deadline_in[timeout] = deadline
        return deadline
    end

    local function change_load(c, id, status, change, free)
        local r = { id = id }
        add_total(c, r, 'usedCapacity', change)
        add_total(c, r, 'availableCapacity', -change)
        c.free[id] = GIVEN_WORK[status] and free or false
    end

    local pulse = { 'HSET', '', 'heartbeats', '', 'lastHeartbeatAt', '' } -- the arguments, used again for each

    -- Returns false, and has written nothing, where the heartbeat is not such a one.
    function take_pulse(c, id, status, jobs, available, cpu, memory, seq, sent_at, epoch, boot, connection, errors, rest)
        local key = c.worker_key .. id
        local known = call('HMGET', key, 'steady', 'heartbeats', 'seq', 'currentJobCount')
        local is_steady, _, s_connection, s_epoch, s_terms, s_boot = string.find(known[1] or '', STEADY)
        if not is_steady or (boot ~= '' and boot ~= s_boot) or (connection ~= '' and connection ~= s_connection) or
            (epoch ~= '' and epoch ~= s_epoch) or (seq ~= '' and known[3] and seq + 0 <= known[3] + 0) then
            return false
        end
        local agreed = terms[s_terms] or to_terms(s_terms)
        if (status ~= '' and status ~= agreed.status) or (errors ~= '' and errors ~= agreed.errors) then
            return false
        end
        local was, is_counted, timeout, listed = known[4], jobs ~= '', agreed.timeout, agreed.listed
        jobs = is_counted and jobs or was
        local was_free = agreed.most - (numbers[was] or to_number(was))
        local free = jobs == was and was_free or agreed.most - (numbers[jobs] or to_number(jobs))
        if free < 0 or (available ~= '' and (numbers[available] or to_number(available)) ~= free) or
            (free > 0) ~= (was_free > 0) or (agreed.status == 'IDLE' and jobs ~= '0') or
            (is_counted and listed ~= '0' and listed ~= jobs) or (rest and not tells_nothing(key, rest, listed)) or
            call('PEXPIREAT', c.alive_key .. id, c.deadline_in[timeout] or deadline_in(c, timeout)) == 0 then
            return false
        end
        local heartbeats = known[2]
        pulse[2], pulse[4], pulse[6] = key, successors[heartbeats] or to_successor(heartbeats), c.now_text
        local at = 6
        if seq ~= '' then
            pulse[7], pulse[8], at = 'seq', seq, 8
        end
        if sent_at ~= '' then
            pulse[at + 1], pulse[at + 2], at = 'sentAt', sent_at, at + 2
        end
        if cpu ~= '' then
            pulse[at + 1], pulse[at + 2], at = 'cpuUsage', cpu, at + 2
        end
        if memory ~= '' then
            pulse[at + 1], pulse[at + 2], at = 'memoryUsage', memory, at + 2
        end
        if jobs ~= was then
            local free_text = int(free)
            pulse[at + 1], pulse[at + 2] = 'currentJobCount', jobs
            pulse[at + 3], pulse[at + 4], at = 'availableCapacity', free_text, at + 4
            change_load(c, id, agreed.status ~= '' and agreed.status or 'ACTIVE', was_free - free, free_text)
        end
        call(unpack(pulse, 1, at))
        return true
    end
end
