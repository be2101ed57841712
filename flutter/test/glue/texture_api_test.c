// The table of texture functions as the library's header has it and as the glue has it: compiled, never run.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The two use the same names.
#define PrintcamFrameAvailable LibraryFrameAvailable
#define PrintcamPixels LibraryPixels
#define PrintcamTextureApi LibraryTextureApi
#include "printcam.h"
#undef PrintcamFrameAvailable
#undef PrintcamPixels
#undef PrintcamTextureApi

#include "printcam_texture_api.h"

_Static_assert(PRINTCAM_TEXTURE_ABI_VERSION == PRINTCAM_ABI_VERSION, "abi_version");

_Static_assert((int)kPrintcamOk == (int)PRINTCAM_OK, "PRINTCAM_OK");
_Static_assert((int)kPrintcamStaleHandle == (int)PRINTCAM_STALE_HANDLE, "PRINTCAM_STALE_HANDLE");
_Static_assert((int)kPrintcamUnsupported == (int)PRINTCAM_UNSUPPORTED, "PRINTCAM_UNSUPPORTED");
_Static_assert((int)kPrintcamNoPicture == (int)PRINTCAM_NO_PICTURE, "PRINTCAM_NO_PICTURE");

_Static_assert(sizeof(PrintcamStatus) == sizeof(int32_t), "PrintcamStatus");
_Static_assert(sizeof(PrintcamStream) == sizeof(uint64_t), "PrintcamStream");
_Static_assert(sizeof(PrintcamTexture) == sizeof(uint64_t), "PrintcamTexture");

#define SAME_PLACE(type, field) \
  _Static_assert(offsetof(Printcam##type, field) == offsetof(Library##type, field), #type "." #field)

SAME_PLACE(Pixels, data);
SAME_PLACE(Pixels, width);
SAME_PLACE(Pixels, height);
_Static_assert(sizeof(PrintcamPixels) == sizeof(LibraryPixels), "PrintcamPixels");

SAME_PLACE(TextureApi, abi_version);
SAME_PLACE(TextureApi, texture_attach);
SAME_PLACE(TextureApi, texture_detach);
SAME_PLACE(TextureApi, texture_pixels);
SAME_PLACE(TextureApi, texture_copy_pixel_buffer);
_Static_assert(sizeof(PrintcamTextureApi) == sizeof(LibraryTextureApi), "PrintcamTextureApi");
