# `cmake --install BUILD --prefix P`: headers, libraries, their CMake package, and the command with its pages.
# What is installed can be moved as a whole. The part `libtorch`, which only a package takes, lays LibTorch's libraries
# beside it in lib/torchsrm; without them the command finds the LibTorch that it was built with where that lies.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME torchsrm)
set(torchsrm_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/torchsrm")
set(torchsrm_private_dir "${CMAKE_INSTALL_LIBDIR}/torchsrm")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/srm" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}")
# Every report holds plotly.
install(FILES "${PROJECT_SOURCE_DIR}/src/report/third_party/plotly/LICENSE"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}/licences/plotly")

install(TARGETS torchsrm_core EXPORT torchsrm-core
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT torchsrm-core NAMESPACE srm:: DESTINATION "${torchsrm_cmake_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/cmake/FindLibZip.cmake" DESTINATION "${torchsrm_cmake_dir}")

if(TARGET torchsrm_figures)
  set_target_properties(torchsrm_figures PROPERTIES EXPORT_NAME figures)
  install(TARGETS torchsrm_figures EXPORT torchsrm-figures
          ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT torchsrm-figures NAMESPACE srm:: DESTINATION "${torchsrm_cmake_dir}")
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/FindCairo.cmake" DESTINATION "${torchsrm_cmake_dir}")
endif()

if(TORCHSRM_TORCH)
  get_target_property(torchsrm_libtorch LibTorch::LibTorch IMPORTED_LOCATION)
  get_filename_component(torchsrm_libtorch_lib "${torchsrm_libtorch}" DIRECTORY)
  get_filename_component(torchsrm_libtorch "${torchsrm_libtorch_lib}" DIRECTORY)
  string(REGEX MATCH "^[0-9]+\\.[0-9]+" torchsrm_libtorch_version "${LibTorch_VERSION}")

  file(RELATIVE_PATH lib_from_bin "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
  set_target_properties(torchsrm_torch PROPERTIES INSTALL_RPATH "$ORIGIN/torchsrm;${torchsrm_libtorch_lib}")
  install(TARGETS torchsrm_torch EXPORT torchsrm-torch LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT torchsrm-torch NAMESPACE srm:: DESTINATION "${torchsrm_cmake_dir}")
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/FindLibTorch.cmake" DESTINATION "${torchsrm_cmake_dir}")
  # In a file of its own, since a package must not name a folder of the machine that built it.
  file(WRITE "${PROJECT_BINARY_DIR}/torchsrm-built-with.cmake" "set(torchsrm_built_with \"${torchsrm_libtorch}\")\n")
  install(FILES "${PROJECT_BINARY_DIR}/torchsrm-built-with.cmake" DESTINATION "${torchsrm_cmake_dir}")

  configure_file("${PROJECT_SOURCE_DIR}/cmake/carry_libtorch.cmake.in" "${PROJECT_BINARY_DIR}/carry_libtorch.cmake" @ONLY)
  install(SCRIPT "${PROJECT_BINARY_DIR}/carry_libtorch.cmake" COMPONENT libtorch EXCLUDE_FROM_ALL)
endif()

if(TARGET torchsrm)
  set_target_properties(torchsrm PROPERTIES
    INSTALL_RPATH "$ORIGIN/${lib_from_bin};$ORIGIN/${lib_from_bin}/torchsrm;${torchsrm_libtorch_lib}")
  install(TARGETS torchsrm RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(FILES "${torchsrm_pages_dir}/torchsrm.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES "${torchsrm_pages_dir}/torchsrm.bash"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME torchsrm)
  install(FILES "${torchsrm_pages_dir}/_torchsrm" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
  install(FILES "${torchsrm_pages_dir}/torchsrm.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
endif()

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/torchsrm-config.cmake.in" "${PROJECT_BINARY_DIR}/torchsrm-config.cmake"
  INSTALL_DESTINATION "${torchsrm_cmake_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/torchsrm-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/torchsrm-config.cmake" "${PROJECT_BINARY_DIR}/torchsrm-config-version.cmake"
        DESTINATION "${torchsrm_cmake_dir}")
