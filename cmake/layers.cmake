# Who may include whom, bottom to top: the one copy of the table in ARCHITECTURE.md.
# A room is a module (a folder of src/) or a folder inside one (data/formats). Each row names a room and the rooms
# that it may include, all of them in rows above it: there is no circle. `data` means the files of src/data itself.
# tare_module() links from this table; the test `layers` reads every #include against it, both ways: an edge that is
# missing here and one that nothing uses are errors. Rows of modules to come are checked from their first file on.
set(TARE_MODULES)
set(TARE_ROOMS)

macro(tare_layer room)
  set(TARE_LAYER_${room} ${ARGN})
  list(APPEND TARE_ROOMS ${room})
  string(REGEX REPLACE "/.*" "" _module ${room})
  list(APPEND TARE_MODULES ${_module})
  # What the module's target links: the modules of these rooms, without itself.
  foreach(_below IN ITEMS ${ARGN})
    if(NOT _below IN_LIST TARE_ROOMS)
      message(FATAL_ERROR "layers.cmake: ${room} may include ${_below}, which has no row above it")
    endif()
    string(REGEX REPLACE "/.*" "" _below ${_below})
    if(NOT _below STREQUAL _module)
      list(APPEND TARE_LINK_${_module} ${_below})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES TARE_LINK_${_module})
  list(REMOVE_DUPLICATES TARE_MODULES)
endmacro()

tare_layer(core)
tare_layer(tensor core)
tare_layer(stats core)
tare_layer(data core tensor)
tare_layer(data/images core data)
tare_layer(data/formats core data data/images)
tare_layer(data/corrupt core data data/images)
tare_layer(data/check core tensor data)
tare_layer(graph core tensor)
tare_layer(runtime core tensor stats graph)
tare_layer(calibrate core tensor stats runtime)
tare_layer(quantize core tensor graph runtime)
tare_layer(scores core stats)
tare_layer(verdict core stats)
tare_layer(evaluate/samples core stats scores verdict)
tare_layer(evaluate/predictions core stats scores verdict evaluate/samples)
tare_layer(evaluate/cost core tensor stats data graph runtime verdict)
tare_layer(evaluate/models core tensor stats graph runtime scores verdict evaluate/samples evaluate/predictions
  evaluate/cost)
tare_layer(search core stats data graph runtime calibrate quantize)
tare_layer(registry core)
tare_layer(pipeline core tensor stats data data/corrupt data/check graph runtime calibrate quantize verdict evaluate/samples
  evaluate/predictions evaluate/cost evaluate/models search registry)
tare_layer(cli/terminal core)
tare_layer(cli/help core cli/terminal)
tare_layer(cli/commands core data data/corrupt graph runtime verdict evaluate/predictions search registry pipeline
  cli/terminal cli/help)
tare_layer(cli core cli/terminal cli/help cli/commands)

# To come.
tare_layer(train core tensor stats data graph runtime calibrate quantize)
tare_layer(serve core tensor stats data graph runtime registry verdict)
tare_layer(monitor core tensor stats data graph runtime registry verdict scores serve)
tare_layer(governance core registry verdict)
