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

local function is_number(text)
    return text ~= nil and string.find(text, '^%d+$') ~= nil
end

local function steady_of(r)
    local f = r.f
    if f.health ~= 'HEALTHY' or is_pending(r) or f.status ~= standing_status(r) or
        not (is_number(f.currentJobCount) and is_number(f.maxConcurrentJobs) and is_number(f.heartbeatTimeoutMs)) or
        f.maxConcurrentJobs - f.currentJobCount ~= tonumber(f.availableCapacity) or tonumber(f.availableCapacity) < 0 then
        return ''
    end
    return table.concat({ f.connection or '', f.epoch, f.declared or '', f.heartbeatTimeoutMs, f.maxConcurrentJobs,
                          f.errorCount or '', given(f.jobs) and #cjson.decode(f.jobs) or 0, f.bootId or '' }, ' ')
end

-- Connection, epoch, terms, boot.
local STEADY = '^(%d*) (%d+) (%u* %d+ %d+ %d* %d+) (.*)$'

local function read_terms(text)
    local status, timeout, most, errors, listed = string.match(text, '^(%u*) (%d+) (%d+) (%d*) (%d+)$')
    return { status = status, timeout = timeout, most = tonumber(most), errors = errors, listed = listed }
end
