# install_floors(FLOORS... from below): what `cmake --install` takes of the library, in two components.
#
#   library  libcoterie_FLOOR.a in lib/, headers in include/coterie/FLOOR/, find_package(Coterie) and
#            coterie-socketio.pc. The include root is include/coterie, so programs write
#            `#include "socketio/server.hpp"` inside and outside of this tree.
#   server   bin/coterie (server/CMakeLists.txt)
#
# coterie_boost goes with them: it holds Boost.JSON's code, which base links.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

function(install_floors)
  set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Coterie)
  set(targets coterie_boost)
  set(LINKED -lcoterie_boost)  # For the .pc: whoever uses comes before what it uses.
  foreach(floor ${ARGN})
    set_target_properties(coterie_${floor} PROPERTIES EXPORT_NAME ${floor})
    list(APPEND targets coterie_${floor})
    list(PREPEND LINKED -lcoterie_${floor})
  endforeach()
  set_target_properties(coterie_boost PROPERTIES EXPORT_NAME boost)

  install(TARGETS ${targets} EXPORT Coterie COMPONENT library
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/coterie COMPONENT library
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/coterie)
  install(EXPORT Coterie NAMESPACE coterie:: FILE CoterieTargets.cmake
    DESTINATION ${config_dir} COMPONENT library)
  write_basic_package_version_file(CoterieConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(
    FILES ${PROJECT_SOURCE_DIR}/cmake/CoterieConfig.cmake
          ${CMAKE_CURRENT_BINARY_DIR}/CoterieConfigVersion.cmake
    DESTINATION ${config_dir} COMPONENT library)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
    DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT library)

  # Relative to the file itself: `cmake --install --prefix` decides the place last.
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
    BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE PREFIX_FROM_PC)
  list(JOIN LINKED " " LINKED)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/coterie-socketio.pc.in coterie-socketio.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/coterie-socketio.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
endfunction()
