# Finds LibTorch without the CMake package that a CUDA wheel carries: that one demands a CUDA toolkit, and nothing
# here needs more than libtorch_cpu and libc10.
#
# Looked for, in this order (the first two also in the environment):
#   Torch_DIR                 .../share/cmake/Torch of a LibTorch or of an installed Python torch; then nowhere else
#   CMAKE_PREFIX_PATH         the folder that holds include/ and lib/, or what torch.utils.cmake_prefix_path says
#   TORCHSRM_LIBTORCH_ROOT    where `make` puts the pinned wheel: a folder with torch/ and nvidia/ in it
#
# Defines the target LibTorch::LibTorch and LibTorch_VERSION.

set(_libtorch_hints)
if(NOT Torch_DIR AND DEFINED ENV{Torch_DIR})
  set(Torch_DIR "$ENV{Torch_DIR}")
endif()
if(Torch_DIR)
  list(APPEND _libtorch_hints "${Torch_DIR}/../../..")
else()
  string(REPLACE ":" ";" _libtorch_prefixes "$ENV{CMAKE_PREFIX_PATH}")
  foreach(_prefix IN LISTS CMAKE_PREFIX_PATH _libtorch_prefixes)
    list(APPEND _libtorch_hints "${_prefix}" "${_prefix}/../..")
  endforeach()
  if(TORCHSRM_LIBTORCH_ROOT)
    list(APPEND _libtorch_hints "${TORCHSRM_LIBTORCH_ROOT}/torch" "${TORCHSRM_LIBTORCH_ROOT}")
  endif()
endif()

# What was found last time holds no longer when another LibTorch is named for the same build folder.
if(NOT "${_libtorch_hints}" STREQUAL "${LibTorch_LOOKED_IN}")
  foreach(_var INCLUDE_DIR API_INCLUDE_DIR CPU_LIBRARY C10_LIBRARY)
    unset(LibTorch_${_var} CACHE)
  endforeach()
  set(LibTorch_LOOKED_IN "${_libtorch_hints}" CACHE INTERNAL "")
endif()

find_path(LibTorch_INCLUDE_DIR torch/script.h HINTS ${_libtorch_hints} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_path(LibTorch_API_INCLUDE_DIR torch/torch.h HINTS ${_libtorch_hints}
          PATH_SUFFIXES include/torch/csrc/api/include NO_DEFAULT_PATH)
find_library(LibTorch_CPU_LIBRARY torch_cpu HINTS ${_libtorch_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 HINTS ${_libtorch_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)

if(LibTorch_INCLUDE_DIR AND EXISTS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h")
  file(READ "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h" _libtorch_version_h)
elseif(LibTorch_INCLUDE_DIR AND EXISTS "${LibTorch_API_INCLUDE_DIR}/torch/version.h")
  file(READ "${LibTorch_API_INCLUDE_DIR}/torch/version.h" _libtorch_version_h)
endif()
if(_libtorch_version_h MATCHES "TORCH_VERSION_MAJOR ([0-9]+).*TORCH_VERSION_MINOR ([0-9]+).*TORCH_VERSION_PATCH ([0-9]+)")
  set(LibTorch_VERSION "${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR LibTorch_API_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "Run `make`, which installs the pinned LibTorch into .deps, or name yours: -DTorch_DIR=.../share/cmake/Torch")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  get_filename_component(_libtorch_lib_dir "${LibTorch_CPU_LIBRARY}" DIRECTORY)
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION "${LibTorch_C10_LIBRARY}")
  add_library(LibTorch::LibTorch SHARED IMPORTED)
  set_target_properties(LibTorch::LibTorch PROPERTIES
    IMPORTED_LOCATION "${LibTorch_CPU_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_INCLUDE_DIR};${LibTorch_API_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES LibTorch::c10)
  # A CUDA wheel's libtorch_cpu needs libcudart and libcupti at run time; in a pip layout its own RPATH finds them in
  # the neighbouring nvidia folder. The linker must be told where they are, since it checks what a library needs.
  file(GLOB _libtorch_nvidia "${_libtorch_lib_dir}/../../nvidia/cu*/lib" "${_libtorch_lib_dir}/../../nvidia/*/lib")
  foreach(_dir IN LISTS _libtorch_nvidia)
    target_link_options(LibTorch::LibTorch INTERFACE "LINKER:-rpath-link,${_dir}")
  endforeach()
endif()
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_API_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)
