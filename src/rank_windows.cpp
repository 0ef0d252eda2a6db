#include "rank_windows.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <tuple>

#include "kernels/random_rank.h"
#include "resonance_sums.h"
#include "row_tensor.h"
#include "srm/error.h"

namespace srm {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kWhere = "ranks";

// What a rank tells of a layer before numbers are added.
struct LayerNote {
  std::string address;
  Settings settings;
  std::int64_t num_sums = 0;
  std::int64_t largest = 0;        // of the sums
  std::int64_t num_rows_kept = 0;  // for tests
  std::int64_t capacity = 0;       // of those; 0: there is no sample
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LayerNote, address, settings, num_sums, largest, num_rows_kept, capacity)

bool has_any(const ObservedWindow& window) {
  if (!window.layer.whole) return false;
  const ResonanceParts& parts = window.layer.whole->parts();
  return parts.num_samples_seen > 0 || parts.num_samples_skipped > 0 || parts.num_samples_nonfinite > 0 ||
         parts.num_samples_zero_norm > 0;
}

void require_same(const Settings& first, const Settings& other, int rank, const std::string& what) {
  const auto [mine, others] = std::mismatch(first.begin(), first.end(), other.begin(), other.end());
  if (mine == first.end() && others == other.end()) return;
  const auto text = [](const auto& it, const auto& end) {
    return it == end ? std::string("nothing") : fmt::format("{} = {}", it->first, it->second);
  };
  throw Error(kWhere, what + " must be the same in all ranks",
              fmt::format("{} in rank 0 and {} in rank {}", text(mine, first.end()), text(others, other.end()), rank),
              "give all of them the same options and model");
}

LayerNote note_of(const ObservedWindow& window, const std::vector<std::int64_t>& sums) {
  const ResonanceParts& parts = window.layer.whole->parts();
  LayerNote note{parts.address, settings_of(parts), std::ssize(sums)};
  for (const std::int64_t sum : sums) note.largest = std::max(note.largest, sum < 0 ? -sum : sum);
  if (window.sample) {
    note.num_rows_kept = window.sample->num_rows();
    note.capacity = window.sample->capacity();
  }
  return note;
}

// By rank; null where a rank has no rows of the layer.
using Notes = std::vector<const LayerNote*>;

// The notes of each layer, in the order of rank 0.
std::vector<std::pair<std::string, Notes>> by_layer(const std::vector<std::vector<LayerNote>>& notes) {
  std::vector<std::pair<std::string, Notes>> layers;
  for (std::size_t rank = 0; rank < notes.size(); ++rank) {
    for (const LayerNote& note : notes[rank]) {
      auto layer =
          std::find_if(layers.begin(), layers.end(), [&](const auto& one) { return one.first == note.address; });
      if (layer == layers.end()) {
        if (rank > 0) {
          throw Error(kWhere, fmt::format("rank 0, which writes, must have rows of '{}'", note.address),
                      fmt::format("none in rank 0 and some in rank {}", rank), "let rank 0 run what others do");
        }
        layer = layers.insert(layers.end(), {note.address, Notes(notes.size(), nullptr)});
      }
      layer->second[rank] = &note;
      require_same(layer->second[0]->settings, note.settings, static_cast<int>(rank),
                   fmt::format("how '{}' is observed", note.address));
    }
  }
  return layers;
}

void require_room(const std::string& address, const Notes& notes) {
  UInt128 most = 0;
  for (const LayerNote* note : notes) most += note ? static_cast<UInt128>(note->largest) : 0;
  if (most <= static_cast<UInt128>(std::numeric_limits<std::int64_t>::max())) return;
  throw Error(kWhere, fmt::format("every sum of '{}' must fit into 64 bits", address), "an overflow",
              "close windows more often");
}

// Rows in an order that hangs on nothing but themselves: what is computed from them then does not hang on which rank
// had which, down to the last bit.
at::Tensor in_order(const at::Tensor& rows) {
  const at::Tensor bits = rows.contiguous().view(at::kLong);
  const std::int64_t* data = bits.const_data_ptr<std::int64_t>();
  const std::int64_t dim = rows.size(1);
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows.size(0)));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return std::lexicographical_compare(data + a * dim, data + (a + 1) * dim, data + b * dim, data + (b + 1) * dim);
  });
  return rows.index_select(0, at::tensor(order, at::kLong));
}

// A row that a rank has kept, in the reservoirs' order.
struct KeptRow {
  std::uint64_t order;
  std::size_t rank;
  std::int64_t place;  // in its rank
};

std::vector<KeptRow> kept_rows(Ranks& ranks, const Notes& notes, const std::optional<RowReservoir>& own,
                               std::uint64_t seed) {
  std::vector<KeptRow> kept;
  std::vector<std::int64_t> orders;
  const auto own_rank = static_cast<std::size_t>(ranks.rank());
  const std::vector<std::int64_t> numbers = own ? own->row_numbers() : std::vector<std::int64_t>();
  std::int64_t capacity = std::numeric_limits<std::int64_t>::max();
  for (std::size_t rank = 0; rank < notes.size(); ++rank) {
    if (!notes[rank] || notes[rank]->num_rows_kept == 0) continue;
    capacity = std::min(capacity, notes[rank]->capacity);
    for (std::int64_t k = 0; k < notes[rank]->num_rows_kept; ++k) {
      kept.push_back({0, rank, k});
      const std::int64_t number = rank == own_rank ? numbers[static_cast<std::size_t>(k)] : 0;
      orders.push_back(rank == own_rank ? std::bit_cast<std::int64_t>(kernels::random_rank(seed, number)) : 0);
    }
  }
  ranks.sum(orders);
  for (std::size_t k = 0; k < kept.size(); ++k) kept[k].order = std::bit_cast<std::uint64_t>(orders[k]);
  const auto place = [](const KeptRow& row) { return std::pair(row.rank, row.place); };
  if (std::ssize(kept) > capacity) {
    std::sort(kept.begin(), kept.end(), [&](const KeptRow& a, const KeptRow& b) {
      return std::tuple(a.order, place(a)) < std::tuple(b.order, place(b));
    });
    kept.resize(static_cast<std::size_t>(capacity));
    std::sort(kept.begin(), kept.end(), [&](const KeptRow& a, const KeptRow& b) { return place(a) < place(b); });
  }
  return kept;
}

