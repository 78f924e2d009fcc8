# What `cmake --install` brings: a prefix that runs from wherever it lies, from a shared file system or moved.
#   bin/  the programs, which find each other and ../lib by relative paths
#   lib/  LibTorch, Arrow, XGBoost, the GPU part where it was built, and the few Debian libraries that a plain node lacks
#   share/moola/  configurations and the sample
# Open MPI, OpenSSL and the C++ run time stay the system's own: they belong to the cluster.
get_property(programs GLOBAL PROPERTY MOOLA_PROGRAMS)
add_custom_target(moola_programs DEPENDS ${programs})
if(TARGET moola-cuda)
  add_dependencies(moola_programs moola-cuda)
  install(TARGETS moola-cuda LIBRARY DESTINATION lib)
  install(FILES ${LIBTORCH_CUDA_RUNTIME_LIBRARIES} DESTINATION lib)
endif()
if(programs)
  install(RUNTIME_DEPENDENCY_SET moola_runtime
    PRE_EXCLUDE_REGEXES ".*"
    PRE_INCLUDE_REGEXES "^lib(hdf5|sz|aec|spdlog|fmt|date-tz|tomlplusplus|cpp-httplib|brotli|lbfgs)"
    LIBRARY DESTINATION lib)
endif()
if(TARGET LibTorch::torch_cpu)
  install(FILES ${LIBTORCH_RUNTIME_LIBRARIES} DESTINATION lib)
endif()
if(TARGET ArrowWheel::arrow)
  install(FILES $<TARGET_FILE:ArrowWheel::arrow> $<TARGET_FILE:ArrowWheel::parquet> DESTINATION lib)
endif()
if(TARGET XgboostWheel::xgboost)
  install(FILES ${XGBOOST_RUNTIME_LIBRARIES} DESTINATION lib)
endif()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/configs ${CMAKE_SOURCE_DIR}/samples DESTINATION share/moola)
