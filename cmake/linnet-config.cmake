# find_package(linnet) gives
#   linnet::linnet        the command, an imported executable
#   linnet_MODELS_DIR     the models that come with it
#   linnet_add_model(TARGET name MODEL file [WEIGHTS file] [NAME name] [TARGET_CPU cpu] [BATCH n]
#                    [DTYPE f32|f64] [EMIT lib|shared|exe] [SET setting=value…] [BIND symbol=n…]
#                    [MAP old=new…] [OPTIONS flag…] [DEPENDS file…])
# linnet_add_model compiles MODEL to a static library at build time (EMIT: to a shared one, or to a
# program), again whenever the model, its weights or a DEPENDS file changes. Linking TARGET also
# gives the include path of its header, <NAME>.h; NAME, the prefix of every symbol, is TARGET's name
# unless given. Without TARGET_CPU the code is for the CPU of the machine that builds. BATCH, DTYPE,
# SET, BIND and MAP are `linnet compile`'s --batch, --dtype, --set, --bind and --map; OPTIONS are
# further ones, such as --flush-denormals. Of EMIT exe TARGET is an imported executable, which
# add_custom_command and add_test run by its name.
get_filename_component(linnet_ROOT_DIR "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(linnet_MODELS_DIR ${linnet_ROOT_DIR}/share/linnet/models)

if(NOT TARGET linnet::linnet)
  add_executable(linnet::linnet IMPORTED)
  set_target_properties(linnet::linnet PROPERTIES IMPORTED_LOCATION ${linnet_ROOT_DIR}/bin/linnet)
endif()

function(linnet_add_model)
  cmake_parse_arguments(ARG "" "TARGET;MODEL;WEIGHTS;NAME;TARGET_CPU;BATCH;DTYPE;EMIT"
                        "SET;BIND;MAP;OPTIONS;DEPENDS" ${ARGN})
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
  if(NOT ARG_EMIT)
    set(ARG_EMIT lib)
  endif()
  set(header ${folder}/${ARG_NAME}.h)
  if(ARG_EMIT STREQUAL lib)
    set(library ${folder}/lib${ARG_NAME}.a)
  elseif(ARG_EMIT STREQUAL shared)
    set(library ${folder}/lib${ARG_NAME}.so)
  elseif(ARG_EMIT STREQUAL exe)
    set(library ${folder}/${ARG_NAME})
    set(header "")
  else()
    message(FATAL_ERROR "linnet_add_model: EMIT is lib, shared or exe, not '${ARG_EMIT}'")
  endif()
  set(options --emit ${ARG_EMIT} --name ${ARG_NAME} -o ${library})
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
  if(ARG_DTYPE)
    list(APPEND options --dtype ${ARG_DTYPE})
  endif()
  foreach(flag SET BIND MAP)
    string(TOLOWER ${flag} lower)
    foreach(value IN LISTS ARG_${flag})
      list(APPEND options --${lower} ${value})
    endforeach()
  endforeach()
  list(APPEND options ${ARG_OPTIONS})

  file(MAKE_DIRECTORY ${folder})  # an include path must exist when CMake configures
  set(outputs ${library} ${header})
  set(all "")
  set(stamp "")
  if(ARG_EMIT STREQUAL exe)
    # Nothing links a program: it is built for itself, by a stamp, for CMake takes a dependency on an
    # imported program's file as one on the program.
    set(outputs ${folder}/${ARG_NAME}.stamp)
    set(all ALL)
    set(stamp COMMAND ${CMAKE_COMMAND} -E touch ${outputs})
  endif()
  add_custom_command(OUTPUT ${outputs}
    COMMAND linnet::linnet compile ${model} ${options} ${stamp}
    DEPENDS ${inputs} linnet::linnet
    COMMENT "Compiling model ${ARG_TARGET}" VERBATIM)
  add_custom_target(${ARG_TARGET}_compile ${all} DEPENDS ${outputs})
  if(ARG_EMIT STREQUAL exe)
    add_executable(${ARG_TARGET} IMPORTED GLOBAL)
    set_target_properties(${ARG_TARGET} PROPERTIES IMPORTED_LOCATION ${library})
    add_dependencies(${ARG_TARGET} ${ARG_TARGET}_compile)
    return()
  endif()
  if(ARG_EMIT STREQUAL shared)
    add_library(${ARG_TARGET} SHARED IMPORTED GLOBAL)
    set_target_properties(${ARG_TARGET} PROPERTIES IMPORTED_SONAME lib${ARG_NAME}.so)
  else()
    add_library(${ARG_TARGET} STATIC IMPORTED GLOBAL)
  endif()
  add_dependencies(${ARG_TARGET} ${ARG_TARGET}_compile)
  set_target_properties(${ARG_TARGET} PROPERTIES
    IMPORTED_LOCATION ${library} INTERFACE_INCLUDE_DIRECTORIES ${folder})
endfunction()