// Rows of the other ranks come as sums with zeros, bit for bit.
at::Tensor merged_rows(Ranks& ranks, const Notes& notes, const std::optional<RowReservoir>& own, std::int64_t dim,
                       std::uint64_t seed) {
  const std::vector<KeptRow> kept = kept_rows(ranks, notes, own, seed);
  if (kept.empty()) return {};
  const std::vector<double> values = own ? own->rows() : std::vector<double>();
  std::vector<std::int64_t> bits(kept.size() * static_cast<std::size_t>(dim), 0);
  for (std::size_t k = 0; k < kept.size(); ++k) {
    if (kept[k].rank != static_cast<std::size_t>(ranks.rank())) continue;
    for (std::int64_t j = 0; j < dim; ++j) {
      bits[k * static_cast<std::size_t>(dim) + static_cast<std::size_t>(j)] =
          std::bit_cast<std::int64_t>(values[static_cast<std::size_t>(kept[k].place * dim + j)]);
    }
  }
  ranks.sum(bits);
  return in_order(at::tensor(bits, at::kLong).view(at::kDouble).reshape({-1, dim}));
}

std::string text_of(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Throws where a rank is elsewhere.
std::vector<std::vector<LayerNote>> exchanged_notes(Ranks& ranks, const std::string& place,
                                                    const std::vector<LayerNote>& own) {
  const std::vector<std::string> texts = ranks.exchange(text_of({{"place", place}, {"layers", own}}));
  std::vector<std::vector<LayerNote>> notes;
  for (std::size_t rank = 0; rank < texts.size(); ++rank) {
    const nlohmann::json json = nlohmann::json::parse(texts[rank]);
    require_same({{"at", nlohmann::json::parse(texts[0]).at("place")}}, {{"at", json.at("place")}},
                 static_cast<int>(rank), "the window that is closed");
    notes.push_back(json.at("layers").get<std::vector<LayerNote>>());
  }
  return notes;
}

}  // namespace

std::vector<ClosedLayer> closed_layers(std::vector<ObservedWindow> windows) {
  std::vector<ClosedLayer> layers;
  for (ObservedWindow& window : windows) {
    if (!has_any(window)) continue;
    const std::string address = window.layer.whole->address();
    layers.push_back({address, std::move(window.layer),
                      window.sample ? in_order(to_tensor(*window.sample)) : at::Tensor(), std::move(window.basis)});
  }
  return layers;
}

std::vector<ClosedLayer> closed_layers_of_all(Ranks& ranks, const std::string& place,
                                              std::vector<ObservedWindow> windows, std::uint64_t seed) {
  std::erase_if(windows, [](const ObservedWindow& window) { return !has_any(window); });
  std::map<std::string, std::vector<std::int64_t>> sums;
  std::map<std::string, ObservedWindow*> by_address;
  std::vector<LayerNote> own_notes;
  for (ObservedWindow& window : windows) {
    const std::string& address = window.layer.whole->address();
    by_address[address] = &window;
    sums[address] = sums_of(window.layer.whole->parts());
    own_notes.push_back(note_of(window, sums[address]));
  }
  const std::vector<std::vector<LayerNote>> notes = exchanged_notes(ranks, place, own_notes);
  std::vector<ClosedLayer> layers;
  const auto of_all = by_layer(notes);
  for (const auto& [address, of_ranks] : of_all) require_room(address, of_ranks);
  for (const auto& [address, of_ranks] : of_all) {
    std::vector<std::int64_t>& numbers = sums[address];
    numbers.resize(static_cast<std::size_t>(of_ranks[0]->num_sums), 0);
    ranks.sum(numbers);
    const auto own = by_address.find(address);
    ObservedWindow* window = own == by_address.end() ? nullptr : own->second;
    const Settings& settings = of_ranks[0]->settings;
    const auto dim = std::find_if(settings.begin(), settings.end(), [](const auto& one) { return one.first == "dim"; });
    ClosedLayer layer{address, {}, {}, {}};
    layer.rows = merged_rows(ranks, of_ranks, window ? window->sample : std::nullopt, std::stoll(dim->second), seed);
    if (window) {
      ResonanceParts parts = window->layer.whole->parts();
      put_sums(numbers, parts);
      layer.layer.findings.address = address;
      layer.layer.whole.emplace(std::move(parts), kWhere);
      layer.basis = window->basis;
    }
    numbers.clear();
    layers.push_back(std::move(layer));
  }
  return layers;
}

void require_same_options(Ranks& ranks, const Settings& settings) {
  const std::vector<std::string> texts = ranks.exchange(text_of(settings));
  const auto first = nlohmann::json::parse(texts[0]).get<Settings>();
  for (std::size_t rank = 1; rank < texts.size(); ++rank) {
    require_same(first, nlohmann::json::parse(texts[rank]).get<Settings>(), static_cast<int>(rank), "options");
  }
}

}  // namespace srm
