#include "checkpoint.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <deque>

#include "io/dict_entries.h"
#include "io/findings_dict.h"
#include "io/layer_dict.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

constexpr const char* kFormat = "torchsrm-checkpoint";
constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kLayerVersion = 2;  // of result files, whose dicts layers are written as

// ---- writing

// What is written only borrows the rows, which are copied out of a reservoir: they live here until then.
using Rows = std::deque<RowReservoir::State>;

GenericDict to_dict(const RowReservoir& reservoir, Rows& kept) {
  const RowReservoir::State& state = kept.emplace_back(reservoir.state());
  const std::int64_t num_rows = reservoir.num_rows();
  GenericDict dict = empty_dict();
  dict.insert("dim", reservoir.dim());
  dict.insert("capacity", reservoir.capacity());
  dict.insert("seed", static_cast<std::int64_t>(reservoir.seed()));
  dict.insert("num_rows_offered", state.num_rows_offered);
  dict.insert("rows", borrow(state.rows, {num_rows, reservoir.dim()}));
  dict.insert("blocks", borrow(state.blocks, {num_rows}));
  dict.insert("row_numbers", borrow(state.row_numbers, {num_rows}));
  return dict;
}

GenericDict to_dict(const StreamPosition& position) {
  GenericDict dict = empty_dict();
  dict.insert("num_calls", position.num_calls);
  dict.insert("num_rows", position.num_rows);
  dict.insert("num_taken", position.num_taken);
  dict.insert("num_samples", position.num_samples);
  dict.insert("num_early_calls", position.num_early_calls);
  dict.insert("num_early_skipped", position.num_early_skipped);
  return dict;
}

GenericDict to_dict(const ObserverState& part, Rows& kept) {
  GenericList counts = empty_list();
  if (part.layer.whole) counts.push_back(to_dict(*part.layer.whole));
  for (const Resonance& one : part.layer.classes) counts.push_back(to_dict(one));
  GenericDict dict = empty_dict();
  dict.insert("dim", part.dim);
  dict.insert("position", to_dict(part.position));
  dict.insert("has_whole", part.layer.whole.has_value());
  dict.insert("counts", counts);
  dict.insert("findings", to_dict(part.layer.findings));
  if (part.sample) dict.insert("sample", to_dict(*part.sample, kept));
  return dict;
}

GenericList to_list(const std::vector<std::pair<std::string, std::string>>& pairs) {
  GenericList list = empty_list();
  for (const auto& [name, value] : pairs) list.push_back(c10::ivalue::Tuple::create({name, value}));
  return list;
}

GenericList to_list(const std::vector<SiteState>& sites, Rows& kept) {
  GenericList list = empty_list();
  for (const SiteState& site : sites) {
    GenericList parts = empty_list();
    for (const ObserverState& part : site.parts) parts.push_back(to_dict(part, kept));
    GenericDict dict = empty_dict();
    dict.insert("address", site.address);
    dict.insert("num_calls", site.num_calls);
    dict.insert("failure", site.failure ? c10::IValue(std::string(site.failure->what())) : c10::IValue());
    dict.insert("left_out", to_list(site.left_out));
    dict.insert("parts", parts);
    list.push_back(dict);
  }
  return list;
}

// ---- reading

std::vector<std::pair<std::string, std::string>> to_pairs(const DictEntries& entries, const std::string& key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const c10::IValue& pair : entries.list(key)) {
    const bool fits = pair.isTuple() && pair.toTupleRef().elements().size() == 2 &&
                      pair.toTupleRef().elements()[0].isString() && pair.toTupleRef().elements()[1].isString();
    if (!fits) entries.refuse("'" + key + "' must hold pairs of texts", pair.tagKind());
    pairs.emplace_back(pair.toTupleRef().elements()[0].toStringRef(), pair.toTupleRef().elements()[1].toStringRef());
  }
  return pairs;
}

