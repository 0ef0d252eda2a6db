#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "files/input_file.h"
#include "io/dict_entries.h"
#include "io/findings_dict.h"
#include "io/layer_dict.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

constexpr const char* kFormat = "torchsrm-result";
constexpr std::int64_t kVersion = 2;

c10::IValue load_any(const std::filesystem::path& path) {
  const FileKind kind = file_kind(path);
  if (kind == FileKind::kZip) return load_pickle(path);
  throw Error(path.string(), "this must be a result that torchsrm wrote", describe(kind), "name a results.srm.pt");
}

DictEntries require_result(const c10::IValue& value, const std::string& where) {
  const bool is_result = value.isGenericDict() && value.toGenericDict().contains("format");
  const c10::IValue format = is_result ? value.toGenericDict().at("format") : c10::IValue();
  if (!format.isString() || format.toStringRef() != kFormat) {
    throw Error(where, fmt::format("this must be a result that torchsrm wrote, with the format '{}'", kFormat),
                format.isString() ? format.toStringRef() : fmt::format("a {} without it", value.tagKind()),
                "name a results.srm.pt");
  }
  DictEntries entries(value, where);
  const std::int64_t version = entries.integer("version");
  if (version > kVersion) {
    throw Error(where, fmt::format("the format's version must be {} or less for this torchsrm", kVersion),
                fmt::format("version {}", version), "read it with the torchsrm that wrote it, or a newer one");
  }
  if (version < 1) entries.refuse("'version' must be 1 or more", fmt::format("{}", version));
  return entries;
}

bool is_of_layer(const LayerFindings& found, const Resonance& layer) {
  const bool tests_fit =
      !found.tests || (found.tests->dim == layer.dim() && found.tests->num_vectors == layer.parts().num_vectors);
  const bool neurons_fit = !found.neurons || found.neurons->num_vectors() == layer.parts().num_vectors;
  return tests_fit && neurons_fit && (!found.densities || found.densities->parts().dim == layer.dim());
}

// What was found out about a layer is found by its address.
void require_findings_of_layers(const Results& results, const std::string& where) {
  const std::vector<LayerFindings>& findings = results.findings;
  for (auto it = findings.begin(); it != findings.end(); ++it) {
    const auto layer =
        std::find_if(results.begin(), results.end(), [&](const Resonance& of) { return of.address() == it->address; });
    const bool is_twice =
        std::any_of(findings.begin(), it, [&](const auto& other) { return other.address == it->address; });
    const bool is_layer = layer != results.end();
    if (is_layer && !is_twice && is_of_layer(*it, *layer)) continue;
    const char* got = !is_layer ? "without such a layer" : is_twice ? "twice" : "of other dimensions than the layer";
    throw Error(where, "findings must be those of a layer of the result, once each",
                fmt::format("'{}' {}", it->address, got), "this result is damaged; make it again");
  }
}

GenericDict to_dict(const Results& results, const std::string& where) {
  require_findings_of_layers(results, where);
  GenericDict settings = empty_dict();
  for (const auto& [name, value] : results.settings) {
    if (settings.insert(name, value).second) continue;
    throw Error(where, "a setting may be there once", fmt::format("'{}' twice", name), "leave one out");
  }
  GenericList layers = empty_list();
  for (const Resonance& layer : results) layers.push_back(to_dict(layer));
  GenericList findings = empty_list();
  for (const LayerFindings& found : results.findings) findings.push_back(to_dict(found));
  GenericDict dict = empty_dict();
  dict.insert("format", kFormat);
  dict.insert("version", kVersion);
  dict.insert("settings", settings);
  dict.insert("partial", results.partial);
  dict.insert("layers", layers);
  dict.insert("findings", findings);
  return dict;
}

Results to_results(const c10::IValue& value, const std::string& where) {
  const DictEntries entries = require_result(value, where);
  Results results;
  const DictEntries settings = entries.inside("settings");
  for (const auto& entry : entries.value("settings").toGenericDict()) {
    if (!entry.key().isString()) settings.refuse("settings must have names", entry.key().tagKind());
    results.settings.emplace_back(entry.key().toStringRef(), settings.text(entry.key().toStringRef()));
  }
  results.partial = entries.flag("partial");
  const GenericList layers = entries.list("layers");
  for (std::size_t k = 0; k < layers.size(); ++k) {
    results.layers.push_back(
        to_resonance(layers.get(k), entries.integer("version"), fmt::format("{}: layer {}", where, k)));
    layers.set(k, c10::IValue());  // its tables are copied, and may be large
  }
  if (!entries.has("findings")) return results;  // older results have none
  const GenericList findings = entries.list("findings");
  for (std::size_t k = 0; k < findings.size(); ++k) {
    results.findings.push_back(to_findings(findings.get(k), fmt::format("{}: findings {}", where, k)));
    findings.set(k, c10::IValue());
  }
  require_findings_of_layers(results, where);
  return results;
}

}  // namespace

void save(const Results& results, const std::filesystem::path& path) {
  save_pickle(to_dict(results, path.string()), path);
}

Results load_results(const std::filesystem::path& path) { return to_results(load_any(path), path.string()); }

c10::IValue to_value(const Results& results) { return c10::IValue(to_dict(results, "results")).deepcopy(); }

std::string to_bytes(const Results& results) { return pickle_to_bytes(to_dict(results, "results")); }

Results results_from_bytes(std::string_view bytes, const std::string& where) {
  return to_results(pickle_from_bytes(bytes, where), where);
}

}  // namespace srm
