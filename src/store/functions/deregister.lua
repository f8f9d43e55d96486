-- deregister.lua -- a goodbye: plain, forced, or after the jobs.

-- arguments: id, boot, sentAt, force, drain, reason (operator or worker), text, by. result: {code, jobs it still has, epoch}
writer('deregister', function(c, args)
    local id, boot, sent_at, force, drain, reason, text, by = unpack(args, HEADER + 1, HEADER + 8)
    local r = load(c, id)
    if not r or (r.f.status == 'INACTIVE' and r.f.left == 'cleaned_up') then
        return { 'unknown_worker', 0, '' }
    end
    if given(boot) and given(r.f.bootId) and boot ~= r.f.bootId then
        if is_superseded(r, boot) then
            note_conflict(c, r, boot, sent_at)
        end
        return { 'superseded', 0, r.f.epoch }
    end
    if not is_live(r) then
        return { 'ok', 0, r.f.epoch }
    end
    local jobs = number(r, 'currentJobCount')
    local extra = { message = text, by = by }
    if force == '1' then
        for field, value in pairs(orphan_jobs(c, r, true)) do
            extra[field] = value
        end
        depart(c, r, 'deregistered', reason, 'deregistered', extra)
    elseif jobs == 0 then
        depart(c, r, 'deregistered', reason, 'deregistered', extra)
    elseif drain ~= '1' then
        return { 'active_jobs', jobs, r.f.epoch }
    elseif not r.f.draining then
        local from = state(r)
        set(r, 'draining', reason)
        if r.f.health ~= 'FAILED' then
            move_status(c, r, standing_status(r))
        end
        emit(c, r, 'draining', from, reason, extra)
        save(c, r)
    end
    return { 'ok', number(r, 'currentJobCount'), r.f.epoch }
end)
