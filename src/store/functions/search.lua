-- search.lua -- finding workers: page by page through one set, or the best by free capacity.
--
-- A filter in the arguments: '1' for those that may be given work only, least free capacity or '', beginning of the name
-- or '', then the sets that a worker has to be in.

local SLICE, WORK_OF_FIELD = 500, 3
local SORTED_MAX, SORTED_STILL = 1000, 5000

local function filter_of(args, at)
    local filter = { schedulable = args[at] == '1', least = tonumber(args[at + 1]), prefix = args[at + 2], sets = {},
                     work = 0 }
    for i = at + 3, #args do
        filter.sets[#filter.sets + 1] = args[i]
    end
    if #filter.sets == 0 then
        filter.sets[1] = 'workers'
    end
    return filter
end

-- The smallest of the sets, its size, and the share of all workers that is in all of them if they are independent.
local function smallest_set(c, filter)
    local smallest, size, share = 1, math.huge, 1
    local all = math.max(call('SCARD', c.p .. 'workers'), 1)
    for i, set in ipairs(filter.sets) do
        local card = call('SCARD', c.p .. set)
        share = share * math.min(card / all, 1)
        if card < size then
            smallest, size = i, card
        end
    end
    return smallest, size, share
end

local function slice_of(list, from, most)
    local slice = {}
    for i = from, math.min(from + most - 1, #list) do
        slice[#slice + 1] = list[i]
    end
    return slice
end

local function in_set(c, filter, set, ids)
    local kept = {}
    filter.work = filter.work + #ids
    local found = call('SMISMEMBER', c.p .. set, unpack(ids))
    for i, id in ipairs(ids) do
        if found[i] == 1 then
            kept[#kept + 1] = id
        end
    end
    return kept
end

-- Free capacity as text; false of those that may not be given work, where only others are looked for.
local function free_of(c, filter, ids)
    if filter.schedulable then
        filter.work = filter.work + #ids
        return call('ZMSCORE', c.p .. 'free', unpack(ids))
    end
    local free = {}
    for i, id in ipairs(ids) do
        free[i] = '0'
        if filter.least or filter.sorts then
            filter.work = filter.work + WORK_OF_FIELD
            free[i] = call('HGET', c.p .. 'worker:' .. id, 'availableCapacity')
        end
    end
    return free
end

local function has_name(c, filter, id)
    if filter.prefix == '' then
        return true
    end
    filter.work = filter.work + WORK_OF_FIELD
    return string.sub(call('HGET', c.p .. 'worker:' .. id, 'name') or '', 1, #filter.prefix) == filter.prefix
end

-- Adds those of at most SLICE ids, all from one of the sets (or from none: 0), that match, with their free capacity.
local function add_matching(c, filter, from, ids, matches, free)
    filter.work = filter.work + #ids + WORK_OF_STEP
    for i, set in ipairs(filter.sets) do
        if i ~= from and #ids > 0 then
            ids = in_set(c, filter, set, ids)
        end
    end
    local scores = #ids > 0 and free_of(c, filter, ids) or {}
    for i, id in ipairs(ids) do
        local score = scores[i]
        if score and (not filter.least or tonumber(score) >= filter.least) and has_name(c, filter, id) then
            matches[#matches + 1] = id
            free[#free + 1] = score
        end
    end
end

local function matching(c, filter, from, ids)
    local matches, free = {}, {}
    for at = 1, #ids, SLICE do
        add_matching(c, filter, from, slice_of(ids, at, SLICE), matches, free)
    end
    return matches, free
end

-- How many of those that may be given work are free enough.
local function count_eligible(c, filter)
    return call('ZCOUNT', c.p .. 'free', filter.least or '-inf', '+inf')
end

-- The set that needs not be looked into where somebody was found by the free capacity: such a worker is a live one.
local function set_of_free(filter)
    return filter.sets[1] == 'workers' and 1 or 0
end

-- The members of one of the sets, or, of set 0, those that are free enough; with how many there are.
local function count_members(c, filter, from)
    return from == 0 and count_eligible(c, filter) or call('SCARD', c.p .. filter.sets[from])
end

local function all_members(c, filter, from)
    if from == 0 then
        return call('ZRANGEBYSCORE', c.p .. 'free', filter.least or '-inf', '+inf'), set_of_free(filter)
    end
    return call('SMEMBERS', c.p .. filter.sets[from]), from
end

-- Few are looked at whole, in the order of ids, from the one after the last. Returns the last, nil at the end.
local function take_sorted(c, page, filter, from, last)
    local ids, from = all_members(c, filter, from)
    table.sort(ids)
    local at = 1
    while ids[at] and ids[at] <= last do
        at = at + 1
    end
    filter.work = filter.work + #ids
    for begin = at, #ids, SLICE do
        for _, id in ipairs(matching(c, filter, from, slice_of(ids, begin, SLICE))) do
            if #page.workers >= page.most or page.bytes >= PAGE_BYTES then
                return page.workers[#page.workers][1]
            end
            add_to_page(c, page, id)
        end
        if is_full(page) and ids[begin + SLICE] then
            return ids[begin + SLICE - 1]
        end
    end
    return nil
end

-- At all who are free enough, where these are few; else through the smallest set.
local function begin_list(c, filter)
    local smallest, size = smallest_set(c, filter)
    if filter.schedulable and size > SORTED_MAX and count_eligible(c, filter) <= SORTED_MAX then
        return 0, 's', ''
    end
    return smallest, size <= SORTED_MAX and 's' or 'b', size <= SORTED_MAX and '' or '0'
end

-- arguments: where the page begins ('' at the start, else <set>-s<last id> or <set>-b<cursor>), most, filter.
-- result: {where the next one begins or '', workers}
reader('list', function(c, args)
    local filter = filter_of(args, 3)
    local page = begin_page(args[2], filter)
    local set, way, at = string.match(args[1], '^(%d+)%-([sb])(.*)$')
    set = tonumber(set)
    local is_free = set == 0 and way == 's' and filter.schedulable
    if not is_free and not filter.sets[set] then
        set, way, at = begin_list(c, filter)
    elseif way == 's' and count_members(c, filter, set) > SORTED_STILL then
        set, way, at = (smallest_set(c, filter)), 'b', '0' -- there are more now: once more, by steps
    end
    local next_at
    if way == 's' then
        next_at = take_sorted(c, page, filter, set, at)
    else
        next_at = take_steps(c, page, at, function(cursor, count)
            return call('SSCAN', c.p .. filter.sets[set], cursor, 'COUNT', count)
        end, function(ids)
            return matching(c, filter, set, ids)
        end)
    end
    return { next_at and int(set) .. '-' .. way .. next_at or '', page.workers }
end)

-- Where it is quickest to look: along the free capacity, or through the smallest set.
local function begin_pick(c, filter, most)
    local smallest, size, share = smallest_set(c, filter)
    if size == 0 then
        return nil
    end
    if filter.schedulable then
        if math.min(count_eligible(c, filter), most / share) <= size then
            return 'w', 0
        end
    end
    return 'b', smallest, '0'
end

local function add_pairs(picked, matches, free, most)
    for i, id in ipairs(matches) do
        if #picked >= 2 * most then
            return
        end
        picked[#picked + 1] = id
        picked[#picked + 1] = free[i]
    end
end

-- Where to go on after the one who was looked at last, at the rank before this: those before it may have changed places.
local function rank_after(c, rank, last)
    local at = call('ZREVRANK', c.p .. 'free', last)
    return at and math.min(at + 1, rank) or rank
end

-- Along the free capacity from the rank on, the freest first. Returns where to go on, nil where the rest is of no use.
local function pick_walking(c, filter, rank, most, picked)
    local from, last = set_of_free(filter), nil
    local slice = math.max(math.min(most, SLICE), STEP)
    local eligible = count_eligible(c, filter)
    while rank < eligible do
        local ids = call('ZREVRANGE', c.p .. 'free', int(rank), int(math.min(rank + slice, eligible) - 1))
        last = ids[#ids]
        local matches, free = matching(c, filter, from, ids)
        add_pairs(picked, matches, free, most)
        rank = rank + slice
        if #picked >= 2 * most then
            return nil
        elseif filter.work >= WORK_MAX and rank < eligible then
            return int(rank) .. '-w' .. last
        end
    end
    return nil
end

local function pick_scanning(c, filter, set, cursor, picked)
    repeat
        local step = call('SSCAN', c.p .. filter.sets[set], cursor, 'COUNT', STEP)
        cursor = step[1]
        local matches, free = matching(c, filter, set, step[2])
        add_pairs(picked, matches, free, math.huge)
    until cursor == '0' or filter.work >= WORK_MAX
    return cursor ~= '0' and int(set) .. '-b' .. cursor or nil
end

-- Where a walk along the free capacity goes on; or, where far more has been looked at than was thought, and the rest is more
-- than the smallest set, that set from its beginning.
local function go_on_walking(c, filter, most, rank, last)
    local smallest, size, share = smallest_set(c, filter)
    if rank > math.min(size / 4, 4 * most / share) and count_eligible(c, filter) - rank > size then
        return 'b', smallest, '0'
    end
    return 'w', rank_after(c, rank, last)
end

-- The freest of those that match. arguments: where ('' at the start, else <rank>-w<last id> or <set>-b<cursor>), most,
-- filter. result: {where to go on or '', {id, free capacity, …}}
reader('pick', function(c, args)
    local most, picked = tonumber(args[2]), {}
    local filter = filter_of(args, 3)
    filter.sorts = true
    local number, way, at = string.match(args[1], '^(%d+)%-([wb])(.*)$')
    number = tonumber(number)
    if way == 'w' and filter.schedulable then
        way, number, at = go_on_walking(c, filter, most, number, at)
    elseif way ~= 'b' or not filter.sets[number] then
        way, number, at = begin_pick(c, filter, most)
    end
    local next_at
    if way == 'w' then
        next_at = pick_walking(c, filter, number, most, picked)
    elseif way == 'b' then
        next_at = pick_scanning(c, filter, number, at, picked)
    end
    return { next_at or '', picked }
end)
