# linnet_layer(NAME SOURCES pattern… [EXCLUDE file…] [LINK target…] [PRIVATE target…])
# A static library of the sources that match, relative to the root. LINK is what the layer's
# headers need too; PRIVATE stays out of the include path of the layers above.
# A layer without sources yet is an interface library, so that the others can name it.
function(linnet_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;EXCLUDE;LINK;PRIVATE" ${ARGN})
  list(TRANSFORM ARG_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)
  file(GLOB sources CONFIGURE_DEPENDS ${ARG_SOURCES})
  foreach(file IN LISTS ARG_EXCLUDE)
    list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/${file})
  endforeach()
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC linnet_options ${ARG_LINK} PRIVATE ${ARG_PRIVATE})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE linnet_options ${ARG_LINK})
  endif()
endfunction()
