# Installs the npm packages of the page into the current folder, which holds its package.json and
# package-lock.json, and writes down for which lock file: -DSTAMP=FILE -DNPM=PROGRAM
#
# The network is asked only when the lock file's content is another one. A branch that was switched
# there and back changes its time, not its content.
cmake_minimum_required(VERSION 3.25)

file(SHA256 package-lock.json wanted)
set(installed "")
if(EXISTS ${STAMP})
  file(READ ${STAMP} installed)
endif()
if(NOT installed STREQUAL wanted)
  file(REMOVE ${STAMP})
  # No package needs its install scripts here, so none gets to run one.
  execute_process(
    COMMAND ${NPM} ci --omit=dev --ignore-scripts --prefer-offline --no-audit --no-fund
            --loglevel=error
    COMMAND_ERROR_IS_FATAL ANY)
endif()
file(WRITE ${STAMP} ${wanted})
