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
# The system's fmt is compiled already: header-only it is more than half of what a file of the core takes to compile.
target_link_libraries(torchsrm_build_settings INTERFACE fmt::fmt Threads::Threads)

# torchsrm_compile_together(target [EXCEPT source...]): several files at once, since Torch's headers cost each of them ten
# seconds. Not where a developer compiles: there each file shows that it includes what it needs. Files that have a name
# of their own in common are the exceptions.
function(torchsrm_compile_together target)
  cmake_parse_arguments(ARG "" "" "EXCEPT" ${ARGN})
  if(NOT TORCHSRM_DEVELOPER)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    set_source_files_properties(${ARG_EXCEPT} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# What is tested is optimised as users have it; to optimise the tests takes half as long again to compile, for nothing.
set(torchsrm_test_options $<$<CONFIG:Release>:-O1>)

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
  target_compile_options(${name} PRIVATE ${torchsrm_test_options})
  if("srm::torch" IN_LIST ARG_LIBRARIES)
    target_precompile_headers(${name} REUSE_FROM torchsrm_test_headers)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120 PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()
