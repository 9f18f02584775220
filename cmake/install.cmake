# What `cmake --install` lays out:
#   bin/tare                     finds the libraries that came along by $ORIGIN/../<lib>/tare
#   include/tare, <lib>/*.a      the C++ library: find_package(tare), target tare::tare
#   <lib>/tare/*.so              ONNX Runtime and Arrow, where scripts/get-* fetched them; never beside
#                                those of the system
#   share                        manual page and completions (src/cli)
include(CMakePackageConfigHelpers)
set(TARE_PRIVATE_LIBDIR ${CMAKE_INSTALL_LIBDIR}/tare)
set(TARE_ONNXRUNTIME_MINIMUM 1.21)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/tare)

add_library(tare_tare INTERFACE)
add_library(tare::tare ALIAS tare_tare)
set_target_properties(tare_tare PROPERTIES EXPORT_NAME tare)
set(exported tare_tare)
foreach(module IN LISTS TARE_MODULES)
  if(TARGET tare_${module} AND NOT module STREQUAL cli)
    target_link_libraries(tare_tare INTERFACE tare_${module})
    list(APPEND exported tare_${module})
  endif()
endforeach()

install(TARGETS ${exported} EXPORT tareTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT tareTargets NAMESPACE tare:: DESTINATION ${config})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/tare DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tareConfig.cmake.in
  ${CMAKE_BINARY_DIR}/tareConfig.cmake INSTALL_DESTINATION ${config})
# 0.x promises nothing across minor versions.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/tareConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/tareConfig.cmake ${CMAKE_BINARY_DIR}/tareConfigVersion.cmake
  DESTINATION ${config})

# Fetched libraries come along; installed packages stay where they are.
foreach(pair ONNXRUNTIME_LIBRARY:onnxruntime ARROW_LIBRARY:arrow)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 variable)
  list(GET pair 1 folder)
  string(FIND "${${variable}}" "${TARE_DEPS}/" at)
  if(at EQUAL 0)
    install(DIRECTORY ${TARE_DEPS}/${folder}/lib/ DESTINATION ${TARE_PRIVATE_LIBDIR}
      FILES_MATCHING PATTERN "*.so*")
  endif()
endforeach()
file(RELATIVE_PATH from_bin ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/tare)
set_target_properties(tare_cli PROPERTIES INSTALL_RPATH "$ORIGIN/${from_bin}")
