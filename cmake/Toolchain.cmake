# What every target is compiled and linked with: warnings as errors, sanitizers, ccache and mold where they are.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")

find_program(CCACHE ccache)
if(CCACHE)
  # A precompiled header defeats ccache unless it may ignore the header's time stamp.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1)
  add_link_options(-fuse-ld=mold)
endif()

set(MOOLA_SANITIZE "" CACHE STRING "Sanitizers to compile in, as -fsanitize= takes them")
if(MOOLA_SANITIZE)
  add_compile_options(-fsanitize=${MOOLA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${MOOLA_SANITIZE})
endif()

add_compile_options(-fPIC  # everywhere, not -fPIE for programs: they share precompiled headers with the floors
                    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>  # lets ccache work with them
                    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
                    $<$<CONFIG:Release>:-g1> $<$<CONFIG:Debug>:-D_GLIBCXX_ASSERTIONS>
                    # GCC 12 sees overlapping copies in std::string that are not there (GCC bug 105651).
                    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                    $<$<CXX_COMPILER_ID:Clang>:-Wno-unknown-pragmas>  # hints for GCC's loops
                    # An expression contracted on one compiler version and not on another would change hashed bytes.
                    -ffp-contract=off)
# DT_RPATH, unlike DT_RUNPATH, also serves the libraries that a library of ours needs in turn.
add_link_options(-Wl,--as-needed -Wl,--disable-new-dtags)
set(CMAKE_INSTALL_RPATH $ORIGIN/../lib)
