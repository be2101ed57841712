// Stand-in for the Flutter engine's header of this name: what the plugin uses of it, declared as the engine does
// (engine/src/flutter/shell/platform/common/public, Flutter 3.41), and no more.
#ifndef FLUTTER_PLUGIN_REGISTRAR_STUB_H_
#define FLUTTER_PLUGIN_REGISTRAR_STUB_H_

typedef struct FlutterDesktopPluginRegistrar* FlutterDesktopPluginRegistrarRef;

#endif  // FLUTTER_PLUGIN_REGISTRAR_STUB_H_
