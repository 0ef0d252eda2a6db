#include "cli/command.h"

int main(int argc, char** argv) { return srm::cli::run(argc, argv); }
