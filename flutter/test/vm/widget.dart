import 'package:flutter/widgets.dart';
import 'package:printcam/printcam.dart';
import 'package:printcam/src/native/native_library.dart';

import 'check.dart';
import 'fake_native.dart';

final class NoContext implements BuildContext {}

/// A view in the place of Flutter's element tree.
final class Shown {
  Shown(this.view) {
    state.stubWidget = view;
    state.initState();
  }

  PrintCameraView view;
  late final State<StatefulWidget> state = view.createState();

  void rebuild(PrintCameraView next) {
    final old = view;
    view = next;
    state.stubWidget = next;
    state.didUpdateWidget(old);
  }

  /// Everything it draws, outermost first.
  List<Widget> get widgets => within(state.build(NoContext()));

  List<T> all<T extends Widget>() => widgets.whereType<T>().toList();

  List<String> get texts => [for (final text in all<Text>()) text.data];
}

List<Widget> within(Widget? widget) => [
  if (widget != null) widget,
  ...switch (widget) {
    Semantics(:final child) ||
    AspectRatio(:final child) ||
    ColoredBox(:final child) ||
    Opacity(:final child) ||
    Padding(:final child) ||
    GestureDetector(:final child) => within(child),
    Flexible(:final child) => within(child),
    Stack(:final children) ||
    Column(:final children) => children.expand(within),
    _ => const <Widget>[],
  },
];

void tests() {
  test('the view draws what the model says', () async {
    final library = FakeLibrary();
    final controller = RtspStreamController.using(
      library: library,
      platform: FakePlatform(),
    );
    final started = <int>[];
    PrintCameraView view() => PrintCameraView(
      url: 'rtsps://camera',
      controller: controller,
      name: 'X1C',
      placeholder: const Text('soon'),
      onStarted: (_, id) => started.add(id),
    );
    final shown = Shown(view());
    expect(shown.texts, ['soon']);
    expect(shown.all<Semantics>().first.label, 'X1C, connecting');
    await settle();
    final manager = library.manager;
    final id = manager.alive.single;
    expect(started, [id]);

    manager.tell(NativeEventKind.resized, stream: id, width: 4, height: 3);
    manager.play(id);
    await settle();
    expect(shown.all<Texture>().single.textureId, 1);
    expect(shown.all<Opacity>().single.opacity, 1.0);
    expect(shown.all<AspectRatio>().single.aspectRatio, 4 / 3);
    expect(shown.texts, <String>[]);
    expect(shown.state.stubRedraws > 0, true);

    shown.rebuild(view());
    await settle();
    expect(manager.calls, ['start']);

    manager.tell(
      NativeEventKind.stalled,
      stream: id,
      detail: RtspErrorDetail.noMedia,
    );
    await settle();
    expect(shown.all<Opacity>().single.opacity < 1, true);
    expect(shown.texts, ['noMedia happened', 'try']);
    expect(shown.all<GestureDetector>().length, 0);

    manager.tell(
      NativeEventKind.failed,
      stream: id,
      detail: RtspErrorDetail.certificateChanged,
    );
    await settle();
    expect(shown.texts, ['certificateChanged happened', 'try', 'Try again']);
    shown.all<GestureDetector>().single.onTap!();
    await settle();
    expect(manager.sources.length, 2);

    final redraws = shown.state.stubRedraws;
    shown.state.dispose();
    await settle();
    expect(manager.alive.length, 0);
    expect(shown.state.stubRedraws, redraws);
  });
}
