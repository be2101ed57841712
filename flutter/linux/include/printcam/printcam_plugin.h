#ifndef FLUTTER_PLUGIN_PRINTCAM_PLUGIN_H_
#define FLUTTER_PLUGIN_PRINTCAM_PLUGIN_H_

#include <flutter_linux/flutter_linux.h>

G_BEGIN_DECLS

#ifdef FLUTTER_PLUGIN_IMPL
#define FLUTTER_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define FLUTTER_PLUGIN_EXPORT
#endif

// Answers the method channel `printcam/textures`: makes textures that show streams of the Rust library, and ends them.
G_DECLARE_FINAL_TYPE(PrintcamPlugin, printcam_plugin, PRINTCAM, PLUGIN, GObject)

// Called by the app's generated registrant, on the main thread.
FLUTTER_PLUGIN_EXPORT void printcam_plugin_register_with_registrar(FlPluginRegistrar* registrar);

G_END_DECLS

#endif  // FLUTTER_PLUGIN_PRINTCAM_PLUGIN_H_
