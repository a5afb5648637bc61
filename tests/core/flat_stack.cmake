# Compiles flat_stack.cpp with the compiler and the options that are asked for, and runs it on a small stack.
#   cmake -DCOMPILER=.. -DOPTIONS=a,b -DDEFINITIONS=A;B -DLIBRARIES=a;b -DINCLUDE=folder -DPROGRAM=file -P flat_stack.cmake
set(stack_kib 512) # a sixteenth of what a thread has on Linux

list(TRANSFORM DEFINITIONS PREPEND -D)
string(REPLACE "," ";" OPTIONS "${OPTIONS}")
get_filename_component(folder ${PROGRAM} DIRECTORY)
file(MAKE_DIRECTORY ${folder})
set(compile ${LAUNCHER} ${COMPILER} -std=c++20 ${OPTIONS} ${DEFINITIONS} -I${INCLUDE})

execute_process(COMMAND ${compile} -c ${CMAKE_CURRENT_LIST_DIR}/flat_stack.cpp -o ${PROGRAM}.o COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${COMPILER} ${OPTIONS} ${PROGRAM}.o ${LIBRARIES} -o ${PROGRAM} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND sh -c "ulimit -s ${stack_kib} && exec ${PROGRAM}" COMMAND_ERROR_IS_FATAL ANY)
