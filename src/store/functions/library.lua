#!lua name=@LIBRARY@
-- library.lua -- every transition of a worker, each call atomic. Decides nothing about validity, hearing or the brake:
-- those verdicts arrive as arguments. Keys and fields: contract, section 5; transitions: section 6.
--
-- Every function takes one key, the prefix "muster:{p}:", and returns {now_ms, events_added, result}.
-- A writing function's first arguments are the header below; a stale token writes nothing.

-- There are none of these while the library is being loaded, and as globals they would be looked for in two tables.
local function find_globals()
    return redis.call, rawget, unpack, pairs, ipairs, tonumber, setmetatable
end
local call, rawget, unpack, pairs, ipairs, tonumber, setmetatable

local TOKEN, DECIDED_MS, CHECK_INTERVAL_MS, MAX_FAILURES, AUTO_RECOVERY, CLEANUP_MS, ARCHIVE_S, FLAP, MERGE_MS =
    1, 2, 3, 4, 5, 6, 7, 8, 9
local HEADER = 9
local DECISION_MAX_AGE_MS = 1000
local BOOTS_KEPT = 8

local STATUS_COUNTERS = {
    ACTIVE = 'activeWorkers', IDLE = 'idleWorkers', BUSY = 'busyWorkers', MAINTENANCE = 'maintenanceWorkers',
    ERROR = 'failedWorkers', DRAINING = 'drainingWorkers',
}
local DECLARED_FIELDS = { 'name', 'maxConcurrentJobs', 'port', 'version', 'priorityThreshold', 'workerLoadFactor',
                          'zone', 'heartbeatTimeoutMs', 'heartbeatIntervalMs', 'hostName', 'hostAddress', 'capabilities',
                          'tags' }

-- Small numbers come again and again.
local SMALL, small_texts = 10000, {}

local function int(number)
    local text = small_texts[number]
    if not text then
        text = string.format('%d', number)
        if number >= 0 and number < SMALL then
            small_texts[number] = text
        end
    end
    return text
end

local function given(text)
    return text ~= nil and text ~= false and text ~= ''
end

-- Calls a command of a key and what has been gathered for it, unless that is nothing.
local function call_with_any(command)
    if #command > 2 then
        call(unpack(command))
    end
end
