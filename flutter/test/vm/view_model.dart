import 'dart:async';

import 'package:printcam/printcam_core.dart';
import 'package:printcam/src/native/native_library.dart';
import 'check.dart';
import 'fake_native.dart';

final class Bench {
  final FakeLibrary library = FakeLibrary();
  final FakePlatform platform = FakePlatform();
  int changes = 0;
  final List<int> started = [];
  late final CameraViewModel model = CameraViewModel(
    onChange: () => changes++,
    onStarted: (_, id) => started.add(id),
    newController: () =>
        RtspStreamController.using(library: library, platform: platform),
  );

  FakeManager get manager => library.manager;
  int get stream => manager.alive.single;
  CameraViewState get state => model.state;

  void fail(NativeEventKind kind, RtspErrorDetail detail) =>
      manager.tell(kind, stream: stream, detail: detail);
}

const CameraAddress first = CameraAddress('rtsps://first');

void tests() {
  test('from waiting to the picture, in its shape', () async {
    final bench = Bench()..model.show(first);
    expect(bench.state.phase, CameraViewPhase.waiting);
    expect(bench.state.aspectRatio, 16 / 9);
    await settle();
    expect(bench.manager.sources.single.options.waitForPicture, false);
    bench.manager.tell(
      NativeEventKind.resized,
      stream: bench.stream,
      width: 400,
      height: 300,
    );
    await settle();
    expect(bench.state.phase, CameraViewPhase.waiting);
    expect(bench.state.textureId, null);
    bench.manager.play(bench.stream);
    await settle();
    expect(bench.state.phase, CameraViewPhase.showing);
    expect(bench.state.textureId, 1);
    expect(bench.state.aspectRatio, 4 / 3);
    expect(bench.state.semanticsLabel('X1C'), 'X1C, live picture');
    expect(bench.changes > 0, true);
    // A view does not draw by events: the texture draws itself.
    expect(bench.manager.calls, ['start']);
  });

  test('trouble: the last picture with the reason, until it heals', () async {
    final bench = Bench()..model.show(first);
    await settle();
    bench.manager.play(bench.stream);
    for (final (kind, detail) in [
      (NativeEventKind.stalled, RtspErrorDetail.noMedia),
      (NativeEventKind.reconnecting, RtspErrorDetail.connectionLost),
    ]) {
      bench.fail(kind, detail);
      await settle();
      expect(bench.state.phase, CameraViewPhase.troubled, kind.name);
      expect(bench.state.textureId, 1, kind.name);
      expect(bench.state.message, '${detail.name} happened', kind.name);
      expect(bench.state.canRetry, false, kind.name);
    }
    bench.manager.play(bench.stream);
    await settle();
    expect(bench.state.phase, CameraViewPhase.showing);
    expect(bench.state.message, null);
  });

  test('trouble before any picture says why it takes so long', () async {
    final bench = Bench()..model.show(first);
    await settle();
    bench.fail(NativeEventKind.reconnecting, RtspErrorDetail.cameraBusy);
    await settle();
    expect(bench.state.phase, CameraViewPhase.waiting);
    expect(bench.state.message, 'cameraBusy happened');
  });

  test('failure: message, hint, and another try', () async {
    final bench = Bench()..model.show(first);
    await settle();
    bench.fail(NativeEventKind.failed, RtspErrorDetail.authenticationFailed);
    await settle();
    expect(bench.state.phase, CameraViewPhase.failed);
    expect(bench.state.message, 'authenticationFailed happened');
    expect(bench.state.hint, 'try');
    expect(bench.state.canRetry, true);
    final changes = bench.changes;
    bench.model.retry();
    expect(bench.state.phase, CameraViewPhase.waiting);
    expect(bench.changes, changes + 1);
    await settle();
    expect(bench.manager.sources.length, 2);
    expect(bench.platform.calls.where((c) => c == 'dispose 1').length, 1);
    bench.manager.play(bench.stream);
    await settle();
    expect(bench.state.phase, CameraViewPhase.showing);
    expect(bench.state.textureId, 2);
  });

  test('what is not about the camera is told, too', () async {
    final bench = Bench()..platform.failure = StateError('no engine');
    bench.model.show(first);
    await settle();
    expect(bench.state.phase, CameraViewPhase.failed);
    expect(bench.state.message!.contains('no engine'), true);
  });

  test('a rebuild with the same camera disturbs nothing', () async {
    final bench = Bench()..model.show(first);
    await settle();
    bench.manager.play(bench.stream);
    await settle();
    // Not const, so that it is another object.
    final same = CameraAddress(
      first.url,
      options: const RtspOptions().copyWith(),
    );
    bench.model.show(same);
    await settle();
    expect(bench.manager.calls, ['start']);
    expect(bench.state.phase, CameraViewPhase.showing);
  });

  test('another camera waits until the former has let go', () async {
    final bench = Bench()..model.show(first);
    await settle();
    final former = bench.stream;
    bench.manager.play(former);
    await settle();
    bench.manager.letsGo = false;
    bench.model.show(const CameraAddress('rtsps://second'));
    expect(bench.state.textureId, null);
    await settle();
    expect(bench.manager.calls, ['start', 'stop $former']);
    bench.manager.answer(former + 1000);
    await settle();
    expect(bench.manager.calls, ['start', 'stop $former', 'start']);
    expect(bench.manager.sources.last.url, 'rtsps://second');
  });

  test('of cameras changed quickly only the last is started', () async {
    final bench = Bench();
    for (final name in ['a', 'b', 'c']) {
      bench.model.show(CameraAddress('rtsps://$name'));
    }
    await settle();
    expect(bench.manager.sources.map((s) => s.url).toList(), ['rtsps://c']);
  });

  test('a start that is overtaken is stopped when it arrives', () async {
    final bench = Bench();
    final gate = Completer<void>();
    bench.platform.gate = gate.future;
    bench.model.show(first);
    await settle();
    final former = bench.stream;
    bench.model.show(const CameraAddress('rtsps://second'));
    gate.complete();
    await settle();
    expect(bench.manager.calls, ['start', 'stop $former', 'start']);
    expect(bench.started, [bench.stream]);
  });

  test('dispose stops the stream and tells nobody', () async {
    final bench = Bench()..model.show(first);
    await settle();
    final id = bench.stream;
    bench.manager.play(id);
    await settle();
    final changes = bench.changes;
    await bench.model.dispose();
    await bench.model.dispose();
    expect(bench.manager.calls, ['start', 'stop $id', 'free']);
    expect(bench.changes, changes);
  });

  test('dispose during start lets go of everything', () async {
    final bench = Bench();
    final gate = Completer<void>();
    bench.platform.gate = gate.future;
    bench.model.show(first);
    await settle();
    final id = bench.stream;
    final disposed = bench.model.dispose();
    gate.complete();
    await disposed;
    expect(bench.manager.calls, ['start', 'stop $id', 'free']);
    expect(bench.platform.calls.last, 'dispose 1');
  });

  test('somebody else\'s stream is shown, and not stopped', () async {
    final bench = Bench();
    final controller = RtspStreamController.using(
      library: bench.library,
      platform: bench.platform,
    );
    final started = await controller.startStream(
      'u',
      '',
      '',
      options: const RtspOptions(waitForPicture: false),
    );
    bench.manager.play(started.streamId);
    bench.model.show(
      CameraStream(
        controller,
        streamId: started.streamId,
        textureId: started.textureId,
      ),
    );
    await settle();
    expect(bench.state.phase, CameraViewPhase.showing);
    await controller.stopStream(started.streamId);
    await settle();
    expect(bench.state.phase, CameraViewPhase.stopped);
    expect(bench.state.canRetry, false);
    await bench.model.dispose();
    expect(bench.manager.calls.contains('free'), false);
  });
}
