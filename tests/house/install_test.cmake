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
file(REMOVE_RECURSE ${work})
