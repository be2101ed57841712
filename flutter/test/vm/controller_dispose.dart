import 'dart:async';

import 'package:printcam/printcam_core.dart';

import 'bench.dart';
import 'check.dart';

void tests() {
  test(
    'dispose stops all, waits for the cameras, frees, and may repeat',
    () async {
      final bench = Bench();
      final ids = [await bench.playing(), await bench.playing()];
      bench.manager.letsGo = false;
      var disposed = 0;
      unawaited(bench.controller.dispose().then((_) => disposed++));
      unawaited(bench.controller.dispose().then((_) => disposed++));
      await settle();
      bench.manager.answer(ids.first + 1000);
      await settle();
      expect(disposed, 0);
      bench.manager.answer(ids.last + 1000);
      await settle();
      expect(disposed, 2);
      expect(bench.manager.calls.last, 'free');
      expect(
        bench.platform.calls.where((c) => c.startsWith('dispose')).length,
        2,
      );
    },
  );

  test('dispose of a controller that did nothing loads nothing', () async {
    final bench = Bench();
    await bench.controller.dispose();
    expect(bench.library.managers.length, 0);
  });

  test('dispose during start makes it throw, wherever it is', () async {
    for (final texture in [false, true]) {
      final bench = Bench();
      final gate = Completer<void>();
      if (texture) bench.platform.gate = gate.future;
      final thrown = expectThrows<RtspException>(bench.begin, '$texture');
      await settle();
      final disposed = bench.controller.dispose();
      await settle();
      gate.complete();
      expect((await thrown).detail, RtspErrorDetail.stopped, '$texture');
      await disposed;
      final created = bench.platform.calls.where((c) => c.startsWith('create'));
      expect(bench.platform.calls.length, created.length * 2, '$texture');
    }
    // Before anything was started.
    final bench = Bench();
    final thrown = expectThrows<RtspException>(bench.begin);
    final disposed = bench.controller.dispose();
    await thrown;
    await disposed;
    expect(bench.manager.calls, ['free']);
  });

  test('dispose ends what is being waited for', () async {
    final bench = Bench();
    final id = await bench.playing();
    final waiting = [
      expectThrows<RtspException>(
        () => bench.controller.captureSnapshot('u', 'n', 'p'),
      ),
      expectThrows<RtspException>(
        () => bench.controller.captureFrameFromStream(id),
      ),
    ];
    await settle();
    await bench.controller.dispose();
    await Future.wait(waiting);
  });

  test('after dispose all but stop throws', () async {
    final bench = Bench();
    final controller = bench.controller;
    final id = await bench.playing();
    final disposing = controller.dispose();
    for (final (name, call) in [
      ('start', bench.begin),
      ('capture', () => controller.captureFrameFromStream(id)),
      ('snapshot', () => controller.captureSnapshot('u', 'n', 'p')),
      ('events', () => controller.streamEvents(id)),
      ('stats', () => controller.stats(id)),
    ]) {
      await expectThrows<StateError>(call, name);
    }
    await controller.stopStream(id);
    await disposing;
    await controller.stopStream(id);
  });
}
