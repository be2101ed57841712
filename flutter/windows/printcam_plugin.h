#ifndef FLUTTER_PLUGIN_PRINTCAM_PLUGIN_H_
#define FLUTTER_PLUGIN_PRINTCAM_PLUGIN_H_

// Before windows.h, whose macros min and max break the standard library's headers.
#ifndef NOMINMAX
#define NOMINMAX
#endif

#include <flutter/encodable_value.h>
#include <flutter/method_call.h>
#include <flutter/method_result.h>
#include <flutter/plugin_registrar_windows.h>

#include <cstdint>
#include <map>
#include <memory>

#include "printcam_texture.h"

namespace printcam {

// Answers the method channel `printcam/textures`: makes textures that show streams of the Rust library, and ends them.
class PrintcamPlugin : public flutter::Plugin {
 public:
  static void RegisterWithRegistrar(flutter::PluginRegistrarWindows* registrar);

  // `registrar` must outlive the plugin, as the engine's does.
  explicit PrintcamPlugin(flutter::TextureRegistrar* registrar);
  ~PrintcamPlugin() override;

  PrintcamPlugin(const PrintcamPlugin&) = delete;
  PrintcamPlugin& operator=(const PrintcamPlugin&) = delete;

 private:
  using Call = flutter::MethodCall<flutter::EncodableValue>;
  using Result = flutter::MethodResult<flutter::EncodableValue>;

  void HandleMethodCall(const Call& call, Result& result);
  void CreateTexture(const flutter::EncodableValue* arguments, Result& result);
  void DisposeTexture(const flutter::EncodableValue* arguments, Result& result);

  flutter::TextureRegistrar* registrar_;
  std::map<int64_t, std::shared_ptr<PrintcamTexture>> textures_;
};

}  // namespace printcam

#endif  // FLUTTER_PLUGIN_PRINTCAM_PLUGIN_H_
