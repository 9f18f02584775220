#include "cli/app.h"
#include "tare/core/child.h"

int main(int argc, char** argv) {
  tare::RunChildTaskIfAsked(argc, argv);
  return tare::cli::Main(argc, argv);
}
