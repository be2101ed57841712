import 'package:flutter/services.dart';

import '../platform.dart';

/// The platform of Flutter apps.
PrintcamPlatform newPlatform() => const MethodChannelPlatform();

/// The plugin's own platform code, over a channel.
final class MethodChannelPlatform implements PrintcamPlatform {
  /// The plugin's own platform code.
  const MethodChannelPlatform();

  static const MethodChannel _channel = MethodChannel('printcam/textures');

  @override
  Future<int> createTexture({required int stream, required int api}) async {
    final id = await _channel.invokeMethod<int>('create', {
      'stream': stream,
      'api': api,
    });
    return id ?? PrintcamPlatform.noTexture;
  }

  @override
  Future<void> disposeTexture(int textureId) =>
      _channel.invokeMethod<void>('dispose', {'texture': textureId});

  @override
  Future<String?> storageDirectory() =>
      _channel.invokeMethod<String>('storageDirectory');
}
