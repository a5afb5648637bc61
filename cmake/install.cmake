# `cmake --install`: libraries, headers and what `find_package(braid)` reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(braid_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/braid)

set_target_properties(braid_asio PROPERTIES EXPORT_NAME asio)
set_target_properties(braid_testing PROPERTIES EXPORT_NAME testing)
install(TARGETS braid braid_asio braid_testing EXPORT braid_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/braid
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/braid)

install(EXPORT braid_targets
  NAMESPACE braid:: FILE braidTargets.cmake DESTINATION ${braid_package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/braidConfig.cmake.in ${PROJECT_BINARY_DIR}/braidConfig.cmake
  INSTALL_DESTINATION ${braid_package_dir})
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/braidConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/braidConfig.cmake ${PROJECT_BINARY_DIR}/braidConfigVersion.cmake
  DESTINATION ${braid_package_dir})
