import 'dart:async';

import 'package:printcam/printcam_core.dart';
import 'package:printcam/src/native/native_library.dart';

import 'bench.dart';
import 'check.dart';
import 'fake_native.dart';

void tests() {
  test('events in order, and the picture right after playing', () async {
    final bench = Bench();
    final id = (await bench.begin(options: atOnce)).streamId;
    final heard = bench.listen(id);
    final manager = bench.manager;
    await settle();
    manager
      ..tell(NativeEventKind.connecting, stream: id)
      ..tell(NativeEventKind.resized, stream: id, width: 16, height: 9)
      ..play(id)
      ..tell(NativeEventKind.frame, stream: id, timestampMs: 1033)
      ..tell(NativeEventKind.tick, stream: id)
      ..tell(
        NativeEventKind.stalled,
        stream: id,
        detail: RtspErrorDetail.noMedia,
      )
      ..tell(
        NativeEventKind.reconnecting,
        stream: id,
        detail: RtspErrorDetail.connectionFailed,
      )
      ..tell(
        NativeEventKind.trouble,
        stream: id,
        detail: RtspErrorDetail.connectionFailed,
      )
      ..play(id)
      ..tell(NativeEventKind.reconnecting, stream: id, planned: true)
      ..tell(NativeEventKind.stopped, stream: id);
    await settle();
    expect(heard, [
      'resized 16x9',
      'playing',
      'frame 1000',
      'frame 1033',
      'stalled noMedia',
      'reconnecting connectionFailed',
      'reconnecting connectionFailed again',
      'playing',
      'frame 1000',
      'stopped',
      '.',
    ]);
  });

  test('the new events are kinds of the old ones', () {
    const exception = RtspException(
      code: RtspErrorCode.timeout,
      message: 'none',
    );
    expect(const RtspStalledEvent(exception) is RtspErrorEvent, true);
    expect(const RtspReconnectingEvent(exception) is RtspErrorEvent, true);
    expect(
      const RtspResizedEvent(width: 1, height: 1) is RtspPlayingEvent,
      true,
    );
  });

  test('whoever listens late begins with what is the case', () async {
    final bench = Bench();
    final id = await bench.playing();
    bench.manager
      ..tell(NativeEventKind.resized, stream: id, width: 4, height: 3)
      ..tell(
        NativeEventKind.stalled,
        stream: id,
        detail: RtspErrorDetail.noMedia,
      );
    final heard = bench.listen(id);
    await settle();
    expect(heard, ['resized 4x3', 'stalled noMedia']);
  });

  test('pictures are told while somebody wants to know', () async {
    final bench = Bench();
    final id = await bench.playing();
    final calls = bench.manager.calls;
    calls.clear();
    final quiet = bench.listen(id, frames: false);
    await settle();
    expect(calls, <String>[]);
    final events = bench.controller.streamEvents(id);
    final first = events.listen((_) {});
    final second = events.listen((_) {});
    await settle();
    expect(calls, ['frames $id true']);
    bench.manager.tell(NativeEventKind.frame, stream: id);
    await first.cancel();
    await settle();
    expect(calls, ['frames $id true']);
    await second.cancel();
    await settle();
    expect(calls, ['frames $id true', 'frames $id false']);
    expect(quiet, ['playing']);
  });

  test('pictures do not pile up behind a paused listener', () async {
    final bench = Bench();
    final id = await bench.playing();
    final heard = <String>[];
    final subscription = bench.controller
        .streamEvents(id)
        .listen((event) => heard.add(line(event)));
    await settle();
    subscription.pause();
    for (var i = 0; i < 100; i++) {
      bench.manager.tell(NativeEventKind.frame, stream: id, timestampMs: i);
    }
    bench.manager.tell(
      NativeEventKind.stalled,
      stream: id,
      detail: RtspErrorDetail.noMedia,
    );
    subscription.resume();
    await settle();
    expect(heard, ['playing', 'stalled noMedia']);
  });

  test('after stop nothing is told but that it stopped', () async {
    final bench = Bench();
    final id = await bench.playing();
    final heard = bench.listen(id);
    await settle();
    bench.manager.letsGo = false;
    unawaited(bench.controller.stopStream(id));
    bench.manager.play(id);
    bench.manager.answer(id + 1000);
    await settle();
    expect(heard, ['playing', 'stopped', '.']);
    final unknown = bench.listen(id);
    await settle();
    expect(unknown, ['stopped', '.']);
  });

  test('a listener that cancels after the end harms nothing', () async {
    final bench = Bench();
    final id = await bench.playing();
    final subscription = bench.controller.streamEvents(id).listen((_) {});
    await bench.controller.dispose();
    await subscription.cancel();
    expect(bench.manager.calls.last, 'free');
  });

  test('streams that ended are kept, but not without bound', () async {
    final bench = Bench();
    final ids = <int>[];
    for (var i = 0; i < 20; i++) {
      final id = (await bench.begin(options: atOnce)).streamId;
      ids.add(id);
      bench.manager.tell(
        NativeEventKind.failed,
        stream: id,
        detail: RtspErrorDetail.timeout,
      );
    }
    await settle();
    final disposed = bench.platform.calls.where((c) => c.startsWith('dispose'));
    expect(disposed.length, 12);
    expect(bench.manager.alive.length, 0);
    final last = bench.listen(ids.last);
    final first = bench.listen(ids.first);
    await settle();
    expect(last, ['error timeout', 'stopped', '.']);
    expect(first, ['stopped', '.']);
  });

  test('statistics once a second, and their end with the stream', () async {
    final bench = Bench();
    final id = await bench.playing();
    final heard = <Object>[];
    bench.controller
        .stats(id)
        .listen(heard.add, onDone: () => heard.add('done'));
    await settle();
    bench.manager.tell(NativeEventKind.tick, stream: id);
    bench.manager.tell(NativeEventKind.tick, stream: id);
    await settle();
    expect(heard, [someStatistics, someStatistics]);
    await bench.controller.stopStream(id);
    await settle();
    expect(heard.last, 'done');
  });
}
