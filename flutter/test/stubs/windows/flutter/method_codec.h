// Stand-in for the Flutter engine's header of this name; see texture_registrar.h.
#ifndef FLUTTER_STUB_METHOD_CODEC_H_
#define FLUTTER_STUB_METHOD_CODEC_H_

namespace flutter {

template <typename T>
class MethodCodec {
 public:
  virtual ~MethodCodec() = default;
};

}  // namespace flutter

#endif  // FLUTTER_STUB_METHOD_CODEC_H_
