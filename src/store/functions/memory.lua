-- memory.lua -- what follows from texts that come again and again is worked out once.

local TEXTS_KEPT = 10000

-- Returns a table of what has been derived from texts, the function that adds to it what is not there, and one to call
-- before anything else is kept in what has been derived: together they are kept within bounds.
local function new_memory(derive)
    local memory, kept = {}, 0
    local function make_room()
        if kept >= TEXTS_KEPT then
            for known in pairs(memory) do
                memory[known] = nil
            end
            kept = 0
        end
        kept = kept + 1
    end
    return memory, function(text)
        make_room()
        local derived = derive(text)
        memory[text] = derived
        return derived
    end, make_room
end

-- The number in a text of digits, else false.
local count_of
do
    local counts, to_count = new_memory(function(text)
        return string.find(text, '^%d+$') and tonumber(text) or false
    end)

    function count_of(text)
        if not text then
            return false
        end
        local count = counts[text]
        if count == nil then
            return to_count(text)
        end
        return count
    end
end
