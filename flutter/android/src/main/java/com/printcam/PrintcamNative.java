package com.printcam;

import android.view.Surface;

/**
 * The library's texture functions for Android, which draw onto a {@link Surface} instead of giving pictures.
 *
 * <p>The first use loads the library and throws a {@link LinkageError} if the app has none. Handles are the numbers of
 * printcam.h; results are a PrintcamStatus.
 */
final class PrintcamNative {
    static final int OK = 0;
    static final int STALE_HANDLE = 3;
    static final int UNSUPPORTED = 4;

    static {
        System.loadLibrary("printcam_ffi");
    }

    private PrintcamNative() {}

    /** Draws the stream's pictures onto the surface; puts the handle for it into {@code texture[0]}. */
    static native int attachSurface(long stream, Surface surface, long[] texture);

    /** Goes on with another surface, or pauses without one; the former one is not touched any more afterwards. */
    static native int setSurface(long texture, Surface surfaceOrNull);

    /** Ends the drawing; the surface is not touched any more afterwards. */
    static native int detach(long texture);
}
