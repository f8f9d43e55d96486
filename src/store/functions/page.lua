-- page.lua -- a page of workers, filled by the steps of a scan. Work is counted in glances at one member of one set, about
-- half a microsecond each; after about WORK_MAX of them a call ends and says where to go on.

local PAGE_BYTES, WORK_MAX, STEP = 256 * 1024, 4000, 200
local WORK_OF_STEP, WORK_OF_WORKER = 5, 25

local function bytes_of(flat)
    local bytes = 0
    for _, text in ipairs(flat) do
        bytes = bytes + #text
    end
    return bytes
end

-- counted has the work so far.
local function begin_page(most, counted)
    return { workers = {}, bytes = 0, most = tonumber(most), counted = counted }
end

local function add_to_page(c, page, id)
    local worker = read_worker(c, id)
    page.counted.work = page.counted.work + WORK_OF_WORKER
    page.workers[#page.workers + 1] = worker
    page.bytes = page.bytes + bytes_of(worker[2]) + bytes_of(worker[3])
end

local function is_full(page)
    return #page.workers >= page.most or page.bytes >= PAGE_BYTES or page.counted.work >= WORK_MAX
end

-- Takes whole steps of a scan, and none that does not fit: whoever goes on from the cursor returned misses nobody. nil at
-- the end.
local function take_steps(c, page, cursor, scan, match)
    local count = math.min(STEP, page.most)
    repeat
        local step = scan(cursor, count)
        local ids = match(step[2])
        page.counted.work = page.counted.work + WORK_OF_STEP
        if #page.workers + #ids <= page.most or (count == 1 and #page.workers == 0) then
            for _, id in ipairs(ids) do
                add_to_page(c, page, id)
            end
            cursor = step[1]
            if cursor == '0' then
                return nil
            end
            count = math.max(math.min(STEP, page.most - #page.workers), 1)
        elseif count > 1 then
            count = 1
        else
            return cursor
        end
    until is_full(page)
    return cursor
end
