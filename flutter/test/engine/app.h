/* A compiled Flutter application in a real engine, and its one Texture widget. */
#ifndef PRINTCAM_TEST_APP_H
#define PRINTCAM_TEST_APP_H

#include "engine.h"

typedef struct _App App;

/* The window, and the screen around it: as large as a printer's picture, so that nothing is scaled. */
enum { APP_WIDTH = 1168, APP_HEIGHT = 720 };

/* Opens a window with the application of the folder `bundle` and waits until it has built its Texture widget. `socket`
 * is where app.py listens. */
App *app_start(const char *bundle, const char *socket);
FlView *app_view(App *app);
FlTextureRegistrar *app_textures(App *app);
/* Puts this texture into the widget, over the whole window. */
void app_show_texture(App *app, int64_t texture);

#endif
