-- steady.lua -- the one field that says what nearly every heartbeat has to agree with, and nearly all that a step has to know.
--
-- steady is empty, or two lines, of a worker that shows the status that it has declared, and has nothing pending: no drain,
-- hold, dispute, contradiction, conflict or job to be told of as revoked. The first line is "<mark>connection epoch boot":
-- the mark its health, none where it is HEALTHY, R RECOVERED, U UNHEALTHY by silence, L by a lost connection; the rest its
-- identity, compared whole with that of a heartbeat. The second are the terms, "status timeout most-jobs errors jobs-listed
-- jobs", the same for many workers. save() keeps it; whoever writes a record otherwise empties it.

-- Redis keeps a hash compact while no value is longer than 64 bytes, and jobs may become more: where there is no room for
-- the boot, it is looked up where it is asked for.
local STEADY_BYTES_MAX = 60
local BOOT_ELSEWHERE = '\t' -- no boot can hold it
local SAYS = '^(%u*) (%d*) (%d*) (%d*)$' -- of a heartbeat: status, jobs, free capacity, errors, empty where not told
local IDENTITY = '^(%d*) (%d*) ([^\n]*)\n' -- connection, epoch, boot; of who is HEALTHY, or of a heartbeat

-- What the worker shows while it has not failed.
local function standing_status(r)
    if r.f.maintained then
        return 'MAINTENANCE'
    end
    if r.f.draining then
        return 'DRAINING'
    end
    return r.f.declared or 'ACTIVE'
end

local steady_of
do
    local function is_pending(r)
        local f = r.f
        return f.maintained or f.draining or f.lost or f.disputed or f.contradiction or f.heldUntil or f.conflicted or
            f.revokedJobs or f.declared == 'ERROR'
    end

    local function mark_of(f)
        if f.health ~= 'UNHEALTHY' then
            return not f.missing and (f.health == 'HEALTHY' and '' or f.health == 'RECOVERED' and 'R')
        end
        return f.missing and f.unhealthySince and
            (f.reason == 'heartbeat_timeout' and 'U' or f.reason == 'connection_lost' and 'L')
    end

    function steady_of(r)
        local f = r.f
        local mark = mark_of(f)
        if not mark or is_pending(r) or f.status ~= standing_status(r) then
            return ''
        end
        local jobs, most, free = count_of(f.currentJobCount), count_of(f.maxConcurrentJobs), count_of(f.availableCapacity)
        if not (jobs and most and free and count_of(f.heartbeatTimeoutMs)) or free ~= most - jobs then
            return ''
        end
        local identity, boot = mark .. (f.connection or '') .. ' ' .. f.epoch .. ' ', f.bootId or ''
        local terms = '\n' .. (f.declared or '') .. ' ' .. f.heartbeatTimeoutMs .. ' ' .. f.maxConcurrentJobs .. ' ' ..
            (f.errorCount or '') .. ' ' .. (given(f.jobs) and #cjson.decode(f.jobs) or '0') .. ' ' .. f.currentJobCount
        return identity .. (#identity + #boot + #terms > STEADY_BYTES_MAX and BOOT_ELSEWHERE or boot) .. terms
    end
end

-- What follows from terms; sound where a heartbeat that says the same has nothing against it. heard is what others come to.
local function read_terms(text)
    local status, timeout, most, errors, listed, jobs = string.match(text, '^(%u*) (%d+) (%d+) (%d*) (%d+) (%d+)$')
    if not status then
        return { sound = false, heard = {} }
    end
    local free = tonumber(most) - tonumber(jobs)
    return { text = text, status = status, timeout = timeout, most = most, errors = errors, listed = listed, jobs = jobs,
             free = free, free_text = int(free), sound = free >= 0 and not (status == 'IDLE' and jobs ~= '0'),
             heard = {} }
end

local terms, to_terms, make_room_in_terms = new_memory(read_terms)

local function terms_with_jobs(agreed, jobs)
    return table.concat({ agreed.status, agreed.timeout, agreed.most, agreed.errors, agreed.listed, jobs }, ' ')
end

local read_steady
do
    local HEALTH_OF = { [''] = 'HEALTHY', R = 'RECOVERED', U = 'UNHEALTHY', L = 'UNHEALTHY' }
    local REASON_OF = { [''] = false, R = false, U = 'heartbeat_timeout', L = 'connection_lost' }

    -- The fields of a record as far as steady tells them, false for what is not there; nil where it tells nothing.
    function read_steady(steady)
        local mark, connection, epoch, boot, status, timeout, most, errors, listed =
            string.match(steady or '', '^([RUL]?)(%d*) (%d+) ([^\n]*)\n(%u*) (%d+) (%d+) (%d*) (%d+) %d+$')
        if not mark then
            return nil
        end
        local health, reason, boot_id = HEALTH_OF[mark], REASON_OF[mark], boot ~= '' and boot
        if boot == BOOT_ELSEWHERE then
            boot_id = nil
        end
        return {
            steady = steady, health = health, status = status ~= '' and status or 'ACTIVE', declared = status ~= '' and status,
            reason = reason, missing = reason and '1', unhealthySince = reason and nil,
            connection = connection ~= '' and connection, epoch = epoch, heartbeatTimeoutMs = timeout, maxConcurrentJobs = most,
            errorCount = errors ~= '' and errors, bootId = boot_id, jobs = listed ~= '0' and nil,
            maintained = false, draining = false, lost = false, disputed = false, contradiction = false, heldUntil = false,
            conflicted = false, revokedJobs = false,
            -- Room for what is loaded besides.
            revision = nil, updatedAt = nil, consecutiveFailures = nil, lastHeartbeatAt = nil, seq = nil, zone = nil,
            currentJobCount = nil, availableCapacity = nil,
        }
    end
end
