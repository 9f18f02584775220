# OpenCV's filters (docs/adr/0010): the two libraries alone. Debian has OpenCV's own CMake files in
# libopencv-dev, which installs all of its modules.
find_path(TARE_OPENCV_INCLUDE opencv2/imgproc.hpp PATH_SUFFIXES opencv4 REQUIRED)
find_library(TARE_OPENCV_CORE opencv_core REQUIRED)
find_library(TARE_OPENCV_IMGPROC opencv_imgproc REQUIRED)
mark_as_advanced(TARE_OPENCV_INCLUDE TARE_OPENCV_CORE TARE_OPENCV_IMGPROC)
add_library(tare_opencv INTERFACE)
target_include_directories(tare_opencv SYSTEM INTERFACE $<BUILD_INTERFACE:${TARE_OPENCV_INCLUDE}>)
target_link_libraries(tare_opencv INTERFACE ${TARE_OPENCV_IMGPROC} ${TARE_OPENCV_CORE})
