# find_package(linnet) gives
#   linnet::linnet        the command, an imported executable
#   linnet_MODELS_DIR     the models that come with it
#   linnet_add_model(TARGET name MODEL file [WEIGHTS file] [NAME name] [TARGET_CPU cpu] [BATCH n]
#                    [SET setting=value…] [DEPENDS file…])
# linnet_add_model compiles MODEL to a static library at build time, again whenever the model, its
# weights or a DEPENDS file changes. Linking TARGET also gives the include path of its header,
# <NAME.h>; NAME, the prefix of every symbol, is TARGET's name unless given. Without TARGET_CPU the
# code is for the CPU of the machine that builds.
get_filename_component(linnet_ROOT_DIR "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(linnet_MODELS_DIR ${linnet_ROOT_DIR}/share/linnet/models)

if(NOT TARGET linnet::linnet)
  add_executable(linnet::linnet IMPORTED)
  set_target_properties(linnet::linnet PROPERTIES IMPORTED_LOCATION ${linnet_ROOT_DIR}/bin/linnet)
endif()

function(linnet_add_model)
  cmake_parse_arguments(ARG "" "TARGET;MODEL;WEIGHTS;NAME;TARGET_CPU;BATCH" "SET;DEPENDS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "linnet_add_model: unknown argument '${ARG_UNPARSED_ARGUMENTS}'")
  endif()
  foreach(required TARGET MODEL)
    if(NOT ARG_${required})
      message(FATAL_ERROR "linnet_add_model: ${required} is missing")
    endif()
  endforeach()
  if(NOT ARG_NAME)
    set(ARG_NAME ${ARG_TARGET})
  endif()
  get_filename_component(model ${ARG_MODEL} ABSOLUTE)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/linnet/${ARG_TARGET})
  set(library ${folder}/lib${ARG_NAME}.a)
  set(header ${folder}/${ARG_NAME}.h)
  set(options --emit lib --name ${ARG_NAME} -o ${library})
  set(inputs ${model} ${ARG_DEPENDS})
  if(ARG_WEIGHTS)
    get_filename_component(weights ${ARG_WEIGHTS} ABSOLUTE)
    list(APPEND options --weights ${weights})
    list(APPEND inputs ${weights})
  endif()
  if(ARG_TARGET_CPU)
    list(APPEND options --target ${ARG_TARGET_CPU})
  endif()
  if(ARG_BATCH)
    list(APPEND options --batch ${ARG_BATCH})
  endif()
  foreach(setting IN LISTS ARG_SET)
    list(APPEND options --set ${setting})
  endforeach()

  file(MAKE_DIRECTORY ${folder})  # an include path must exist when CMake configures
  add_custom_command(OUTPUT ${library} ${header}
    COMMAND linnet::linnet compile ${model} ${options}
    DEPENDS ${inputs} linnet::linnet
    COMMENT "Compiling model ${ARG_TARGET}" VERBATIM)
  add_custom_target(${ARG_TARGET}_compile DEPENDS ${library} ${header})
  add_library(${ARG_TARGET} STATIC IMPORTED GLOBAL)
  add_dependencies(${ARG_TARGET} ${ARG_TARGET}_compile)
  set_target_properties(${ARG_TARGET} PROPERTIES
    IMPORTED_LOCATION ${library} INTERFACE_INCLUDE_DIRECTORIES ${folder})
endfunction()
