package io.flutter.view;

import android.view.Surface;

/**
 * Stand-in for Flutter's interface: what the plugin uses, declared as in Flutter 3.41. The callbacks' former names
 * ({@code onSurfaceCreated}, {@code onSurfaceDestroyed}) are left out: overriding them must not compile.
 */
public interface TextureRegistry {
    SurfaceProducer createSurfaceProducer();

    interface TextureEntry {
        long id();

        void release();
    }

    interface SurfaceProducer extends TextureEntry {
        void setSize(int width, int height);

        Surface getSurface();

        void setCallback(Callback callback);

        interface Callback {
            default void onSurfaceAvailable() {}

            default void onSurfaceCleanup() {}
        }
    }
}
