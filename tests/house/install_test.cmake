# The installed tree works after it was moved: the command runs, finds its libraries beside itself,
# and examples/robot builds against it and reads the test digits.
#   cmake -DBUILD=… -DSOURCE=… -DGENERATOR=… -P install_test.cmake
set(work ${BUILD}/install-test)
set(built ${work}/built)
set(moved "${work}/moved here")  # a space in the path is no obstacle
file(REMOVE_RECURSE ${work})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nstatus ${status}\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${built})
file(RENAME ${built} ${moved})
run(${moved}/bin/linnet --version)
run(ldd ${moved}/bin/linnet)
string(REPLACE "/bin/../lib/" "/lib/" output "${output}")
string(FIND "${output}" "${moved}/lib/libHalide.so" beside)
if(beside EQUAL -1)
  message(FATAL_ERROR "linnet does not find the Halide beside it:\n${output}")
endif()

foreach(file share/man/man1/linnet.1 share/bash-completion/completions/linnet
        share/zsh/site-functions/_linnet share/fish/vendor_completions.d/linnet.fish
        share/doc/linnet/docs/cli.md)
  if(NOT EXISTS ${moved}/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()

run(${CMAKE_COMMAND} -S ${SOURCE}/examples/robot -B ${work}/robot -G ${GENERATOR}
    -DCMAKE_PREFIX_PATH=${moved} -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${work}/robot)
run(${work}/robot/robot ${DIGITS}/t10k-images-idx3-ubyte ${DIGITS}/t10k-labels-idx1-ubyte)
message("${output}")
if(NOT output MATCHES "^360 frames, 357 signs read right")
  message(FATAL_ERROR "the robot misreads signs: ${output}")
endif()

# Nothing to do the second time; a newer model is compiled again.
run(${CMAKE_COMMAND} --build ${work}/robot)
if(output MATCHES "Compiling model")
  message(FATAL_ERROR "the model was compiled again without reason")
endif()
file(TOUCH "${moved}/share/linnet/models/lenet.lin")
run(${CMAKE_COMMAND} --build ${work}/robot)
if(NOT output MATCHES "Compiling model lenet")
  message(FATAL_ERROR "a changed model was not compiled again")
endif()

# Every argument of linnet_add_model, in a library that is linked dynamically and in a program.
file(WRITE ${work}/all/m.lin "model m(gain: float = 1)(x: f32[N, K]) -> y: f32[N, 1] {
  layer out = linear(1)
  gain * out(x)
}
")
file(WRITE ${work}/all/main.c "#include \"every.h\"
int main(void) {
  const double x[2 * 9] = {0};
  double y[2];
  return every_run(x, y, 0) == 0 && y[0] != 0 && y[0] == y[1] && EVERY_BATCH == 2 ? 0 : 1;
}
")
file(WRITE ${work}/all/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(all LANGUAGES C)
find_package(linnet REQUIRED)
set(common MODEL m.lin WEIGHTS \${linnet_MODELS_DIR}/data/ar9_sunspots.safetensors SET gain=2
    BIND K=9 MAP head.weight=out.weight head.bias=out.bias)
if(NOT EXISTS \${linnet_MODELS_DIR}/data/ar9_sunspots.safetensors)
  list(TRANSFORM common REPLACE /data/ /)
endif()
linnet_add_model(TARGET model \${common} NAME every DTYPE f64 BATCH 2 TARGET_CPU x86-64-v2
                 EMIT shared OPTIONS --flush-denormals)
linnet_add_model(TARGET program \${common} EMIT exe)
add_executable(main main.c)
target_link_libraries(main PRIVATE model)
")
run(${CMAKE_COMMAND} -S ${work}/all -B ${work}/all/build -G ${GENERATOR}
    -DCMAKE_PREFIX_PATH=${moved})
run(${CMAKE_COMMAND} --build ${work}/all/build)
run(${work}/all/build/main)
run(${work}/all/build/linnet/program/program --version)
file(REMOVE_RECURSE ${work})
