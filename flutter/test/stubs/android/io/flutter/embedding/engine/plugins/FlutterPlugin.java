package io.flutter.embedding.engine.plugins;

import android.content.Context;
import io.flutter.plugin.common.BinaryMessenger;
import io.flutter.view.TextureRegistry;

/** Stand-in for Flutter's interface: what the plugin uses, declared as in Flutter 3.41. */
public interface FlutterPlugin {
    void onAttachedToEngine(FlutterPluginBinding binding);

    void onDetachedFromEngine(FlutterPluginBinding binding);

    /** What an engine offers to a plugin. */
    class FlutterPluginBinding {
        private FlutterPluginBinding() {}

        public Context getApplicationContext() {
            throw new UnsupportedOperationException();
        }

        public BinaryMessenger getBinaryMessenger() {
            throw new UnsupportedOperationException();
        }

        public TextureRegistry getTextureRegistry() {
            throw new UnsupportedOperationException();
        }
    }
}
