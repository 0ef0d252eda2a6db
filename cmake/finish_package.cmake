# Run by CPack between the install and the packing: makes of what was installed what Debian expects of a package, and
# takes out the folders of the machine that built it.

file(GLOB roots "${CPACK_TEMPORARY_DIRECTORY}/usr" "${CPACK_TEMPORARY_DIRECTORY}/*/usr")
foreach(root IN LISTS roots)
  set(lib "${CPACK_TORCHSRM_LIBDIR}")
  file(RPATH_SET FILE "${root}/bin/torchsrm" NEW_RPATH "$ORIGIN/../${lib}:$ORIGIN/../${lib}/torchsrm")
  file(RPATH_SET FILE "${root}/${lib}/libtorchsrm.so" NEW_RPATH "$ORIGIN/torchsrm")
  file(REMOVE "${root}/${lib}/cmake/torchsrm/torchsrm-built-with.cmake")

  # Where Debian's zsh looks for what packages bring.
  file(RENAME "${root}/share/zsh/site-functions" "${root}/share/zsh/vendor-completions")

  set(docs "${root}/share/doc/torchsrm")
  file(GLOB others RELATIVE "${docs}/licences" "${docs}/licences/*")
  list(JOIN others ", " others)
  file(READ "${docs}/LICENSE" licence)
  file(WRITE "${docs}/copyright" "torchsrm:\n\n${licence}\nLicences of what it carries lie in licences/: ${others}.\n")
  file(REMOVE "${docs}/LICENSE")
  file(RENAME "${docs}/CHANGELOG.md" "${docs}/changelog")
  # Without name and time inside, the same files give the same bytes.
  execute_process(COMMAND gzip -9n "${docs}/changelog" "${root}/share/man/man1/torchsrm.1" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
