-- flap.lua -- workers that turn unhealthy and back again and again: held in RECOVERED before they count as HEALTHY.

-- How many returns in what window are one too few, the first hold and the longest, in ms; nil where nobody is held.
local function flap_policy(c)
    if c.flap_policy == nil then
        local most, window, first, longest = string.match(c.args[FLAP], '^(%d+) (%d+) (%d+) (%d+)$')
        c.flap_policy = most and { most = tonumber(most), window = tonumber(window), first = tonumber(first),
                                   longest = tonumber(longest) } or false
    end
    return c.flap_policy
end

-- The moments in the window at which a worker was back, this one first, and how many they are; no more than have to be counted.
local function returns_with_now(c, returns, policy)
    local moments = { c.now_text }
    for moment in string.gmatch(returns or '', '%d+') do
        local age = c.now - tonumber(moment)
        if age >= 0 and age < policy.window and #moments <= policy.most then
            moments[#moments + 1] = moment
        end
    end
    return table.concat(moments, ' '), #moments
end

-- A hold that has longer to go than it ever had is from before the clock was set back.
local function is_held(c, r)
    local left = (tonumber(r.f.heldUntil) or 0) - c.now
    return left > 0 and left <= (tonumber(r.f.holdMs) or 0)
end

local function release_hold(c, r)
    if r.f.heldUntil then
        call('ZREM', c.p .. 'held', r.id)
        set(r, 'heldUntil', nil)
    end
end

local damp
do
    local function hold(c, r, hold_ms)
        local until_ms = int(c.now + hold_ms)
        set(r, 'holdMs', int(hold_ms))
        set(r, 'heldUntil', until_ms)
        call('ZREMRANGEBYSCORE', c.p .. 'held', '-inf', int(c.now))
        call('ZADD', c.p .. 'held', until_ms, r.id)
    end

    -- The worker is back: held where that has been too often, twice as long as the last time, until it has been quiet.
    function damp(c, r)
        local policy = flap_policy(c)
        if not policy then
            return
        end
        local has_returned = r.f.returns
        local returns, count = returns_with_now(c, has_returned, policy)
        set(r, 'returns', returns)
        if count > policy.most or is_held(c, r) then
            local last = tonumber(r.f.holdMs)
            hold(c, r, math.min(last and last * 2 or policy.first, policy.longest))
        elseif has_returned then
            set(r, 'holdMs', nil)
        end
    end
end

-- What a worker has behind it that an operator has set right.
local function forgive(c, r)
    release_hold(c, r)
    set(r, 'holdMs', nil)
    set(r, 'returns', nil)
end
