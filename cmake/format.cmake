# Targets `format` and `check-format`: clang-format over every source file.
# As a script, cmake -DCLANG_FORMAT=… -DCHECK=ON|OFF -P format.cmake does the work, so that the list
# of files is always today's.
if(CMAKE_SCRIPT_MODE_FILE)
  get_filename_component(root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
  set(files "")
  foreach(folder api base benchmarks cli codegen driver examples frontend ir passes runtime support
          tests)
    file(GLOB_RECURSE found ${root}/${folder}/*.h ${root}/${folder}/*.cpp ${root}/${folder}/*.c)
    list(APPEND files ${found})
  endforeach()
  set(mode -i)
  if(CHECK)
    set(mode --dry-run -Werror)
  endif()
  execute_process(COMMAND ${CLANG_FORMAT} --style=file ${mode} ${files} RESULT_VARIABLE result)
  if(result)
    message(FATAL_ERROR "not formatted as .clang-format says; run: make format")
  endif()
  return()
endif()

find_program(LINNET_CLANG_FORMAT NAMES clang-format-22 clang-format)
mark_as_advanced(LINNET_CLANG_FORMAT)
if(LINNET_CLANG_FORMAT)
  set(run ${CMAKE_COMMAND} -DCLANG_FORMAT=${LINNET_CLANG_FORMAT})
  set(script -P ${CMAKE_CURRENT_LIST_DIR}/format.cmake)
  add_custom_target(format COMMAND ${run} ${script} VERBATIM)
  add_custom_target(check-format
    COMMAND ${run} -DCHECK=ON ${script} VERBATIM)
endif()
