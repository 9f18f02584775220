# main() of the tests: it answers for child processes too (tare/core/child.h), as that of every program must.
if(TARE_BUILD_TESTS)
  add_library(tare_test_main STATIC ${PROJECT_SOURCE_DIR}/tests/support/test_main.cc)
  target_link_libraries(tare_test_main PRIVATE tare_core tare_flags GTest::gtest)
endif()

# tare_test_target(TARGET SLOW): tests are compiled for the sake of the compiler's time, of which they took more than half; what
# they test is optimised as it ships. Under a sanitizer, whose checks multiply the code, without any optimisation, unless SLOW is true.
function(tare_test_target target slow)
  if(TARE_SANITIZE AND NOT slow)
    target_compile_options(${target} PRIVATE -O0)
  else()
    target_compile_options(${target} PRIVATE -O1)
  endif()
endfunction()

# tare_module(NAME [LINK <private libraries>] [ALONE <files>] [SLOW_TESTS]): one folder = one target `tare_NAME` = one namespace.
# Sources are src/NAME/*.cc and those of its folders; *_test.cc go into `tare_NAME_test`, *_benchmark.cc into `tare_NAME_benchmark`.
# Both are built when asked for: `tests`, `benchmarks`. The modules it may see come from cmake/layers.cmake.
# ALONE: files that no unity build (CMAKE_UNITY_BUILD) puts into one with others, because they share a private name
# with another file of the module or compile themselves once for each processor (Highway).
# SLOW_TESTS: the slow references that they compare with take longer without optimisation than the compiler saves.
function(tare_module name)
  cmake_parse_arguments(arg "SLOW_TESTS" "" "LINK;TEST_LINK;ALONE" ${ARGN})
  set_source_files_properties(${arg_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set(folder ${PROJECT_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cc)
  set(tests ${sources})
  set(benchmarks ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|benchmark)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benchmarks INCLUDE REGEX "_benchmark\\.cc$")

  add_library(tare_${name} STATIC ${sources})
  target_include_directories(tare_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_include_directories(tare_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_features(tare_${name} PUBLIC cxx_std_20)
  set(below ${TARE_LINK_${name}})
  list(TRANSFORM below PREPEND tare_)
  target_link_libraries(tare_${name} PUBLIC ${below}
    PRIVATE $<BUILD_INTERFACE:tare_flags> ${arg_LINK})
  set_target_properties(tare_${name} PROPERTIES EXPORT_NAME ${name})
  add_library(tare::${name} ALIAS tare_${name})

  if(TARE_BUILD_TESTS AND tests)
    add_executable(tare_${name}_test EXCLUDE_FROM_ALL ${tests})
    tare_test_target(tare_${name}_test ${arg_SLOW_TESTS})
    add_dependencies(tests tare_${name}_test)
    target_include_directories(tare_${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(tare_${name}_test PRIVATE
      tare_${name} tare_flags ${arg_TEST_LINK} tare_test_main GTest::gmock)
    # Tests read tests/golden and the like relative to the source folder: objects do not depend on where it lies.
    if(TARE_SANITIZE)
      # To start a program under a sanitizer takes up to a second, and ThreadSanitizer sees more in one that runs long.
      add_test(NAME unit/${name} COMMAND tare_${name}_test --gtest_brief=1 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
      set_tests_properties(unit/${name} PROPERTIES LABELS ${name} COST 50)
    else()
      gtest_discover_tests(tare_${name}_test DISCOVERY_MODE PRE_TEST
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} PROPERTIES LABELS ${name})
    endif()
  endif()
  if(TARE_BUILD_BENCHMARKS AND benchmarks)
    add_executable(tare_${name}_benchmark EXCLUDE_FROM_ALL ${benchmarks})
    add_dependencies(benchmarks tare_${name}_benchmark)
    target_include_directories(tare_${name}_benchmark PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(tare_${name}_benchmark PRIVATE
      tare_${name} tare_flags benchmark::benchmark_main)
  endif()
endfunction()
