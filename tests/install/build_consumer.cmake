# Builds the consumer project in a fresh build_dir and runs it.
#   cmake -D build_dir= -D consumer_dir= -D generator= -D compiler= [-D launcher=] -D version=
#         [-D build_type=] [-D flags=] -D (braid_build_dir= | braid_source_dir=) -P build_consumer.cmake
# With braid_build_dir, that build is installed to a prefix below build_dir, which the consumer searches; with
# braid_source_dir, the consumer takes the sources as a subproject.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${build_dir})

if(braid_build_dir)
  run(${CMAKE_COMMAND} --install ${braid_build_dir} --prefix ${build_dir}/prefix)
  set(source_of_braid -D CMAKE_PREFIX_PATH=${build_dir}/prefix -D CMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
else()
  set(source_of_braid -D BRAID_SOURCE_DIR=${braid_source_dir})
endif()

run(${CMAKE_COMMAND} -S ${consumer_dir} -B ${build_dir} -G ${generator} ${source_of_braid}
  -D CMAKE_CXX_COMPILER=${compiler}
  -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher}
  -D CMAKE_BUILD_TYPE=${build_type}
  "-DCMAKE_CXX_FLAGS=${flags}"
  -D BRAID_EXPECTED_VERSION=${version})
run(${CMAKE_COMMAND} --build ${build_dir} --parallel 2)
run(${build_dir}/consumer)
