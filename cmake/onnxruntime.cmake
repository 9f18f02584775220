# onnxruntime::onnxruntime: an installed package first, else what scripts/get-onnxruntime laid into
# TARE_DEPS/onnxruntime (docs/adr/0001).
set(TARE_DEPS ${PROJECT_SOURCE_DIR}/build/deps CACHE PATH "Where scripts/get-* put fetched libraries")
find_package(onnxruntime 1.21 CONFIG QUIET)
if(NOT TARGET onnxruntime::onnxruntime)
  find_path(ONNXRUNTIME_INCLUDE onnxruntime_cxx_api.h
    HINTS ${TARE_DEPS}/onnxruntime/include PATH_SUFFIXES onnxruntime onnxruntime/core/session)
  find_library(ONNXRUNTIME_LIBRARY onnxruntime HINTS ${TARE_DEPS}/onnxruntime/lib)
  if(NOT ONNXRUNTIME_INCLUDE OR NOT ONNXRUNTIME_LIBRARY)
    message(FATAL_ERROR "ONNX Runtime was not found. Run: scripts/get-onnxruntime")
  endif()
  add_library(onnxruntime::onnxruntime UNKNOWN IMPORTED GLOBAL)
  set_target_properties(onnxruntime::onnxruntime PROPERTIES
    IMPORTED_LOCATION ${ONNXRUNTIME_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${ONNXRUNTIME_INCLUDE})
endif()
