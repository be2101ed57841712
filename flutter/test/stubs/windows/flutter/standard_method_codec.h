// Stand-in for the Flutter engine's header of this name; see texture_registrar.h.
#ifndef FLUTTER_STUB_STANDARD_METHOD_CODEC_H_
#define FLUTTER_STUB_STANDARD_METHOD_CODEC_H_

#include "encodable_value.h"
#include "method_codec.h"

namespace flutter {

class StandardCodecSerializer;

class StandardMethodCodec : public MethodCodec<EncodableValue> {
 public:
  static const StandardMethodCodec& GetInstance(const StandardCodecSerializer* serializer = nullptr);
};

}  // namespace flutter

#endif  // FLUTTER_STUB_STANDARD_METHOD_CODEC_H_
