// Stand-in for the Flutter engine's header of this name; see texture_registrar.h.
#ifndef FLUTTER_STUB_ENCODABLE_VALUE_H_
#define FLUTTER_STUB_ENCODABLE_VALUE_H_

#include <any>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace flutter {

class CustomEncodableValue {
 public:
  explicit CustomEncodableValue(const std::any& value) : value_(value) {}
  bool operator<(const CustomEncodableValue& other) const { return this < &other; }
  bool operator==(const CustomEncodableValue& other) const { return this == &other; }

 private:
  std::any value_;
};

class EncodableValue;

using EncodableList = std::vector<EncodableValue>;
using EncodableMap = std::map<EncodableValue, EncodableValue>;

namespace internal {
using EncodableValueVariant =
    std::variant<std::monostate, bool, int32_t, int64_t, double, std::string, std::vector<uint8_t>,
                 std::vector<int32_t>, std::vector<int64_t>, std::vector<double>, EncodableList, EncodableMap,
                 CustomEncodableValue, std::vector<float>>;
}  // namespace internal

// Conversions from other types are explicit, as in the engine: an implicit one would turn a pointer into a bool.
class EncodableValue : public internal::EncodableValueVariant {
 public:
  using super = internal::EncodableValueVariant;
  using super::super;
  using super::operator=;

  explicit EncodableValue() = default;
  explicit EncodableValue(const char* string) : super(std::string(string)) {}
  EncodableValue(const CustomEncodableValue& v) : super(v) {}

  template <class T>
  constexpr explicit EncodableValue(T&& t) noexcept : super(t) {}
};

}  // namespace flutter

#endif  // FLUTTER_STUB_ENCODABLE_VALUE_H_
