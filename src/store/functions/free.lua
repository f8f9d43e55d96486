-- free.lua -- who may be given work, and how much: the sorted set that a scheduler's question is answered from.

local GIVEN_WORK = { ACTIVE = true, IDLE = true, BUSY = true }

local function is_schedulable(r)
    return GIVEN_WORK[r.f.status] and (r.f.health == 'HEALTHY' or r.f.health == 'RECOVERED')
end

local function index_free(c, r)
    c.free[r.id] = is_schedulable(r) and r.f.availableCapacity or false
end
