// Stand-in for the Flutter engine's header of this name; see texture_registrar.h.
#ifndef FLUTTER_STUB_METHOD_CALL_H_
#define FLUTTER_STUB_METHOD_CALL_H_

#include <memory>
#include <string>

namespace flutter {

class EncodableValue;

template <typename T = EncodableValue>
class MethodCall {
 public:
  MethodCall(const std::string& method_name, std::unique_ptr<T> arguments);

  MethodCall(MethodCall<T> const&) = delete;
  MethodCall& operator=(MethodCall<T> const&) = delete;

  const std::string& method_name() const;
  const T* arguments() const;
};

}  // namespace flutter

#endif  // FLUTTER_STUB_METHOD_CALL_H_
