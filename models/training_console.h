#pragma once

#include <string>

namespace srm {

/// Tells on standard error how far a training is: a bar on a terminal, elsewhere a line every 100 epochs and at the
/// end.
void print_progress(int epoch, int num_epochs, double loss);

/// Writes a file that appears whole or not at all; throws srm::Error when it cannot be written.
void write_file(const std::string& path, const std::string& bytes);

/// "folder/X.pt" and "_basis.pt" make "folder/X_basis.pt".
std::string beside(const std::string& path, const std::string& ending);

}  // namespace srm
