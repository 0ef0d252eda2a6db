#include "srm/verdict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <string>
#include <vector>

namespace srm {
namespace {

std::string percent(double fraction) { return fmt::format("{:.0f} %", fraction * 100); }

bool is_beyond(const NullTest& null, Alignment alignment, double alpha) {
  return null.p <= alpha && (alignment == Alignment::kAligned) == (null.score > null.mean);
}

std::string score_text(const LayerTests& tests) {
  const std::string score = fmt::format("A4 = {:+.3g}", tests.haar.score);
  if (std::isnan(tests.standard_error)) return score + " (one block, so no standard error)";
  return fmt::format("{} +- {:.2g} (block standard error)", score, tests.standard_error);
}

std::string null_text(const NullTest& null) {
  const std::string z = std::isnan(null.z) ? "none" : fmt::format("{:+.1f}", null.z);
  return fmt::format("mean {:+.2g}, sd {:.2g}, skew {:+.2f}, z {}", null.mean, null.std_dev, null.skew, z);
}

// How large A4 would have had to be: what "none" is worth.
std::string sensitivity_text(const NullTest& null, double alpha) {
  const NullTest::Critical critical = null.critical(alpha);
  if (std::isinf(critical.above)) {
    return fmt::format("; no A4 would have been seen: R = {} is too few for p <= {}", null.num_rotations(), alpha);
  }
  return fmt::format("; above {:+.2g} or below {:+.2g} it would have been seen", critical.above, critical.below);
}

std::string shares_text(const LayerTests& tests) {
  std::string text;
  for (const TopShare& top : tests.top_shares) {
    const bool is_one = top.vectors.size() == 1;
    text += is_one ? fmt::format("; vector {} carries {} of the fourth powers", top.vectors[0], percent(top.share))
                   : fmt::format("; vectors {} carry {}", fmt::join(top.vectors, ", "), percent(top.share));
    if (top.a4_without) text += fmt::format(" (A4 without {} {:+.3g})", is_one ? "it" : "them", *top.a4_without);
  }
  return text;
}

std::string nonlinearity_text(const LayerTests& tests, double alpha) {
  const BeyondNonlinearity beyond = beyond_nonlinearity(tests, alpha);
  if (!tests.nonlinearity) {
    return fmt::format("; beyond a nonlinearity's own effect: {} (no function known: --nonlinearity)",
                       to_string(beyond));
  }
  const std::string text = fmt::format("; beyond the nonlinearity's own effect: {}", to_string(beyond));
  const auto describe = [](const NullTest& null) {
    return fmt::format("{:+.2g}, sd {:.2g}, p = {:.3g}", null.mean, null.std_dev, null.p);
  };
  return text + fmt::format(" ({} of turned pre-activations has A4 {} (M1); with their mean kept {} (M1c))",
                            tests.nonlinearity->function, describe(tests.nonlinearity->turned),
                            describe(tests.nonlinearity->mean_kept));
}

std::string planes_text(const PlaneTests& planes) {
  const std::string tested = planes.num_planes_tested == planes.num_planes
                                 ? fmt::format("{} planes", planes.num_planes)
                                 : fmt::format("{} planes drawn from {}", planes.num_planes_tested, planes.num_planes);
  return fmt::format(
      "; of {} {} are significant by c4 and {} by hit rate at epsilon {:.3g} (Benjamini-Hochberg, 5 %; "
      "Benjamini-Yekutieli {} and {})",
      tested, planes.num_c4_bh, planes.num_hit_rate_bh, planes.epsilon, planes.num_c4_by, planes.num_hit_rate_by);
}

// A4 is over all planes and all rows: what differs in a few planes, or near them alone, may leave it as chance does.
std::string conclusion_of_none(const std::optional<PlaneTests>& planes, double alpha) {
  std::vector<std::string> others;
  if (planes && planes->arc_alignment && planes->arc_alignment->haar && planes->arc_alignment->haar->p <= alpha) {
    others.push_back(fmt::format("C4 at epsilon {:.3g} (p = {:.3g})", planes->epsilon, planes->arc_alignment->haar->p));
  }
  if (planes && planes->num_c4_by > 0) others.emplace_back("single planes");
  if (others.empty()) return "No sign of a privileged basis.";
  return fmt::format("A4 shows no privileged basis, but {} differ{} from random rotations: look there.",
                     fmt::join(others, " and "), planes->num_c4_by > 0 ? "" : "s");
}

std::string conclusion(const LayerTests& tests, double alpha) {
  if (alignment_of(tests, alpha) == Alignment::kNone) return conclusion_of_none(tests.planes, alpha);
  if (beyond_nonlinearity(tests, alpha) == BeyondNonlinearity::kNo) {
    return "Consistent with a privileged basis, but no more so than the function makes of any pre-activations.";
  }
  return "Consistent with a privileged basis.";
}

}  // namespace

Alignment alignment_of(const LayerTests& tests, double alpha) {
  if (!(tests.haar.p <= alpha)) return Alignment::kNone;
  return tests.haar.score > tests.haar.mean ? Alignment::kAligned : Alignment::kDiagonal;
}

BeyondNonlinearity beyond_nonlinearity(const LayerTests& tests, double alpha) {
  if (!tests.nonlinearity) return BeyondNonlinearity::kNotComputable;
  const Alignment alignment = alignment_of(tests, alpha);
  if (alignment == Alignment::kNone) return BeyondNonlinearity::kNo;
  const bool beyond_turned = is_beyond(tests.nonlinearity->turned, alignment, alpha);
  const bool beyond_mean_kept = is_beyond(tests.nonlinearity->mean_kept, alignment, alpha);
  if (beyond_turned != beyond_mean_kept) return BeyondNonlinearity::kNullsDisagree;
  return beyond_turned ? BeyondNonlinearity::kYes : BeyondNonlinearity::kNo;
}

const char* to_string(Alignment alignment) {
  switch (alignment) {
    case Alignment::kAligned:
      return "aligned";
    case Alignment::kDiagonal:
      return "diagonal";
    case Alignment::kNone:
      break;
  }
  return "none beyond chance";
}

const char* to_string(BeyondNonlinearity beyond) {
  switch (beyond) {
    case BeyondNonlinearity::kYes:
      return "yes";
    case BeyondNonlinearity::kNo:
      return "no";
    case BeyondNonlinearity::kNullsDisagree:
      return "M1 and M1c disagree";
    case BeyondNonlinearity::kNotComputable:
      break;
  }
  return "not computable";
}

std::string verdict(const LayerTests& tests, double alpha) {
  const Alignment alignment = alignment_of(tests, alpha);
  std::string text = fmt::format("{}: {}, p = {:.3g} against R = {} Haar rotations ({})", to_string(alignment),
                                 score_text(tests), tests.haar.p, tests.haar.num_rotations(), null_text(tests.haar));
  if (alignment == Alignment::kNone) text += sensitivity_text(tests.haar, alpha);
  text += fmt::format("; effective dimension {:.1f} of {}", tests.effective_dimension, tests.dim);
  text += shares_text(tests);
  text += tests.centred ? "; centred" : "; not centred";
  text += nonlinearity_text(tests, alpha);
  if (tests.planes) text += planes_text(*tests.planes);
  text += fmt::format("; {} of {} rows, in {} block{}. ", tests.num_rows, tests.num_rows_offered, tests.num_blocks,
                      tests.num_blocks == 1 ? "" : "s");
  return text + conclusion(tests, alpha);
}

}  // namespace srm
