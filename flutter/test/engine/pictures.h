/* Known pictures behind the library's table of texture functions: four quarters, each of one colour. */
#ifndef PRINTCAM_TEST_PICTURES_H
#define PRINTCAM_TEST_PICTURES_H

#include <printcam_texture_api.h>
#include <stdbool.h>

/* What is wrong with the pictures, to prove that the test sees it. */
typedef enum {
    FAULT_NONE,
    FAULT_SWAPPED, /* red and blue are exchanged */
    FAULT_FROZEN,  /* only the first picture is ever told of */
} PicturesFault;

enum { COLOURS = 4 };
/* Red, green, blue, white: the quarters from left to right and top to bottom, where the turn is 0. */
extern const uint8_t COLOUR[COLOURS][3];
extern const char *const COLOUR_NAME[COLOURS];

/* The one stream there is. */
extern const uint64_t PICTURES_STREAM;

const PrintcamTextureApi *pictures_api(PicturesFault fault);
/* Makes a picture on a thread of its own and tells of it, as the library does. Each turn moves all colours on by one
 * quarter. */
void pictures_publish(unsigned turn, uint32_t width, uint32_t height);
/* How many textures are. */
unsigned pictures_attached(void);
/* How often the engine has taken pixels. */
unsigned pictures_taken(void);

#endif
