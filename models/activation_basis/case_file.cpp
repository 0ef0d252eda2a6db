#include "activation_basis/case_file.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "files/atomic_file.h"
#include "srm/error.h"

namespace srm::activation_basis {
namespace {

using nlohmann::ordered_json;

constexpr const char* kFormat = "torchsrm-experiment-case";

double number_of(const ordered_json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

ordered_json to_json(const std::optional<Against>& against) {
  if (!against) return nullptr;
  return {{"z", against->z},
          {"p", against->p},
          {"mean", against->mean},
          {"std_dev", against->std_dev},
          {"skew", against->skew}};
}

std::optional<Against> against_of(const ordered_json& json) {
  if (json.is_null()) return std::nullopt;
  return Against{number_of(json.at("z")), number_of(json.at("p")), number_of(json.at("mean")),
                 number_of(json.at("std_dev")), number_of(json.at("skew"))};
}

std::optional<LearnedMatch> learned_of(const ordered_json& json) {
  if (json.is_null()) return std::nullopt;
  return LearnedMatch{number_of(json.at("match")), number_of(json.at("chance")), number_of(json.at("chance_95")),
                      number_of(json.at("halves_agreement")), number_of(json.at("restarts_agreement"))};
}

/// The one of `values` that is called `name`.
template <typename Value, std::size_t count>
Value named(const std::array<Value, count>& values, const std::string& name) {
  for (const Value value : values) {
    if (name == to_string(value)) return value;
  }
  throw Error("case", "a name must be one that the experiment has", name, "remove the file");
}

BasisScore score_of(const ordered_json& json) {
  BasisScore score;
  score.stage = named(std::array{Stage::kUntrained, Stage::kTrained}, json.at("stage").get<std::string>());
  score.place = named(std::array{Place::kBefore, Place::kAfter}, json.at("place").get<std::string>());
  score.basis = named(std::array{JudgedBasis::kStandard, JudgedBasis::kActing, JudgedBasis::kLearnedDiagonal,
                                 JudgedBasis::kLearnedAligned},
                      json.at("basis").get<std::string>());
  score.a4 = number_of(json.at("a4"));
  score.haar = against_of(json.at("haar")).value();
  score.m1 = against_of(json.at("m1"));
  score.m1c = against_of(json.at("m1c"));
  score.learned = learned_of(json.at("learned"));
  return score;
}

void require_same(const std::filesystem::path& path, const char* option, std::int64_t got, std::int64_t expected) {
  if (got == expected) return;
  throw Error(path.string(), fmt::format("cases of one folder must have the same {}", option),
              fmt::format("{} in this file and {} now", got, expected),
              fmt::format("name another --out, or give {} {}", option, got));
}

CaseResult result_of(const ordered_json& json, const std::filesystem::path& path, const Settings& expected) {
  if (json.at("format") != kFormat || json.at("version") != TORCHSRM_VERSION) {
    throw Error(path.string(), "cases of one folder must come from one version of torchsrm",
                fmt::format("{} {} in this file and {} {} now", json.at("format").dump(), json.at("version").dump(),
                            kFormat, TORCHSRM_VERSION),
                "name another --out");
  }
  CaseResult result;
  const ordered_json& settings = json.at("settings");
  result.settings = {settings.at("epochs").get<int>(), settings.at("rotations").get<std::int64_t>()};
  require_same(path, "--epochs", result.settings.num_epochs, expected.num_epochs);
  require_same(path, "--rotations", result.settings.num_rotations, expected.num_rotations);
  result.key = {json.at("network").get<std::string>(), json.at("width").get<std::int64_t>(),
                json.at("seed").get<std::uint64_t>()};
  if (path.stem() != result.key.name()) {
    throw Error(path.string(), "a case must lie in the file of its name", result.key.name(), "remove the file");
  }
  result.untrained_error = number_of(json.at("reconstruction_error").at("untrained"));
  result.trained_error = number_of(json.at("reconstruction_error").at("trained"));
  for (const ordered_json& score : json.at("scores")) result.scores.push_back(score_of(score));
  return result;
}

}  // namespace

ordered_json to_json(const BasisScore& score) {
  ordered_json learned;
  if (score.learned) {
    learned = {{"match", score.learned->match},
               {"chance", score.learned->chance},
               {"chance_95", score.learned->chance_95},
               {"halves_agreement", score.learned->halves_agreement},
               {"restarts_agreement", score.learned->restarts_agreement}};
  }
  return {{"stage", to_string(score.stage)},
          {"place", to_string(score.place)},
          {"basis", to_string(score.basis)},
          {"a4", score.a4},
          {"haar", to_json(std::optional(score.haar))},
          {"m1", to_json(score.m1)},
          {"m1c", to_json(score.m1c)},
          {"learned", learned}};
}

ordered_json to_json(const CaseResult& result) {
  ordered_json scores = ordered_json::array();
  for (const BasisScore& score : result.scores) scores.push_back(to_json(score));
  return {
      {"format", kFormat},
      {"version", TORCHSRM_VERSION},
      {"settings", {{"epochs", result.settings.num_epochs}, {"rotations", result.settings.num_rotations}}},
      {"network", result.key.network},
      {"width", result.key.width},
      {"seed", result.key.seed},
      {"reconstruction_error", {{"untrained", result.untrained_error}, {"trained", result.trained_error}}},
      {"scores", std::move(scores)},
  };
}

std::filesystem::path case_path(const std::filesystem::path& folder, const CaseKey& key) {
  return folder / (key.name() + ".json");
}

void write_case(const std::filesystem::path& folder, const CaseResult& result) {
  AtomicFile file(case_path(folder, result.key));
  file.write(to_json(result).dump(1) + "\n");
  file.commit();
}

CaseResult read_case(const std::filesystem::path& path, const Settings& expected) {
  std::ifstream file(path);
  if (!file) throw Error(path.string(), "the case must be readable", "a file that is not", "remove it");
  try {
    return result_of(ordered_json::parse(file), path, expected);
  } catch (const nlohmann::json::exception& error) {
    throw Error(path.string(), "a case must be one that this command wrote", error.what(),
                "remove the file: its network is then trained again");
  } catch (const std::bad_optional_access&) {
    throw Error(path.string(), "a case must be one that this command wrote", "a score without its null",
                "remove the file: its network is then trained again");
  }
}

}  // namespace srm::activation_basis
