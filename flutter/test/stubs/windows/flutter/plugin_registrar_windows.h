// Stand-in for the Flutter engine's header of this name; see texture_registrar.h.
#ifndef FLUTTER_STUB_PLUGIN_REGISTRAR_WINDOWS_H_
#define FLUTTER_STUB_PLUGIN_REGISTRAR_WINDOWS_H_

#include <flutter_plugin_registrar.h>
// The engine's header brings it too, with all its macros.
#include <windows.h>

#include <memory>

#include "texture_registrar.h"

namespace flutter {

class BinaryMessenger;

class Plugin {
 public:
  virtual ~Plugin() = default;
};

class PluginRegistrar {
 public:
  explicit PluginRegistrar(FlutterDesktopPluginRegistrarRef core_registrar);
  virtual ~PluginRegistrar();

  PluginRegistrar(PluginRegistrar const&) = delete;
  PluginRegistrar& operator=(PluginRegistrar const&) = delete;

  BinaryMessenger* messenger();
  TextureRegistrar* texture_registrar();
  void AddPlugin(std::unique_ptr<Plugin> plugin);
};

class PluginRegistrarWindows : public PluginRegistrar {
 public:
  explicit PluginRegistrarWindows(FlutterDesktopPluginRegistrarRef core_registrar);
};

class PluginRegistrarManager {
 public:
  static PluginRegistrarManager* GetInstance();

  template <class T>
  T* GetRegistrar(FlutterDesktopPluginRegistrarRef registrar_ref);
};

}  // namespace flutter

#endif  // FLUTTER_STUB_PLUGIN_REGISTRAR_WINDOWS_H_
