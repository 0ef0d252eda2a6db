#include "activation_basis/case.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "activation_basis/network.h"
#include "srm/basis.h"
#include "srm/basis_comparison.h"
#include "srm/basis_learning.h"
#include "srm/error.h"
#include "srm/null.h"

namespace srm::activation_basis {
namespace {

// Shares of the time that a case takes, as measured at width 16.
constexpr double kTrainingShare = 0.5;
constexpr double kMeasuringShare = (1 - kTrainingShare) / 2;

Basis basis_of(const at::Tensor& vectors, const char* name) {
  const at::Tensor rows = vectors.to(at::kDouble).contiguous();
  const double* const first = rows.const_data_ptr<double>();
  return Basis::from_vectors(name, rows.size(0), rows.size(1), {first, first + rows.numel()});
}

Against against(const NullTest& test) { return {test.z, test.p, test.mean, test.std_dev, test.skew}; }

/// Measures one network at one stage; `tick` is called between the steps of every long piece of work.
class Measurement {
 public:
  Measurement(const Network& network, const CaseKey& key, const Settings& settings, const DigitSplit& split,
              const std::function<void()>& tick)
      : network_(network), key_(key), split_(split), tick_(tick) {
    null_.num_rotations = settings.num_rotations;
    null_.seed = key.seed;
    null_.centred = true;
    null_.progress = [this](std::int64_t, std::int64_t) { tick_(); };
  }

  void measure(Stage stage, const TrainedAutoencoder& made, std::vector<BasisScore>& scores) const {
    const BottleneckActivations held_out = bottleneck_activations(made.model, split_.held_out_images);
    const BottleneckActivations training = bottleneck_activations(made.model, split_.training_images);
    for (const Place place : {Place::kBefore, Place::kAfter}) {
      const bool is_before = place == Place::kBefore;
      const at::Tensor& rows = is_before ? held_out.before : held_out.after;
      for (BasisScore& score : judge(rows, made.acting_basis)) {
        if (place == Place::kAfter && is_where_function_acts(score.basis)) {
          add_nonlinearity_nulls(held_out.before, made.acting_basis, score);
        }
        scores.push_back(with(stage, place, std::move(score)));
      }
      for (const LearnMethod method : {LearnMethod::kDiagonal, LearnMethod::kAligned}) {
        scores.push_back(
            with(stage, place, learn(method, is_before ? training.before : training.after, rows, made.acting_basis)));
      }
    }
  }

 private:
  static BasisScore with(Stage stage, Place place, BasisScore score) {
    score.stage = stage;
    score.place = place;
    return score;
  }

  bool is_where_function_acts(JudgedBasis basis) const {
    const bool is_standard = basis == JudgedBasis::kStandard;
    if (!network_.has_acting_basis()) return is_standard;
    return basis == JudgedBasis::kActing || (is_standard && network_.acts_in_standard_basis());
  }

  BasisScore score_in(const at::Tensor& rows, const Basis& basis, JudgedBasis judged) const {
    const NullTest haar = haar_null(rows, basis, null_);
    BasisScore score;
    score.basis = judged;
    score.a4 = haar.score;
    score.haar = against(haar);
    return score;
  }

  std::vector<BasisScore> judge(const at::Tensor& rows, const std::optional<at::Tensor>& acting_basis) const {
    std::vector<BasisScore> scores = {score_in(rows, Basis::standard(key_.width), JudgedBasis::kStandard)};
    if (acting_basis) {
      scores.push_back(score_in(rows, basis_of(*acting_basis, "acting"), JudgedBasis::kActing));
    } else if (network_.acts_in_standard_basis()) {
      scores.push_back(scores.front());
      scores.back().basis = JudgedBasis::kActing;
    }
    return scores;
  }

  void add_nonlinearity_nulls(const at::Tensor& before, const std::optional<at::Tensor>& acting_basis,
                              BasisScore& score) const {
    const Basis basis = acting_basis ? basis_of(*acting_basis, "acting") : Basis::standard(key_.width);
    const auto function = function_of(network_, acting_basis);
    score.m1 = against(nonlinearity_null(before, function, basis, MeanTurn::kTurned, null_));
    score.m1c = against(nonlinearity_null(before, function, basis, MeanTurn::kKept, null_));
  }

  BasisScore learn(LearnMethod method, const at::Tensor& training_rows, const at::Tensor& rows,
                   const std::optional<at::Tensor>& acting_basis) const {
    LearnOptions options;
    options.method = method;
    options.seed = key_.seed;
    options.on_sweep = [this](const LearnProgress&) { tick_(); };
    const LearnedBasis learned = learn_basis(training_rows, options);
    const at::Tensor target = acting_basis ? *acting_basis : at::eye(key_.width, at::kDouble);
    const BasisMatch match = compare_bases(learned.basis, target);
    BasisScore score =
        score_in(rows, basis_of(learned.basis, "learned"),
                 method == LearnMethod::kDiagonal ? JudgedBasis::kLearnedDiagonal : JudgedBasis::kLearnedAligned);
    score.learned = {match.mean_matched_cosine, match.chance, match.chance_95, learned.halves_agreement,
                     learned.restarts_agreement};
    return score;
  }

  const Network& network_;
  const CaseKey& key_;
  const DigitSplit& split_;
  const std::function<void()>& tick_;
  NullOptions null_;
};

}  // namespace

const char* to_string(Stage stage) { return stage == Stage::kUntrained ? "untrained" : "trained"; }

const char* to_string(Place place) { return place == Place::kBefore ? "before" : "after"; }

const char* to_string(JudgedBasis basis) {
  switch (basis) {
    case JudgedBasis::kStandard:
      return "standard";
    case JudgedBasis::kActing:
      return "acting";
    case JudgedBasis::kLearnedDiagonal:
      return "learned-diagonal";
    case JudgedBasis::kLearnedAligned:
      break;
  }
  return "learned-aligned";
}

std::string CaseKey::name() const { return fmt::format("{}-w{}-s{}", network, width, seed); }

const BasisScore* CaseResult::find(Stage stage, Place place, JudgedBasis basis) const {
  const auto found = std::find_if(scores.begin(), scores.end(), [&](const BasisScore& score) {
    return score.stage == stage && score.place == place && score.basis == basis;
  });
  return found == scores.end() ? nullptr : &*found;
}

CaseResult run_case(const CaseKey& key, const Settings& settings, const DigitSplit& split,
                    const ShareCallback& on_progress) {
  const Network& network = network_named(key.network);
  DigitAutoencoderOptions options = training_options(network, key.width, key.seed, settings.num_epochs);
  double share = 0;
  const std::function<void()> tick = [&] {
    if (on_progress) on_progress(share);
  };
  CaseResult result;
  result.key = key;
  result.settings = settings;
  const Measurement measurement(network, key, settings, split, tick);

  const int num_epochs = std::exchange(options.num_epochs, 0);
  const TrainedAutoencoder untrained = train_digit_autoencoder(options, split.training_images);
  measurement.measure(Stage::kUntrained, untrained, result.scores);
  result.untrained_error = reconstruction_error(untrained.model, split.held_out_images);
  share = kMeasuringShare;

  options.num_epochs = num_epochs;
  const TrainedAutoencoder trained = train_digit_autoencoder(options, split.training_images, [&](int epoch, double) {
    share = kMeasuringShare + kTrainingShare * epoch / num_epochs;
    tick();
  });
  measurement.measure(Stage::kTrained, trained, result.scores);
  result.trained_error = reconstruction_error(trained.model, split.held_out_images);
  return result;
}

}  // namespace srm::activation_basis
