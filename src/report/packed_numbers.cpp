#include "report/packed_numbers.h"

#include <string_view>

namespace srm::report {
namespace {

constexpr std::string_view kDigits =
    "#$%&'()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";
constexpr std::uint64_t kBase = 45;
static_assert(kDigits.size() == 2 * kBase);

}  // namespace

std::string packed(std::span<const std::int64_t> numbers) {
  std::string text;
  text.reserve(numbers.size() + 8);
  std::int64_t before = 0;
  for (const std::int64_t number : numbers) {
    const std::int64_t change = number - before;
    before = number;
    auto rest = static_cast<std::uint64_t>(change < 0 ? -2 * change - 1 : 2 * change);
    for (; rest >= kBase; rest /= kBase) text += kDigits[kBase + rest % kBase];
    text += kDigits[rest];
  }
  return text;
}

}  // namespace srm::report
