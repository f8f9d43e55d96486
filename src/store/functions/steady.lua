-- steady.lua -- the one field that says of a worker that all is as it should be, and what its heartbeats have to agree with.
--
-- steady is empty, or "connection epoch status timeout most-jobs errors jobs-listed boot" of a worker that is HEALTHY, shows the
-- status that it has declared, and has nothing pending: no drain, hold, dispute, contradiction or job to be told of as
-- revoked. save() keeps it; whoever writes a record otherwise empties it.

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

local function is_pending(r)
    local f = r.f
    return f.maintained or f.draining or f.lost or f.disputed or f.contradiction or f.heldUntil or f.missing or
        r.f.revokedJobs or f.declared == 'ERROR'
end

local counts, to_count = new_memory(function(text)
    return string.find(text, '^%d+$') and tonumber(text) or false
end)

-- The number in a text of digits, else false.
local function count_of(text)
    if not text then
        return false
    end
    local count = counts[text]
    return count == nil and to_count(text) or count or false
end

local function steady_of(r)
    local f = r.f
    local jobs, most, free = count_of(f.currentJobCount), count_of(f.maxConcurrentJobs), count_of(f.availableCapacity)
    if f.health ~= 'HEALTHY' or is_pending(r) or f.status ~= standing_status(r) or
        not (jobs and most and free and count_of(f.heartbeatTimeoutMs)) or free ~= most - jobs then
        return ''
    end
    local listed = given(f.jobs) and #cjson.decode(f.jobs) or 0
    return (f.connection or '') .. ' ' .. f.epoch .. ' ' .. (f.declared or '') .. ' ' .. f.heartbeatTimeoutMs .. ' ' ..
        f.maxConcurrentJobs .. ' ' .. (f.errorCount or '') .. ' ' .. listed .. ' ' .. (f.bootId or '')
end

-- Connection, epoch, terms, boot.
local STEADY = '^(%d*) (%d+) (%u* %d+ %d+ %d* %d+) (.*)$'

local function read_terms(text)
    local status, timeout, most, errors, listed = string.match(text, '^(%u*) (%d+) (%d+) (%d*) (%d+)$')
    return { status = status, timeout = timeout, most = tonumber(most), errors = errors, listed = listed }
end
