#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "activation_basis/case.h"

namespace srm::activation_basis {

/// A case as it is kept: numbers that read back to the same bits, and no time or place, so that equal cases are equal
/// bytes. Undefined numbers are null.
nlohmann::ordered_json to_json(const CaseResult& result);
/// One against a null, or null where there is none.
nlohmann::ordered_json to_json(const BasisScore& score);

/// The file of a case: its name, ".json".
std::filesystem::path case_path(const std::filesystem::path& folder, const CaseKey& key);

/// Writes the file whole or not at all. Throws srm::Error when it cannot be written.
void write_case(const std::filesystem::path& folder, const CaseResult& result);

/// Reads a case back. Throws srm::Error naming the file when it is not one of the case that its name says, was written
/// by another version, or is of other settings than `expected`: cases of one table are of one kind.
CaseResult read_case(const std::filesystem::path& path, const Settings& expected);

}  // namespace srm::activation_basis
