# linnet_embed(TARGET NAME name FILE path): the bytes of FILE become part of TARGET, between
#   extern "C" const char linnet_embedded_<name>_begin[], linnet_embedded_<name>_end[];
# followed by one NUL that is not counted. Rebuilt when FILE changes; FILE may be a target's output.
function(linnet_embed target)
  cmake_parse_arguments(ARG "" "NAME;FILE" "" ${ARGN})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")  # a layer without sources yet
    return()
  endif()
  set(symbol linnet_embedded_${ARG_NAME})
  set(assembly ${CMAKE_CURRENT_BINARY_DIR}/embed/${ARG_NAME}.S)
  file(CONFIGURE OUTPUT ${assembly} @ONLY CONTENT [[
    .section .rodata
    .global @symbol@_begin
    .global @symbol@_end
    .balign 64
@symbol@_begin:
    .incbin "@ARG_FILE@"
@symbol@_end:
    .byte 0
    .section .note.GNU-stack,"",@progbits
]])
  set_source_files_properties(${assembly} PROPERTIES OBJECT_DEPENDS ${ARG_FILE})
  target_sources(${target} PRIVATE ${assembly})
endfunction()
