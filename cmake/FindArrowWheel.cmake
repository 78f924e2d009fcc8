# Arrow C++ and Parquet as the pyarrow wheel ships them: ArrowWheel::arrow, ArrowWheel::parquet.
# Looked for in -DARROW=DIR (a folder with include/ and the libraries), then the checkout's .venv.
set(ARROW "$ENV{ARROW}" CACHE PATH "Arrow C++: a folder with include/ and libarrow.so.* (empty: the pyarrow wheel in .venv)")
set(_roots ${ARROW})
if(NOT _roots)
  file(GLOB _roots ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/pyarrow)
endif()
find_path(ArrowWheel_INCLUDE_DIR arrow/api.h PATHS ${_roots} PATH_SUFFIXES include NO_DEFAULT_PATH)
foreach(_root IN LISTS _roots)
  foreach(_name arrow parquet)
    file(GLOB _found ${_root}/lib${_name}.so.* ${_root}/lib/lib${_name}.so.*)
    if(_found)
      list(GET _found 0 ArrowWheel_${_name}_LIBRARY)
    endif()
  endforeach()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ArrowWheel
  REQUIRED_VARS ArrowWheel_arrow_LIBRARY ArrowWheel_parquet_LIBRARY ArrowWheel_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "run ./tools/setup, or name one with -DARROW=DIR")

if(ArrowWheel_FOUND AND NOT TARGET ArrowWheel::arrow)
  add_library(ArrowWheel::arrow SHARED IMPORTED GLOBAL)
  set_target_properties(ArrowWheel::arrow PROPERTIES
    IMPORTED_LOCATION ${ArrowWheel_arrow_LIBRARY}
    INTERFACE_LINK_OPTIONS -Wl,--allow-shlib-undefined)
  target_include_directories(ArrowWheel::arrow SYSTEM INTERFACE ${ArrowWheel_INCLUDE_DIR})
  add_library(ArrowWheel::parquet SHARED IMPORTED GLOBAL)
  set_target_properties(ArrowWheel::parquet PROPERTIES
    IMPORTED_LOCATION ${ArrowWheel_parquet_LIBRARY}
    INTERFACE_LINK_LIBRARIES ArrowWheel::arrow)
  set(ARROW_RUNTIME_LIBRARIES ${ArrowWheel_arrow_LIBRARY} ${ArrowWheel_parquet_LIBRARY})
endif()
