// Stand-in for the Flutter engine's header of this name; see texture_registrar.h.
#ifndef FLUTTER_STUB_METHOD_RESULT_H_
#define FLUTTER_STUB_METHOD_RESULT_H_

#include <string>

namespace flutter {

class EncodableValue;

template <typename T = EncodableValue>
class MethodResult {
 public:
  MethodResult() = default;
  virtual ~MethodResult() = default;

  MethodResult(MethodResult const&) = delete;
  MethodResult& operator=(MethodResult const&) = delete;

  void Success(const T& result);
  void Success();
  void Error(const std::string& error_code, const std::string& error_message, const T& error_details);
  void Error(const std::string& error_code, const std::string& error_message = "");
  void NotImplemented();
};

}  // namespace flutter

#endif  // FLUTTER_STUB_METHOD_RESULT_H_
