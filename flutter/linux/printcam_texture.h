#ifndef PRINTCAM_TEXTURE_H_
#define PRINTCAM_TEXTURE_H_

#include <flutter_linux/flutter_linux.h>

#include "printcam_texture_api.h"

G_BEGIN_DECLS

// One stream's pictures as a Flutter texture. Made and closed on the main thread; the engine takes pictures on its raster
// thread.
G_DECLARE_FINAL_TYPE(PrintcamTexture, printcam_texture, PRINTCAM, TEXTURE, FlPixelBufferTexture)

// A texture registered with the engine and attached to `stream`, or null with the reason: a PrintcamStatus in `status`, or
// kPrintcamOk where it was the engine that refused. `api` must outlive the texture, as the table of a loaded library does.
PrintcamTexture* printcam_texture_new(FlTextureRegistrar* registrar, const PrintcamTextureApi* api, uint64_t stream,
                                      int32_t* status);

// Takes the texture from the engine. The stream is let go a moment later, when the engine is surely done with the last
// picture; the caller's reference can go at once. To be called once.
void printcam_texture_close(PrintcamTexture* self);

// For an engine that has ended, whose raster thread is no more: lets go of the stream at once.
void printcam_texture_abandon(PrintcamTexture* self);

G_END_DECLS

#endif  // PRINTCAM_TEXTURE_H_
