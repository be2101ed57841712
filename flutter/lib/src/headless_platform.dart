import 'platform.dart';

/// The platform of programs without Flutter.
PrintcamPlatform newPlatform() => const HeadlessPlatform();

/// Draws nothing: for programs that want snapshots, captures and events only.
final class HeadlessPlatform implements PrintcamPlatform {
  /// Draws nothing.
  const HeadlessPlatform();

  @override
  Future<int> createTexture({required int stream, required int api}) async =>
      PrintcamPlatform.noTexture;

  @override
  Future<void> disposeTexture(int textureId) async {}

  @override
  Future<String?> storageDirectory() async => null;
}
