# What every target of this project shares, and the one way in which its targets are made.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# The command of a build is build/<preset>/torchsrm.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

add_library(torchsrm_build_settings INTERFACE)
target_compile_options(torchsrm_build_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                       $<$<BOOL:${TORCHSRM_DEVELOPER}>:-Werror>)
# Counts are compared with a float64 brute force: no contraction, no reassociation behind our back.
target_compile_options(torchsrm_build_settings INTERFACE -ffp-contract=off)
if(TORCHSRM_SANITIZE)
  target_compile_options(torchsrm_build_settings INTERFACE
    -fsanitize=${TORCHSRM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # The check of virtual tables needs type information that libtorch_cpu keeps to itself (c10::DynamicType).
  if(TORCHSRM_SANITIZE MATCHES undefined)
    target_compile_options(torchsrm_build_settings INTERFACE -fno-sanitize=vptr)
  endif()
  target_link_options(torchsrm_build_settings INTERFACE -fsanitize=${TORCHSRM_SANITIZE})
endif()
# Torch's include folder carries an fmt of its own that would win over the system's and then fail to link.
# Header-only, each file takes the one it finds; their inline namespaces keep the two apart.
target_link_libraries(torchsrm_build_settings INTERFACE fmt::fmt-header-only Threads::Threads)

# torchsrm_add_test(name source... [LIBRARIES lib...] [LABELS label...]): one GoogleTest program, each case its own ctest.
function(torchsrm_add_test name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS torch)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE torchsrm_build_settings ${ARG_LIBRARIES} GTest::gtest_main GTest::gmock)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_definitions(${name} PRIVATE
    TORCHSRM_SOURCE_DIR="${PROJECT_SOURCE_DIR}" TORCHSRM_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  if("srm::torch" IN_LIST ARG_LIBRARIES)
    target_precompile_headers(${name} REUSE_FROM torchsrm_test_headers)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120 PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()
