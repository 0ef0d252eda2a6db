#include "report/neuron_pictures_json.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "report/findings_json.h"
#include "report/layer_json.h"
#include "report/packed_numbers.h"
#include "report/picture.h"
#include "srm/grandmother_neurons.h"

namespace srm::report {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostNeurons = 100;
constexpr std::size_t kNumClosest = 10;
constexpr std::size_t kMostSamples = 3000;  // some 4 MB of pictures
constexpr std::int64_t kMostPixels = 32;    // a side
constexpr std::size_t kMostBytes = 600;
constexpr int kNumShades = 256;

// Those that a reader would ask about where no signed vector keeps the rule.
std::vector<NeuronFinding> closest(const NeuronTable& table, std::int64_t e, const GrandmotherRule& rule) {
  std::vector<NeuronFinding> all = neuron_findings(table, e);
  const auto keeps_count = [&](const NeuronFinding& one) {
    return one.reading.num_labelled >= std::max<std::int64_t>(rule.min_count, 1);
  };
  const auto end = std::stable_partition(all.begin(), all.end(), keeps_count);
  if (end != all.begin()) {
    all.erase(end, all.end());
    std::stable_sort(all.begin(), all.end(), [](const NeuronFinding& a, const NeuronFinding& b) {
      return a.reading.purity > b.reading.purity;
    });
  } else {
    std::stable_sort(all.begin(), all.end(),
                     [](const NeuronFinding& a, const NeuronFinding& b) { return a.reading.count > b.reading.count; });
  }
  all.resize(std::min(all.size(), kNumClosest));
  return all;
}

void fit(ordered_json& neuron, std::set<std::int64_t>& samples) {
  for (ordered_json& near : neuron["nearest"]) {
    near["cosine"] = std::round(near["cosine"].get<double>() * 1e4) / 1e4;
    samples.insert(near["sample"].get<std::int64_t>());
  }
}

// Means over areas, so that a large picture becomes a small one and a small one stays what it is.
ordered_json picture_json(const Picture& picture) {
  const std::int64_t longest = std::max(picture.height, picture.width);
  const double scale = std::min(1.0, static_cast<double>(kMostPixels) / static_cast<double>(longest));
  const auto scaled = [&](std::int64_t size) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(size) * scale));
  };
  const Picture small = resampled(picture, scaled(picture.height), scaled(picture.width));
  const std::vector<int> shades = shades_of(small, kNumShades);
  return {{"height", small.height},
          {"width", small.width},
          {"shades", packed(std::vector<std::int64_t>(shades.begin(), shades.end()))}};
}

// Cut where a character begins.
std::string cut(const std::string& text) {
  if (text.size() <= kMostBytes) return text;
  std::size_t end = kMostBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace

void fit_neurons(ordered_json& neurons, const NeuronTable& table, std::set<std::int64_t>& samples) {
  for (std::int64_t e = 0; e < table.num_epsilons(); ++e) {
    ordered_json& part = neurons["by_epsilon"][static_cast<std::size_t>(e)];
    part["num_found"] = part["grandmother_neurons"].size();
    part["closest"] = ordered_json::array();
    ordered_json& found = part["grandmother_neurons"];  // keys that are added move those before
    if (found.size() > kMostNeurons) found.erase(found.begin() + kMostNeurons, found.end());
    if (found.empty()) {
      for (const NeuronFinding& one : closest(table, e, {})) part["closest"].push_back(neuron_json(table, one));
    }
    for (ordered_json* list : {&found, &part["closest"]}) {
      for (ordered_json& neuron : *list) fit(neuron, samples);
    }
  }
}

ordered_json samples_json(const std::set<std::int64_t>& samples, const ReportOptions& options) {
  ordered_json object = ordered_json::object();
  if (!options.picture_of && !options.text_of) return object;
  for (const std::int64_t sample : samples) {
    if (object.size() == kMostSamples) break;
    ordered_json one = ordered_json::object();
    if (options.picture_of) {
      const Picture picture = options.picture_of(sample);
      require_whole(picture);
      one["picture"] = picture_json(picture);
    }
    if (options.text_of) one["text"] = cut(valid_utf8(options.text_of(sample)));
    object[std::to_string(sample)] = std::move(one);
  }
  return object;
}

}  // namespace srm::report
