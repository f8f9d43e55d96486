-- memory.lua -- what follows from texts that come again and again is worked out once.

local TEXTS_KEPT = 10000

-- Returns a table of what has been derived from texts, and the function that adds to it what is not there.
local function new_memory(derive)
    local memory, kept = {}, 0
    return memory, function(text)
        if kept >= TEXTS_KEPT then
            for known in pairs(memory) do
                memory[known] = nil
            end
            kept = 0
        end
        local derived = derive(text)
        memory[text], kept = derived, kept + 1
        return derived
    end
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
