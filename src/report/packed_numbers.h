#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace srm::report {

// Note [Packed numbers]
// Curves are most of a page, and a curve changes little from angle to angle. So a list of integers stands in the page
// as one text of its differences, the first from 0: d as 2 d, or -2 d - 1 below 0, in base 45 with the lowest digit
// first, a digit being one of the 90 characters from '#' to '~' without '<' and '\': the first 45 where a number ends,
// the others where it goes on. Nearly always that is one character a number, in JSON and in HTML alike.
// unpacked() in page_text.js reads it.

/// `numbers` as such a text; each and each difference must be below 2^52 in size, as JavaScript holds them.
std::string packed(std::span<const std::int64_t> numbers);

}  // namespace srm::report
