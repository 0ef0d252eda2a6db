# `make package`: a Debian package that carries LibTorch in a private folder and needs nothing but the system's packages.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME torchsrm)
set(CPACK_PACKAGE_VENDOR "The torchsrm authors")
set(CPACK_PACKAGE_CONTACT "The torchsrm authors <maintainers@torchsrm.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "shows which layers of a TorchScript model align with their basis")
set(CPACK_PACKAGE_DESCRIPTION "The Spotlight Resonance Method (arXiv 2505.13471): hooks the layers of a
TorchScript model, streams their activations while the model runs, and counts
exactly which directions they favour.
.
The package holds the command, the library libtorchsrm.so (also a plugin for
C++ and Python), headers with a CMake package, and LibTorch's CPU libraries in
a private folder.")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL torchsrm libtorch)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/finish_package.cmake")
set(CPACK_TORCHSRM_LIBDIR "${CMAKE_INSTALL_LIBDIR}")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
# zstd at its usual level: 107 MB in seconds, where xz takes minutes for 77 MB.
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${torchsrm_libtorch_lib}" "${PROJECT_BINARY_DIR}/src")
# What a program that builds on srm::core needs beside the headers.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, g++, libcairo2-dev, libfmt-dev, libhwy-dev, libpng-dev, libzip-dev, nlohmann-json3-dev")
include(CPack)
