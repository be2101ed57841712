#include "screen.h"

#include "expect.h"

GdkPixbuf *screen_shot(void) {
    GdkWindow *root = gdk_get_default_root_window();
    GdkPixbuf *shot = gdk_pixbuf_get_from_window(root, 0, 0, gdk_window_get_width(root), gdk_window_get_height(root));
    if (shot == NULL) fail("the screen cannot be read");
    return shot;
}

void screen_save(GdkPixbuf *shot, const char *file) {
    g_autoptr(GError) error = NULL;
    if (!gdk_pixbuf_save(shot, file, "png", &error, NULL)) fail(error->message);
}
