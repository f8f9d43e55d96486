-- operate.lua -- what an operator does to workers: recover, maintain, resume, forget, clean up.

local CLEANUP_MOST = 20

local function document(r)
    local worker = {}
    for field, value in pairs(r.f) do
        worker[#worker + 1] = field
        worker[#worker + 1] = value
    end
    return { r.id, worker }
end

local function recover(c, r, extra)
    if is_held(c, r) then
        forgive(c, r)
        return 'ok'
    elseif is_trusted(r) then
        return 'forbidden'
    end
    if r.f.declared == 'ERROR' then
        set(r, 'declared', nil)
    end
    set(r, 'contradiction', nil)
    set(r, 'lost', nil)
    arm_alive(c, r)
    turn_recovered(c, r, 'operator', extra)
    return 'ok'
end

-- A FAILED worker shows ERROR until it has recovered.
local function set_maintained(c, r, maintained, extra)
    if r.f.maintained == maintained then
        return 'ok'
    end
    local from = state(r)
    set(r, 'maintained', maintained)
    if r.f.health ~= 'FAILED' then
        move_status(c, r, standing_status(r))
    end
    emit(c, r, 'status', from, 'operator', extra)
    return 'ok'
end

local function maintain(c, r, extra)
    return set_maintained(c, r, '1', extra)
end

local function resume(c, r, extra)
    return set_maintained(c, r, nil, extra)
end

local function clean_up(c, r, extra)
    if r.f.health ~= 'FAILED' then
        return 'forbidden'
    end
    depart(c, r, 'cleaned_up', 'operator', 'cleaned_up', extra)
    return 'ok'
end

local function forget(c, r, extra)
    if is_live(r) then
        return 'forbidden'
    end
    call('DEL', c.p .. 'worker:' .. r.id, c.p .. 'detail:' .. r.id)
    note_down(c, 'forgotten', r.id, extra)
    return 'ok'
end

local OPERATIONS = { recover = recover, maintain = maintain, resume = resume, cleanup = clean_up }

-- arguments: verb, id, message, by. result: {code, document}
writer('operate', function(c, args)
    local verb, id, message, by = unpack(args, HEADER + 1, HEADER + 4)
    local r = load(c, id)
    local extra = { message = message, by = by }
    if not r then
        return { 'not_found' }
    elseif verb == 'forget' then
        return { forget(c, r, extra), document(r) }
    elseif not is_live(r) then
        return { 'deregistered', document(r) }
    end
    local code = OPERATIONS[verb](c, r, extra)
    save(c, r)
    return { code, document(r) }
end)

-- Cleans up some of the FAILED workers, and takes who is not one out of their set: each call makes it smaller.
-- arguments: message, by. result: {workers cleaned up, members left}
writer('cleanup', function(c, args)
    local message, by = args[HEADER + 1], args[HEADER + 2]
    local cleaned = 0
    for _, id in ipairs(call('SRANDMEMBER', c.p .. 'health:FAILED', CLEANUP_MOST)) do
        local r = load(c, id)
        if is_live(r) and r.f.health == 'FAILED' then
            clean_up(c, r, { message = message, by = by })
            cleaned = cleaned + 1
        else
            call('SREM', c.p .. 'health:FAILED', id)
        end
    end
    write_gathered(c)
    return { cleaned, call('SCARD', c.p .. 'health:FAILED') }
end)
