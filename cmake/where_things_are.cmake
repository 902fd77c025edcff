# The index of ops, families, and the text cases that test them, embedded for `linnet explain`.
file(GLOB_RECURSE indexed CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/ir/ops/*.cpp ${PROJECT_SOURCE_DIR}/codegen/lower/kernels/*.cpp
     ${PROJECT_SOURCE_DIR}/passes/schedule/*.h ${PROJECT_SOURCE_DIR}/tests/*.lir)
set(index ${PROJECT_BINARY_DIR}/where_things_are.txt)
add_custom_command(
  OUTPUT ${index}
  COMMAND ${onnx_python} ${CMAKE_CURRENT_LIST_DIR}/where_things_are.py ${PROJECT_SOURCE_DIR} ${index}
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/where_things_are.py ${indexed}
          ${PROJECT_SOURCE_DIR}/passes/schedule/families.def
  VERBATIM)
target_sources(linnet_cli PRIVATE ${index})
linnet_embed(linnet_cli NAME where FILE ${index})
