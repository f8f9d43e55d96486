# Puts the parts of the function library together, in the order given, and turns them into a C array. The library's name
# carries the hash of its text, so that daemons of different versions can use one Redis side by side.
# A part in LEAVES gives no names to those after it: it has a scope of its own, since one scope has room for 200 names.
# Arguments: PARTS (paths joined by |), LEAVES (names joined by |), MARK (a word that makes it another version), OUTPUT.
cmake_minimum_required(VERSION 3.25)
string(REPLACE "|" ";" parts "${PARTS}")
string(REPLACE "|" ";" leaves "${LEAVES}")
set(text "")
foreach(part IN LISTS parts)
  file(READ ${part} part_text)
  get_filename_component(name ${part} NAME_WE)
  if(name IN_LIST leaves)
    set(part_text "do\n${part_text}end\n")
  endif()
  string(APPEND text "${part_text}\n")
endforeach()
if(MARK)
  string(APPEND text "-- ${MARK}\n")
endif()
string(SHA1 hash "${text}")
string(SUBSTRING ${hash} 0 10 hash)
set(library muster_${hash})
string(REPLACE "@LIBRARY@" ${library} text "${text}")
file(WRITE ${OUTPUT}.lua "${text}")
file(READ ${OUTPUT}.lua bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "/* Made from the files in functions/; do not edit. */
#include \"store/functions.h\"

const char *const functions_library = \"${library}\";
const unsigned char functions_text[] = {${bytes}};
const size_t functions_text_len = sizeof functions_text;
")
