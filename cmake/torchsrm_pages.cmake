# The man page and the completions of the command are made of what it tells of itself (torchsrm --describe).

set(torchsrm_pages_dir "${PROJECT_BINARY_DIR}/pages")
if(TARGET torchsrm)
  find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
  set(scripts write_pages.py man_page.py completion.py)
  list(TRANSFORM scripts PREPEND "${PROJECT_SOURCE_DIR}/cmake/pages/")
  set(pages torchsrm.1 torchsrm.bash _torchsrm torchsrm.fish)
  list(TRANSFORM pages PREPEND "${torchsrm_pages_dir}/")
  add_custom_command(OUTPUT ${pages}
    COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1 "${Python3_EXECUTABLE}"
            "${PROJECT_SOURCE_DIR}/cmake/pages/write_pages.py" "$<TARGET_FILE:torchsrm>" "${PROJECT_VERSION}" "${torchsrm_pages_dir}"
    DEPENDS torchsrm ${scripts} COMMENT "Man page and completions" VERBATIM)
  add_custom_target(torchsrm_pages ALL DEPENDS ${pages})
endif()
