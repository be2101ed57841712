#include "quarters.h"

#include <stdio.h>
#include <stdlib.h>

/* How far a channel may be off: the screen may have fewer bits than we. */
enum { TOLERANCE = 8 };

static unsigned colour_of(const guchar *pixel);

Counts quarters_count(GdkPixbuf *shot) {
    Counts counts = {0};
    const guchar *pixels = gdk_pixbuf_read_pixels(shot);
    int width = gdk_pixbuf_get_width(shot), height = gdk_pixbuf_get_height(shot);
    for (int y = 0; y < height; y++) {
        const guchar *row = pixels + (gsize)y * gdk_pixbuf_get_rowstride(shot);
        for (int x = 0; x < width; x++) {
            unsigned quarter = (y >= height / 2) * 2 + (x >= width / 2);
            counts.of[quarter][colour_of(row + (gsize)x * gdk_pixbuf_get_n_channels(shot))] += 1;
        }
    }
    return counts;
}

bool quarters_show(const Counts *counts, unsigned turn) {
    for (unsigned quarter = 0; quarter < COLOURS; quarter++) {
        unsigned all = 0;
        for (unsigned colour = 0; colour <= COLOURS; colour++) all += counts->of[quarter][colour];
        if (counts->of[quarter][(quarter + turn) % COLOURS] < all / 100 * 98) return false;
    }
    return true;
}

void quarters_print(const Counts *counts) {
    static const char *const QUARTER_NAME[COLOURS] = {"top left", "top right", "bottom left", "bottom right"};
    for (unsigned quarter = 0; quarter < COLOURS; quarter++) {
        printf("  %-12s", QUARTER_NAME[quarter]);
        for (unsigned colour = 0; colour < COLOURS; colour++) {
            printf("  %s %6u", COLOUR_NAME[colour], counts->of[quarter][colour]);
        }
        printf("  other %6u\n", counts->of[quarter][COLOURS]);
    }
}

static unsigned colour_of(const guchar *pixel) {
    for (unsigned colour = 0; colour < COLOURS; colour++) {
        bool same = true;
        for (unsigned i = 0; i < 3; i++) same = same && abs(pixel[i] - COLOUR[colour][i]) <= TOLERANCE;
        if (same) return colour;
    }
    return COLOURS;
}
