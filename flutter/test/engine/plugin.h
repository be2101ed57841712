/* The plugin under test, used as its Dart side does. */
#ifndef PRINTCAM_TEST_PLUGIN_H
#define PRINTCAM_TEST_PLUGIN_H

#include "app.h"

typedef struct _Plugin Plugin;

Plugin *plugin_register(App *app);
/* A texture that shows this stream; `api` is the table of functions that it calls. The id is the engine's. */
int64_t plugin_create(Plugin *plugin, uint64_t stream, const void *api);
/* Fails unless the plugin refuses to make such a texture; prints why it does. */
void plugin_refuses(Plugin *plugin, uint64_t stream, const void *api);
void plugin_dispose(Plugin *plugin, int64_t texture);

#endif
