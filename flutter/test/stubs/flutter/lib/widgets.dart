/// The part of package:flutter/widgets.dart that printcam and its example use,
/// to check types against where there is no Flutter. Signatures as in Flutter
/// 3.38; what is only here is called `stub...`.
library;

import 'dart:typed_data';

typedef VoidCallback = void Function();
typedef WidgetBuilder = Widget Function(BuildContext context);

abstract class Key {
  const Key(String value);
}

abstract interface class BuildContext {}

abstract class Widget {
  const Widget({this.key});

  final Key? key;
}

abstract class StatelessWidget extends Widget {
  const StatelessWidget({super.key});

  Widget build(BuildContext context);
}

abstract class StatefulWidget extends Widget {
  const StatefulWidget({super.key});

  State createState();
}

abstract class State<T extends StatefulWidget> {
  late T stubWidget;
  int stubRedraws = 0;
  bool stubMounted = false;

  T get widget => stubWidget;
  bool get mounted => stubMounted;
  BuildContext get context => throw UnimplementedError();

  void initState() => stubMounted = true;
  void didUpdateWidget(covariant T oldWidget) {}
  void dispose() => stubMounted = false;

  void setState(VoidCallback fn) {
    fn();
    stubRedraws++;
  }

  Widget build(BuildContext context);
}

class Color {
  const Color(int value);
}

enum TextAlign { left, right, center }

enum TextOverflow { clip, fade, ellipsis, visible }

enum StackFit { loose, expand, passthrough }

enum MainAxisAlignment { start, end, center }

enum CrossAxisAlignment { start, end, center, stretch }

class TextDecoration {
  const TextDecoration._();

  static const TextDecoration underline = TextDecoration._();
}

class TextStyle {
  const TextStyle({Color? color, double? fontSize, TextDecoration? decoration});
}

abstract class EdgeInsetsGeometry {
  const EdgeInsetsGeometry();
}

class EdgeInsets extends EdgeInsetsGeometry {
  const EdgeInsets.all(double value);
}

class Text extends Widget {
  const Text(
    this.data, {
    super.key,
    TextStyle? style,
    TextAlign? textAlign,
    TextOverflow? overflow,
  });

  final String data;
}

class Semantics extends Widget {
  const Semantics({
    super.key,
    required this.child,
    bool container = false,
    bool? button,
    this.label,
  });

  final Widget? child;
  final String? label;
}

class AspectRatio extends Widget {
  const AspectRatio({super.key, required this.aspectRatio, this.child});

  final double aspectRatio;
  final Widget? child;
}

class ColoredBox extends Widget {
  const ColoredBox({required Color color, this.child, super.key});

  final Widget? child;
}

class Stack extends Widget {
  const Stack({
    super.key,
    StackFit fit = StackFit.loose,
    this.children = const <Widget>[],
  });

  final List<Widget> children;
}

class Opacity extends Widget {
  const Opacity({super.key, required this.opacity, this.child});

  final double opacity;
  final Widget? child;
}

class Texture extends Widget {
  const Texture({super.key, required this.textureId});

  final int textureId;
}

class SizedBox extends Widget {
  const SizedBox.shrink({super.key, this.child});

  final Widget? child;
}

class Padding extends Widget {
  const Padding({super.key, required EdgeInsetsGeometry padding, this.child});

  final Widget? child;
}

class Column extends Widget {
  const Column({
    super.key,
    MainAxisAlignment mainAxisAlignment = MainAxisAlignment.start,
    CrossAxisAlignment crossAxisAlignment = CrossAxisAlignment.center,
    this.children = const <Widget>[],
  });

  final List<Widget> children;
}

class Row extends Widget {
  const Row({
    super.key,
    CrossAxisAlignment crossAxisAlignment = CrossAxisAlignment.center,
    this.children = const <Widget>[],
  });

  final List<Widget> children;
}

class Flexible extends Widget {
  const Flexible({super.key, int flex = 1, required this.child});

  final Widget child;
}

class Expanded extends Flexible {
  const Expanded({super.key, super.flex, required super.child});
}

class Center extends Widget {
  const Center({super.key, this.child});

  final Widget? child;
}

class GestureDetector extends Widget {
  const GestureDetector({super.key, this.child, this.onTap});

  final Widget? child;
  final VoidCallback? onTap;
}

class Image extends Widget {
  const Image.memory(Uint8List bytes, {super.key, double? height});
}

void runApp(Widget app) => throw UnimplementedError();