RowReservoir to_reservoir(const DictEntries& entries) {
  RowReservoir reservoir(entries.integer("dim"), entries.integer("capacity"),
                         static_cast<std::uint64_t>(entries.integer("seed")));
  const std::vector<std::int64_t> blocks = entries.integers("blocks", {-1});
  const std::int64_t num_rows = std::ssize(blocks);
  reservoir.resume({entries.integer("num_rows_offered"), entries.doubles("rows", {num_rows, reservoir.dim()}), blocks,
                    entries.integers("row_numbers", {num_rows})});
  return reservoir;
}

StreamPosition to_position(const DictEntries& entries) {
  return {.num_calls = entries.integer("num_calls"),
          .num_rows = entries.integer("num_rows"),
          .num_taken = entries.integer("num_taken"),
          .num_samples = entries.integer("num_samples"),
          .num_early_calls = entries.integer("num_early_calls"),
          .num_early_skipped = entries.integer("num_early_skipped")};
}

ObserverState to_part(const c10::IValue& value, const std::string& where) {
  const DictEntries entries(value, where);
  ObserverState part;
  part.dim = entries.integer("dim");
  part.position = to_position(entries.inside("position"));
  part.layer.findings = to_findings(entries.value("findings"), where + ": findings");
  const GenericList counts = entries.list("counts");
  for (std::size_t k = 0; k < counts.size(); ++k) {
    Resonance one = to_resonance(counts.get(k), kLayerVersion, fmt::format("{}: counts {}", where, k));
    counts.set(k, c10::IValue());  // its tables are copied, and may be large
    if (k == 0 && entries.flag("has_whole")) {
      part.layer.whole = std::move(one);
    } else {
      part.layer.classes.push_back(std::move(one));
    }
  }
  if (entries.has("sample")) part.sample = to_reservoir(entries.inside("sample"));
  return part;
}

std::vector<SiteState> to_sites(const DictEntries& entries, const std::string& key) {
  std::vector<SiteState> sites;
  for (const c10::IValue& value : entries.list(key)) {
    const DictEntries site(value, fmt::format("{}: {} {}", entries.where(), key, sites.size()));
    SiteState& state = sites.emplace_back();
    state.address = site.text("address");
    state.num_calls = site.integer("num_calls");
    if (!site.value("failure").isNone()) state.failure = Error::from_text(site.text("failure"));
    state.left_out = to_pairs(site, "left_out");
    for (const c10::IValue& part : site.list("parts")) state.parts.push_back(to_part(part, site.where()));
  }
  return sites;
}

}  // namespace

void save(const Checkpoint& checkpoint, const std::filesystem::path& path) {
  Rows kept;
  GenericDict dict = empty_dict();
  dict.insert("format", kFormat);
  dict.insert("version", kVersion);
  dict.insert("run", to_list(checkpoint.run));
  dict.insert("num_samples_done", checkpoint.num_samples_done);
  dict.insert("memory_limit", checkpoint.memory_limit);
  dict.insert("sites", to_list(checkpoint.sites, kept));
  dict.insert("inputs", to_list(checkpoint.inputs, kept));
  save_pickle(dict, path);
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  const DictEntries entries(load_pickle(path), path.string());
  if (entries.text("format") != kFormat) {
    entries.refuse(fmt::format("this must be a checkpoint, with the format '{}'", kFormat), entries.text("format"));
  }
  if (entries.integer("version") != kVersion) {
    entries.refuse(fmt::format("the version of a checkpoint must be {} for this torchsrm", kVersion),
                   fmt::format("{}", entries.integer("version")));
  }
  Checkpoint checkpoint;
  checkpoint.run = to_pairs(entries, "run");
  checkpoint.num_samples_done = entries.integer("num_samples_done");
  checkpoint.memory_limit = entries.integer("memory_limit");
  checkpoint.sites = to_sites(entries, "sites");
  checkpoint.inputs = to_sites(entries, "inputs");
  return checkpoint;
}

}  // namespace srm
