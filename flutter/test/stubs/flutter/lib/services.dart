/// The part of package:flutter/services.dart that printcam uses, to check types
/// against where there is no Flutter. Signatures as in Flutter 3.38.
library;

class MethodChannel {
  const MethodChannel(this.name);

  final String name;

  Future<T?> invokeMethod<T>(String method, [dynamic arguments]) =>
      throw UnimplementedError();
}
