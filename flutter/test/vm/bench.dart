import 'package:printcam/printcam_core.dart';

import 'check.dart';
import 'fake_native.dart';

/// A controller over fakes.
final class Bench {
  final FakeLibrary library = FakeLibrary();
  final FakePlatform platform = FakePlatform();
  late final RtspStreamController controller = RtspStreamController.using(
    library: library,
    platform: platform,
  );

  FakeManager get manager => library.manager;

  Future<({int streamId, int textureId})> begin({
    RtspOptions options = const RtspOptions(),
  }) => controller.startStream('rtsps://camera', 'bblp', '', options: options);

  /// A stream that plays.
  Future<int> playing() async {
    final begun = begin();
    await settle();
    final id = manager.alive.last;
    manager.play(id);
    return (await begun).streamId;
  }

  /// What a new listener hears from now on.
  List<String> listen(int id, {bool frames = true}) {
    final heard = <String>[];
    controller
        .streamEvents(id, frames: frames)
        .listen(
          (event) => heard.add(line(event)),
          onDone: () => heard.add('.'),
        );
    return heard;
  }
}

const RtspOptions atOnce = RtspOptions(waitForPicture: false);
