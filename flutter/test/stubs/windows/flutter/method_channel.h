// Stand-in for the Flutter engine's header of this name; see texture_registrar.h.
#ifndef FLUTTER_STUB_METHOD_CHANNEL_H_
#define FLUTTER_STUB_METHOD_CHANNEL_H_

#include <functional>
#include <memory>
#include <string>

#include "method_call.h"
#include "method_codec.h"
#include "method_result.h"

namespace flutter {

class BinaryMessenger;
class EncodableValue;

template <typename T>
using MethodCallHandler =
    std::function<void(const MethodCall<T>& call, std::unique_ptr<MethodResult<T>> result)>;

template <typename T = EncodableValue>
class MethodChannel {
 public:
  MethodChannel(BinaryMessenger* messenger, const std::string& name, const MethodCodec<T>* codec);
  ~MethodChannel() = default;

  MethodChannel(MethodChannel const&) = delete;
  MethodChannel& operator=(MethodChannel const&) = delete;

  void SetMethodCallHandler(MethodCallHandler<T> handler) const;
};

}  // namespace flutter

#endif  // FLUTTER_STUB_METHOD_CHANNEL_H_
