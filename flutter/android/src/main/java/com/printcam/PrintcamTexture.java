package com.printcam;

import android.view.Surface;
import io.flutter.view.TextureRegistry;

/** One stream drawn onto one Flutter texture. All methods belong to the main thread. */
final class PrintcamTexture implements TextureRegistry.SurfaceProducer.Callback {
    /**
     * The size the surface begins with, in pixels: about that of these cameras. The decoder sets the size of its own
     * buffers, and Flutter scales what comes.
     */
    private static final int WIDTH = 1280;

    private static final int HEIGHT = 720;

    private final TextureRegistry.SurfaceProducer producer;
    private final long handle;

    /**
     * Attaches a new texture of the engine to the stream.
     *
     * @throws Refused if the library does not take it.
     * @throws LinkageError if the app has no printcam library for this processor.
     */
    static PrintcamTexture create(TextureRegistry textures, long stream) throws Refused {
        TextureRegistry.SurfaceProducer producer = textures.createSurfaceProducer();
        producer.setSize(WIDTH, HEIGHT);
        long[] handle = new long[1];
        boolean attached = false;
        try {
            int status = PrintcamNative.attachSurface(stream, producer.getSurface(), handle);
            if (status != PrintcamNative.OK) {
                throw new Refused(status);
            }
            attached = true;
        } finally {
            if (!attached) {
                producer.release();
            }
        }
        return new PrintcamTexture(producer, handle[0]);
    }

    private PrintcamTexture(TextureRegistry.SurfaceProducer producer, long handle) {
        this.producer = producer;
        this.handle = handle;
        producer.setCallback(this);
    }

    /** What Dart knows the texture by. */
    long id() {
        return producer.id();
    }

    /** Ends the drawing and gives the texture back. To be called once. */
    void close() {
        producer.setCallback(null);
        // The library first: it must not draw onto a surface that the engine has released.
        PrintcamNative.detach(handle);
        producer.release();
    }

    @Override
    public void onSurfaceAvailable() {
        Surface surface = producer.getSurface();
        PrintcamNative.setSurface(handle, surface);
    }

    @Override
    public void onSurfaceCleanup() {
        PrintcamNative.setSurface(handle, null);
    }

    /** The library did not take the texture; the message is one sentence. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        private Refused(int status) {
            super(sentence(status));
        }

        private static String sentence(int status) {
            switch (status) {
                case PrintcamNative.STALE_HANDLE:
                    return "The stream has ended.";
                case PrintcamNative.UNSUPPORTED:
                    return "The printcam library was built without textures for this platform.";
                default:
                    return "The printcam library refused the texture (status " + status + ").";
            }
        }
    }
}
