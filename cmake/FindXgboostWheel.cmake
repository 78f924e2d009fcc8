# XGBoost's library as the wheel xgboost-cpu ships it: XgboostWheel::xgboost. It comes without headers;
# src/models/classifiers/xgboost_api.h declares what we call.
# Looked for in -DXGBOOST=DIR (a folder with libxgboost.so, or with lib/libxgboost.so), then the checkout's .venv.
#   XgboostWheel_VERSION       as the wheel's file VERSION says, where it is there
#   XGBOOST_RUNTIME_LIBRARIES  what an installed program must bring along: the library, and its own libgomp
set(XGBOOST "$ENV{XGBOOST}" CACHE PATH "XGBoost 3: a folder with libxgboost.so (empty: the wheel xgboost-cpu in .venv)")
set(_roots ${XGBOOST})
if(NOT _roots)
  file(GLOB _roots ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/xgboost)
endif()
find_library(XgboostWheel_LIBRARY xgboost PATHS ${_roots} PATH_SUFFIXES lib NO_DEFAULT_PATH)
if(XgboostWheel_LIBRARY)
  get_filename_component(_lib ${XgboostWheel_LIBRARY} DIRECTORY)
  if(EXISTS ${_lib}/../VERSION)
    file(STRINGS ${_lib}/../VERSION XgboostWheel_VERSION LIMIT_COUNT 1)
  endif()
endif()

include(FindPackageHandleStandardArgs)
if(XgboostWheel_VERSION)
  set(_version VERSION_VAR XgboostWheel_VERSION)
endif()
find_package_handle_standard_args(XgboostWheel
  REQUIRED_VARS XgboostWheel_LIBRARY
  ${_version}
  REASON_FAILURE_MESSAGE "run ./tools/setup, or name one with -DXGBOOST=DIR")

if(XgboostWheel_FOUND AND NOT TARGET XgboostWheel::xgboost)
  add_library(XgboostWheel::xgboost SHARED IMPORTED GLOBAL)
  set_target_properties(XgboostWheel::xgboost PROPERTIES IMPORTED_LOCATION ${XgboostWheel_LIBRARY})
  file(GLOB _gomp ${_lib}/../../xgboost_cpu.libs/libgomp*.so*)
  set(XGBOOST_RUNTIME_LIBRARIES ${XgboostWheel_LIBRARY} ${_gomp} CACHE INTERNAL "")
endif()
