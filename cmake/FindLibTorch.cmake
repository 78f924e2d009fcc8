# LibTorch as imported targets of our own: LibTorch::torch_cpu (with c10) and, where the files are, LibTorch::torch_cuda.
#
# The wheel's own package (find_package(Torch)) demands a CUDA toolkit at configure time and forces a language dialect;
# a program that uses the CPU side needs neither. Looked for in -DLIBTORCH=DIR, $LIBTORCH, then the checkout's .venv.
#   LIBTORCH          the folder that holds include/ and lib/
#   LibTorch_VERSION  as torch/version.h says
#   LIBTORCH_RUNTIME_LIBRARIES       what an installed program must bring along
#   LIBTORCH_CUDA_RUNTIME_LIBRARIES  what it must bring beyond that for GPUs
set(LIBTORCH "$ENV{LIBTORCH}" CACHE PATH "LibTorch: a folder with include/ and lib/ (empty: the wheel in .venv)")
set(_roots ${LIBTORCH})
file(GLOB _wheels ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
if(NOT _roots)
  set(_roots ${_wheels})
endif()

find_path(LibTorch_INCLUDE_DIR ATen/ATen.h PATHS ${_roots} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(LibTorch_CPU_LIBRARY torch_cpu PATHS ${_roots} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 PATHS ${_roots} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(LibTorch_CUDA_LIBRARY torch_cuda PATHS ${_roots} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_CUDA_LIBRARY c10_cuda PATHS ${_roots} PATH_SUFFIXES lib NO_DEFAULT_PATH)

if(LibTorch_INCLUDE_DIR)
  # The numbers moved from one header to another with release 2.9.
  foreach(_header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(EXISTS ${LibTorch_INCLUDE_DIR}/${_header})
      file(STRINGS ${LibTorch_INCLUDE_DIR}/${_header} _lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
      string(REGEX MATCHALL "[0-9]+" _numbers "${_lines}")
      if(_numbers)
        list(JOIN _numbers "." LibTorch_VERSION)
        break()
      endif()
    endif()
  endforeach()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run ./tools/setup, or name one with -DLIBTORCH=DIR")

if(LibTorch_FOUND AND NOT TARGET LibTorch::torch_cpu)
  get_filename_component(_lib ${LibTorch_CPU_LIBRARY} DIRECTORY)
  # The wheel keeps CUDA's run-time library, which even its CPU side names, in folders beside itself.
  get_filename_component(_site ${_lib}/../.. ABSOLUTE)
  set(LIBTORCH_SITE_PACKAGES ${_site})
  file(GLOB _cuda_runtime_dirs ${_site}/nvidia/cu13/lib ${_site}/nvidia/*/lib)
  list(REMOVE_DUPLICATES _cuda_runtime_dirs)
  set(LIBTORCH_LIBRARY_DIRS ${_lib} ${_cuda_runtime_dirs})

  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES
    IMPORTED_LOCATION ${LibTorch_C10_LIBRARY}
    # After the system's folders: the wheel brings headers of other projects along (fmt 12) that do not fit the libraries we link.
    INTERFACE_COMPILE_OPTIONS "SHELL:-idirafter ${LibTorch_INCLUDE_DIR};SHELL:-idirafter ${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_COMPILE_DEFINITIONS _GLIBCXX_USE_CXX11_ABI=1)
  add_library(LibTorch::torch_cpu SHARED IMPORTED)
  set_target_properties(LibTorch::torch_cpu PROPERTIES
    IMPORTED_LOCATION ${LibTorch_CPU_LIBRARY}
    # torch_cpu names CUDA libraries that a machine without a GPU need not have.
    INTERFACE_LINK_OPTIONS -Wl,--allow-shlib-undefined
    INTERFACE_LINK_LIBRARIES LibTorch::c10)
  file(GLOB LIBTORCH_RUNTIME_LIBRARIES ${_lib}/libc10.so* ${_lib}/libtorch_cpu.so* ${_lib}/libgomp*.so*)
  foreach(_dir IN LISTS _cuda_runtime_dirs)
    file(GLOB _more ${_dir}/libcudart.so.* ${_dir}/libcupti.so.*)
    list(APPEND LIBTORCH_RUNTIME_LIBRARIES ${_more})
  endforeach()

  if(LibTorch_CUDA_LIBRARY AND LibTorch_C10_CUDA_LIBRARY)
    add_library(LibTorch::c10_cuda SHARED IMPORTED)
    set_target_properties(LibTorch::c10_cuda PROPERTIES IMPORTED_LOCATION ${LibTorch_C10_CUDA_LIBRARY}
      INTERFACE_LINK_LIBRARIES LibTorch::c10)
    add_library(LibTorch::torch_cuda SHARED IMPORTED)
    set_target_properties(LibTorch::torch_cuda PROPERTIES IMPORTED_LOCATION ${LibTorch_CUDA_LIBRARY}
      INTERFACE_LINK_LIBRARIES "LibTorch::c10_cuda;LibTorch::torch_cpu")
    # In one folder, as PyTorch's own archives for C++ have them.
    file(GLOB LIBTORCH_CUDA_RUNTIME_LIBRARIES ${_lib}/libc10_cuda.so* ${_lib}/libtorch_cuda*.so* ${_lib}/libtorch_nvshmem.so*
         ${_lib}/libcu*.so* ${_lib}/libnv*.so* ${_lib}/libnccl*.so* ${_site}/nvidia/*/lib/*.so*)
    list(REMOVE_ITEM LIBTORCH_CUDA_RUNTIME_LIBRARIES ${LIBTORCH_RUNTIME_LIBRARIES})
  endif()
endif()
