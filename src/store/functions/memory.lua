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
