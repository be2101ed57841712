import 'headless_platform.dart'
    if (dart.library.ui) 'flutter/method_channel_platform.dart';

/// What the package needs of the platform's side of the app.
abstract interface class PrintcamPlatform {
  /// Flutter's where there is Flutter, otherwise the headless one.
  static final PrintcamPlatform instance = newPlatform();

  /// The id of no texture: where nothing can be drawn.
  static const int noTexture = -1;

  /// Makes a texture that shows a stream, by the stream's handle and the
  /// address of the functions to draw it with, and returns its id.
  Future<int> createTexture({required int stream, required int api});

  /// Lets go of a texture.
  Future<void> disposeTexture(int textureId);

  /// Where the app may keep files; `null`: unknown.
  Future<String?> storageDirectory();
}
