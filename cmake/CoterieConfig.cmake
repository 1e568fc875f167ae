# find_package(Coterie 0.1 REQUIRED): the targets coterie::socketio, ::engineio, ::net and ::base.
#
# Static libraries link what they were built on, so each package below is needed to link a program.
include(CMakeFindDependencyMacro)
find_dependency(Boost 1.81)
find_dependency(OpenSSL)
find_dependency(Threads)
find_dependency(ZLIB)
find_dependency(spdlog)
include(${CMAKE_CURRENT_LIST_DIR}/CoterieTargets.cmake)
