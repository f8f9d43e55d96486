# muster_manual(<program> <section>): the page of the manual that the program prints, built and installed.
# The date is that of the configuration, or SOURCE_DATE_EPOCH's.
string(TIMESTAMP MUSTER_DATE "%Y-%m-%d" UTC)

function(muster_manual program section)
  set(page ${CMAKE_BINARY_DIR}/man/man${section}/${program}.${section})
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man/man${section}
    COMMAND ${program} --manual > ${page}
    DEPENDS ${program}
    VERBATIM)
  add_custom_target(${program}_manual ALL DEPENDS ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()
