# floor(NAME SOURCES... FLOORS lower floors... LINK outside libraries...)
#
# One static library per floor of the house. A floor links the floors below it and nothing else of
# ours, so an upward include does not even find its header's library (tools/tidy.py checks the
# includes themselves).
function(floor name)
  cmake_parse_arguments(ARG "" "" "SOURCES;FLOORS;LINK;PRIVATE_LINK" ${ARGN})
  add_library(coterie_${name} STATIC ${ARG_SOURCES})
  add_library(coterie::${name} ALIAS coterie_${name})
  target_include_directories(coterie_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}>)
  foreach(lower ${ARG_FLOORS})
    target_link_libraries(coterie_${name} PUBLIC coterie_${lower})
  endforeach()
  target_link_libraries(coterie_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
endfunction()
