#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/command.h"

namespace srm::cli {
namespace {

using Json = nlohmann::ordered_json;

Json names_of(const CLI::Option& option) {
  Json names = Json::array();
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  if (names.empty()) names.push_back(option.get_single_name());
  return names;
}

Json first_names_of(const std::set<CLI::Option*>& options) {
  std::vector<std::string> names;
  for (const CLI::Option* option : options) names.push_back(option->get_name());
  std::sort(names.begin(), names.end());
  return names;
}

/// The words of a type like TEXT:{throw,detach}; none of another.
std::vector<std::string> choices_of(const std::string& type) {
  std::vector<std::string> choices;
  const std::size_t open = type.find(":{"), close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return choices;
  std::size_t begin = open + 2;
  while (begin <= close) {
    const std::size_t end = std::min(type.find(',', begin), close);
    choices.push_back(type.substr(begin, end - begin));
    begin = end + 1;
  }
  return choices;
}

Json described(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const bool takes_value = option.get_items_expected_max() > 0;
  return {{"names", names_of(option)},
          {"positional", option.get_positional()},
          {"value", takes_value ? type.substr(0, type.find(':')) : ""},
          {"choices", takes_value ? choices_of(type) : std::vector<std::string>{}},
          {"repeated", option.get_items_expected_max() > 1},
          {"required", option.get_required()},
          {"default", takes_value ? option.get_default_str() : ""},
          {"needs", first_names_of(option.get_needs())},
          {"excludes", first_names_of(option.get_excludes())},
          {"description", option.get_description()}};
}

Json described(const CLI::App& app) {
  Json options = Json::array(), commands = Json::array();
  for (const CLI::Option* option : app.get_options()) options.push_back(described(*option));
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(described(*command));
  }
  return {{"name", app.get_name()},
          {"description", app.get_description()},
          {"footer", app.get_footer()},
          {"options", options},
          {"commands", commands}};
}

}  // namespace

std::string describe(const CLI::App& app) { return described(app).dump(1) + "\n"; }

}  // namespace srm::cli
