#include "cli/app.h"

int main(int argc, char** argv) { return tare::cli::Main(argc, argv); }
