# linnet_onnx_proto: the messages of ONNX files as C++ classes, from onnx-ml.proto of the pinned
# `onnx` package in the private Python environment. Its LITE_RUNTIME is linked statically into
# programs: nothing is registered when linnet starts, and nothing must be installed where it runs.
# Debian's archive is not made for shared libraries; they link the shared one.
find_package(Protobuf REQUIRED)
find_library(LINNET_PROTOBUF_LITE NAMES libprotobuf-lite.a REQUIRED)
find_library(LINNET_PROTOBUF_LITE_SHARED NAMES libprotobuf-lite.so REQUIRED)
mark_as_advanced(LINNET_PROTOBUF_LITE LINNET_PROTOBUF_LITE_SHARED)
file(GLOB onnx_package ${LINNET_VENV}/lib/python3*/site-packages/onnx)
if(NOT EXISTS ${onnx_package}/onnx-ml.proto)
  message(FATAL_ERROR "no onnx/onnx-ml.proto in ${LINNET_VENV}: run cmake/setup.sh")
endif()
set(onnx_folder ${PROJECT_BINARY_DIR}/onnx)
file(MAKE_DIRECTORY ${onnx_folder})
add_custom_command(
  OUTPUT ${onnx_folder}/onnx-ml.pb.cc ${onnx_folder}/onnx-ml.pb.h
  COMMAND protobuf::protoc --proto_path=${onnx_package} --cpp_out=${onnx_folder} onnx-ml.proto
  DEPENDS ${onnx_package}/onnx-ml.proto VERBATIM)
add_library(linnet_onnx_proto STATIC ${onnx_folder}/onnx-ml.pb.cc)
target_include_directories(linnet_onnx_proto SYSTEM PUBLIC ${onnx_folder} ${Protobuf_INCLUDE_DIRS})
target_link_libraries(linnet_onnx_proto PUBLIC
  $<IF:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY>,${LINNET_PROTOBUF_LITE_SHARED},${LINNET_PROTOBUF_LITE}>)
# The operators' schemas and function bodies, written by a script that asks the package.
file(GLOB onnx_python ${LINNET_VENV}/bin/python)
add_custom_command(
  OUTPUT ${onnx_folder}/schemas.inc
  COMMAND ${onnx_python} ${PROJECT_SOURCE_DIR}/cmake/onnx_schemas.py ${onnx_folder}/schemas.inc
  DEPENDS ${PROJECT_SOURCE_DIR}/cmake/onnx_schemas.py ${onnx_package}/onnx-ml.proto VERBATIM)
add_custom_target(linnet_onnx_schemas DEPENDS ${onnx_folder}/schemas.inc)
add_dependencies(linnet_onnx_proto linnet_onnx_schemas)
