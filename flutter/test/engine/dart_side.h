/* The Dart side of a plugin's channel, played by this program: the compiled application knows nothing of our plugin. */
#ifndef PRINTCAM_TEST_DART_SIDE_H
#define PRINTCAM_TEST_DART_SIDE_H

#include "engine.h"

/* A registrar with the real engine's textures, and with a messenger that ends in this program. */
FlPluginRegistrar *dart_side_new(FlView *view, FlTextureRegistrar *textures);
/* Calls the plugin and gives its answer, to be unreferenced, or null with `error`. Takes `arguments`. */
FlValue *dart_side_call(FlPluginRegistrar *registrar, const char *channel, const char *method, FlValue *arguments,
                        GError **error);

#endif
