-- boot.lua -- the starts of a worker before the present one.

-- Lists of boots are joined by line feeds, which no boot id may hold.
local function lists_boot(list, boot)
    return given(list) and string.find('\n' .. list .. '\n', '\n' .. boot .. '\n', 1, true) ~= nil
end

local function is_superseded(r, boot)
    return given(boot) and boot ~= r.f.bootId and lists_boot(r.f.boots, boot)
end

local function remember_boot(r)
    if not given(r.f.bootId) then
        return
    end
    local boots = r.f.bootId
    local kept = 1
    for boot in string.gmatch(r.f.boots or '', '[^\n]+') do
        if kept < BOOTS_KEPT and boot ~= r.f.bootId then
            boots = boots .. '\n' .. boot
            kept = kept + 1
        end
    end
    set(r, 'boots', boots)
end

-- A superseded boot still speaks: told once for each epoch and boot, and not for what it sent before it was superseded.
local function note_conflict(c, r, boot, sent_at)
    local sent = tonumber(sent_at)
    if not is_live(r) or (sent and sent <= number(r, 'registeredAt')) or lists_boot(r.f.conflicted, boot) then
        return
    end
    set(r, 'conflicted', (r.f.conflicted and r.f.conflicted .. '\n' or '') .. boot)
    emit(c, r, 'conflict', state(r), nil, { evidence = cjson.encode({ bootId = boot }) })
    save(c, r)
end
