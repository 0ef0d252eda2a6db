// The text format of Prometheus, version 0.0.4.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "report/layer_json.h"
#include "srm/history.h"
#include "srm/report.h"
#include "srm/statistics.h"

namespace srm {
namespace {

struct Metric {
  const char* name;
  const char* type;
  const char* help;
  std::function<double(const Resonance& layer)> value;
};

double first_epsilon(const Resonance& layer) { return layer.parts().epsilon.front(); }

double peak_of(const Resonance& layer) {
  const std::vector<double> mean = layer.holistic_mean(0);
  return *std::max_element(mean.begin(), mean.end());
}

const std::vector<Metric>& metrics() {
  const auto count = [](std::int64_t ResonanceParts::*member) {
    return [member](const Resonance& layer) { return static_cast<double>(layer.parts().*member); };
  };
  static const std::vector<Metric> all = {
      {"srm_samples_total", "counter", "Activations (rows) of the layer that were seen.",
       count(&ResonanceParts::num_samples_seen)},
      {"srm_samples_skipped_total", "counter",
       "Activations left out by a mask, sampling, a limit, a budget or a full queue.",
       count(&ResonanceParts::num_samples_skipped)},
      {"srm_samples_zero_norm_total", "counter", "Activations without a direction.",
       count(&ResonanceParts::num_samples_zero_norm)},
      {"srm_samples_nonfinite_total", "counter", "Activations with NaN or infinity.",
       count(&ResonanceParts::num_samples_nonfinite)},
      {"srm_calls_total", "counter", "Calls of the layer that were seen.", count(&ResonanceParts::num_calls)},
      {"srm_quartic_alignment", "gauge", "A4: 1 on the basis, 0 for isotropic activations, below 0 on diagonals.",
       [](const Resonance& layer) { return quartic_alignment(layer); }},
      {"srm_quartic_alignment_error", "gauge", "Standard error of A4 by samples.",
       [](const Resonance& layer) { return quartic_alignment_error(layer); }},
      {"srm_epsilon", "gauge", "Cosine threshold of the next three: the first that was counted.", first_epsilon},
      {"srm_arc_alignment", "gauge", "C4: mean of cos(4 phi) over all hits; NaN below 100 hits.",
       [](const Resonance& layer) { return arc_alignment(layer, first_epsilon(layer)); }},
      {"srm_hits_total", "counter", "Pairs of an activation and a plane whose spotlight it is in at some angle.",
       [](const Resonance& layer) { return static_cast<double>(layer.parts().scores.num_hits.front()); }},
      {"srm_peak", "gauge", "Largest value of the mean curve over all planes, a fraction.", peak_of},
  };
  return all;
}

// As the format has it for the values of labels.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : report::valid_utf8(text)) {
    if (c == '\\' || c == '"') result.push_back('\\');
    if (c == '\n') {
      result += "\\n";
    } else {
      result.push_back(c);
    }
  }
  return result;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string head(const char* name, const char* type, const char* help) {
  return fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

std::string window_prometheus_text(const Window& window, const std::string& model) {
  struct WindowMetric {
    const char* name;
    const char* help;
    std::function<double(const LayerWindow& layer)> value;
  };
  static const std::vector<WindowMetric> metrics = {
      {"srm_window_samples", "Activations (rows) of the layer in the last window.",
       [](const LayerWindow& layer) { return static_cast<double>(layer.num_samples_seen); }},
      {"srm_window_samples_skipped", "Activations of the last window that were left out.",
       [](const LayerWindow& layer) { return static_cast<double>(layer.num_samples_skipped); }},
      {"srm_quartic_alignment", "A4: 1 on the basis, 0 for isotropic activations, below 0 on diagonals.",
       [](const LayerWindow& layer) { return layer.a4; }},
      {"srm_quartic_alignment_error", "Standard error of A4 by samples.",
       [](const LayerWindow& layer) { return layer.a4_error; }},
      {"srm_epsilon", "Cosine threshold of the next: the first that was counted.",
       [](const LayerWindow& layer) { return layer.epsilon.front(); }},
      {"srm_arc_alignment", "C4: mean of cos(4 phi) over all hits; NaN below 100 hits.",
       [](const LayerWindow& layer) { return layer.c4.front(); }},
  };
  const std::string common = fmt::format(
      "{}phase=\"{}\"", model.empty() ? "" : fmt::format("model=\"{}\",", escaped(model)), escaped(window.phase));
  std::string text = head("srm_step", "gauge", "The step that closed the last window.");
  text += fmt::format("srm_step{{{}}} {}\n", common, window.step);
  if (!window.scalars.empty()) text += head("srm_scalar", "gauge", "What was handed in with the step, by name.");
  for (const auto& [name, value] : window.scalars) {
    text += fmt::format("srm_scalar{{{},name=\"{}\"}} {}\n", common, escaped(name), number(value));
  }
  for (const WindowMetric& metric : metrics) {
    text += head(metric.name, "gauge", metric.help);
    for (const LayerWindow& layer : window.layers) {
      text += fmt::format("{}{{{},layer=\"{}\"}} {}\n", metric.name, common, escaped(layer.address),
                          number(metric.value(layer)));
    }
  }
  return text;
}

std::string prometheus_text(const Results& results, const std::string& model) {
  const std::string model_label = model.empty() ? "" : fmt::format("model=\"{}\",", escaped(model));
  std::string text;
  for (const Metric& metric : metrics()) {
    text += head(metric.name, metric.type, metric.help);
    for (const Resonance& layer : results) {
      if (!layer.parts().group.empty()) continue;
      text += fmt::format("{}{{{}layer=\"{}\"}} {}\n", metric.name, model_label, escaped(layer.address()),
                          number(metric.value(layer)));
    }
  }
  return text;
}

}  // namespace srm
