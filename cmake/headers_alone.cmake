# braid_headers_alone: every public header compiles with nothing before it, and twice in a row.
#
# The headers are globbed, so that nobody can forget to add one. The objects are really written (they are all but empty,
# and compiled without optimisation): with -fsyntax-only there would be no output, and each build would start again.
file(GLOB_RECURSE braid_headers
  RELATIVE ${PROJECT_SOURCE_DIR}/include CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/braid/*.hpp)

set(braid_header_sources)
foreach(header IN LISTS braid_headers)
  string(REPLACE ".hpp" ".cpp" source ${CMAKE_CURRENT_BINARY_DIR}/headers_alone/${header})
  file(CONFIGURE OUTPUT ${source} CONTENT "#include <@header@>\n#include <@header@>\n" @ONLY)
  list(APPEND braid_header_sources ${source})
endforeach()

add_library(braid_headers_alone OBJECT ${braid_header_sources})
target_link_libraries(braid_headers_alone PRIVATE braid::braid braid_warnings)
target_compile_options(braid_headers_alone PRIVATE -O0 -g0)
