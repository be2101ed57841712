// Stand-in for Apple's header of this name: a picture, of which the plugin only passes the pointer on.
#ifndef COREVIDEO_STUB_H_
#define COREVIDEO_STUB_H_

typedef struct __CVBuffer *CVPixelBufferRef;

#endif  // COREVIDEO_STUB_H_
