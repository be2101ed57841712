/* A compiled Flutter application in a real engine, and its one Texture widget. */
#ifndef PRINTCAM_TEST_APP_H
#define PRINTCAM_TEST_APP_H

#include "engine.h"

typedef struct _App App;

/* Opens a window of this size that shows the application of the folder `bundle`; `socket` is where app.py listens. */
App *app_start(const char *bundle, const char *socket, int width, int height);
FlView *app_view(App *app);
FlTextureRegistrar *app_textures(App *app);
/* Whether the application has built its Texture widget and waits for a texture. */
bool app_wants_texture(App *app);
void app_show_texture(App *app, int64_t texture, int width, int height);

#endif
