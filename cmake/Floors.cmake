# floor(NAME SOURCES... FLOORS lower floors... LINK outside libraries... PRIVATE_LINK ...)
#
# One static library per floor of the house, with every header of the floor's folder. A floor links
# the floors below it and nothing else of ours, so an upward include does not even find its header's
# library (tools/tidy.py checks the includes themselves).
function(floor name)
  cmake_parse_arguments(ARG "" "" "SOURCES;FLOORS;LINK;PRIVATE_LINK" ${ARGN})
  file(GLOB headers CONFIGURE_DEPENDS ${name}/*.hpp)
  add_library(coterie_${name} STATIC ${ARG_SOURCES})
  add_library(coterie::${name} ALIAS coterie_${name})
  target_sources(coterie_${name} PUBLIC
    FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR} FILES ${headers})
  target_compile_features(coterie_${name} PUBLIC cxx_std_20)
  foreach(lower ${ARG_FLOORS})
    target_link_libraries(coterie_${name} PUBLIC coterie_${lower})
  endforeach()
  target_link_libraries(coterie_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
  precompile(coterie_${name})
endfunction()

# precompile(TARGET [LIBRARY HEADER]): what nearly every file reads is read once. For builds whose only
# end is to be tested: those for users compile without, and so show what a file forgot to include.
set(precompiled_headers <algorithm> <chrono> <deque> <functional> <map> <memory> <mutex> <optional>
  <set> <span> <string> <string_view> <unordered_map> <vector> <boost/json.hpp> <fmt/format.h>)
function(precompile target)
  if(NOT COTERIE_PRECOMPILE)
    return()
  endif()
  set(donor coterie_precompiled${ARGC})
  if(NOT TARGET ${donor})
    list(POP_FRONT ARGN library)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${donor}.cpp CONTENT "")
    add_library(${donor} OBJECT ${CMAKE_BINARY_DIR}/${donor}.cpp)
    target_link_libraries(${donor} PRIVATE coterie_boost spdlog::spdlog Threads::Threads ${library})
    target_precompile_headers(${donor} PRIVATE ${precompiled_headers} ${ARGN})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${donor})
endfunction()
