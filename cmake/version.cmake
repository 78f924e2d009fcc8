# Writes moola_version.h from the checkout's state; leaves the file alone when nothing changed, so that nothing is rebuilt.
find_program(GIT git)
set(commit unknown)
set(dirty 0)
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} rev-parse HEAD OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE
                  RESULT_VARIABLE failed ERROR_QUIET)
  if(NOT failed)
    set(commit ${head})
    execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes)
      set(dirty 1)
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once
#define MOOLA_VERSION \"${VERSION}\"
#define MOOLA_GIT_COMMIT \"${commit}\"
#define MOOLA_GIT_DIRTY ${dirty}
")
