#include "srm/basis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "srm/error.h"

namespace srm {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kKept = VectorLengths::kKept;

std::string message_of(std::int64_t num_vectors, std::int64_t dim, std::vector<double> vectors,
                       VectorLengths lengths = VectorLengths::kNormalised) {
  try {
    Basis::from_vectors("given", num_vectors, dim, std::move(vectors), lengths);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(BasisTest, StandardBasisIsTheAxes) {
  const Basis basis = Basis::standard(3);
  EXPECT_THAT(basis.vectors(), ElementsAre(1, 0, 0, 0, 1, 0, 0, 0, 1));
  EXPECT_EQ(basis.name(), "standard");
  EXPECT_EQ(basis.num_vectors(), 3);
  EXPECT_TRUE(basis.is_standard());
  EXPECT_FALSE(basis.was_rescaled());
  EXPECT_EQ(basis.length(2), 1);
}

// A flattened image has hundreds of thousands of dimensions: the matrix would be taken before any budget is asked.
TEST(BasisTest, StandardBasisOfAnyWidthTakesNoMemory) {
  EXPECT_EQ(Basis::standard(2147483647).num_vectors(), 2147483647);
  EXPECT_THAT([] { Basis::standard(0); }, testing::ThrowsMessage<Error>(HasSubstr("1 to 2147483647")));
  EXPECT_THAT([] { Basis::standard(std::int64_t{1} << 40); }, testing::ThrowsMessage<Error>(HasSubstr("got 1099511")));
}

TEST(BasisTest, RowsBecomeUnitVectorsAndItIsSaid) {
  const Basis basis = Basis::from_vectors("given", 2, 2, {3, 4, 0, -2});
  EXPECT_THAT(basis.vectors(), ElementsAre(DoubleEq(0.6), DoubleEq(0.8), 0, -1));
  EXPECT_TRUE(basis.was_rescaled());
  EXPECT_EQ(basis.length(0), 1);
  EXPECT_FALSE(basis.is_standard());
  EXPECT_EQ(basis.name(), "given");
}

TEST(BasisTest, UnitRowsStayAsTheyAreToTheLastBit) {
  const double c = std::cos(0.3), s = std::sin(0.3);
  const Basis basis = Basis::from_vectors("turned", 2, 2, {c, s, -s, c});
  EXPECT_THAT(basis.vectors(), ElementsAre(c, s, -s, c));
  EXPECT_FALSE(basis.was_rescaled());
}

TEST(BasisTest, KeptLengthsAreKeptBesideUnitVectors) {
  const Basis basis = Basis::from_vectors("given", 3, 2, {3, 4, 0, 0.5, 0, 0}, kKept);
  EXPECT_THAT(basis.vectors(), ElementsAre(3, 4, 0, 0.5, 0, 0));
  EXPECT_THAT(std::vector<double>(basis.unit_vectors().begin(), basis.unit_vectors().end()),
              ElementsAre(DoubleEq(0.6), DoubleEq(0.8), 0, 1, 0, 0));
  EXPECT_DOUBLE_EQ(basis.length(0), 5);
  EXPECT_EQ(basis.length(1), 0.5);
  EXPECT_EQ(basis.length(2), 0);
  EXPECT_FALSE(basis.was_rescaled());
}

// Their squares overflow or underflow, and the smallest have no exact length of their own.
TEST(BasisTest, HugeAndTinyVectorsKeepTheirDirection) {
  for (const double scale : {5e-324, 1e-310, 1e-200, 1e200, 1.7e308}) {
    const Basis basis = Basis::from_vectors("given", 1, 2, {scale, -scale});
    EXPECT_THAT(basis.vectors(), ElementsAre(DoubleEq(std::sqrt(0.5)), DoubleEq(-std::sqrt(0.5)))) << scale;
  }
}

TEST(BasisTest, NoVectorsIsABasisToo) { EXPECT_EQ(Basis::from_vectors("none", 0, 4, {}).num_vectors(), 0); }

TEST(BasisTest, BadVectorsAreNamed) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(message_of(2, 2, {1, 0, 0}), HasSubstr("(2, 2) and 3 numbers"));
  EXPECT_THAT(message_of(2, 0, {}), HasSubstr("dim >= 1"));
  EXPECT_THAT(message_of(-1, 2, {}), HasSubstr("(-1, 2)"));
  EXPECT_THAT(message_of(std::int64_t{1} << 62, 4, {}), HasSubstr("0 numbers")) << "the product overflows to zero";
  EXPECT_THAT(message_of(2, 2, {1, 0, kNan, 1}), HasSubstr("nan at row 1, column 0"));
  EXPECT_THAT(message_of(1, 2, {0, std::numeric_limits<double>::infinity()}), HasSubstr("inf at row 0, column 1"));
  EXPECT_THAT(message_of(2, 2, {1, 0, 0, 0}), HasSubstr("zeros in row 1"));
  EXPECT_THAT(message_of(2, 2, {1, 0, 0, 0}), HasSubstr("[basis given]"));
  EXPECT_THAT(message_of(1, 2, {1.7e308, 1.7e308}, kKept), HasSubstr("every length must be finite"));
  EXPECT_EQ(message_of(2, 2, {1, 0, 0, 0}, kKept), "no error");
}

}  // namespace
}  // namespace srm
