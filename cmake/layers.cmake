# linnet_layer(NAME FOLDERS folder… [EXCLUDE file…] [LINK target…] [PRIVATE target…])
# A static library of the .cpp files in the folders and below, relative to the root. LINK is what the layer's
# headers need too; PRIVATE stays out of the include path of the layers above.
# A layer without sources yet is an interface library, so that the others can name it.
function(linnet_layer name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;EXCLUDE;LINK;PRIVATE" ${ARGN})
  list(TRANSFORM ARG_FOLDERS REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/\\1/*.cpp")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${ARG_FOLDERS})
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
