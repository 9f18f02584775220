# Who may include whom, bottom to top: the one copy of the table in ARCHITECTURE.md.
# tare_module() links from it, and the test `layers` reads every #include against it.
set(TARE_MODULES core tensor stats data graph runtime calibrate quantize evaluate search registry pipeline cli)

set(TARE_LAYER_core)
set(TARE_LAYER_tensor core)
set(TARE_LAYER_stats core tensor)
set(TARE_LAYER_data core tensor stats)
set(TARE_LAYER_graph core tensor)
set(TARE_LAYER_runtime core tensor graph)
set(_tare_common core tensor stats data graph runtime)
set(TARE_LAYER_calibrate ${_tare_common})
set(TARE_LAYER_quantize ${_tare_common} calibrate)
set(TARE_LAYER_evaluate ${_tare_common})
set(TARE_LAYER_search ${_tare_common} calibrate quantize evaluate)
set(TARE_LAYER_registry core)
set(TARE_LAYER_pipeline ${_tare_common} calibrate quantize evaluate search registry)
set(TARE_LAYER_cli ${TARE_LAYER_pipeline} pipeline)
