/// The part of package:flutter/material.dart that the example uses, to check
/// types against where there is no Flutter. Signatures as in Flutter 3.38.
library;

import 'widgets.dart';

export 'widgets.dart';

abstract class PreferredSizeWidget implements Widget {}

class MaterialApp extends Widget {
  const MaterialApp({super.key, Widget? home, String? title});
}

class Scaffold extends Widget {
  const Scaffold({super.key, PreferredSizeWidget? appBar, Widget? body});
}

class AppBar extends Widget implements PreferredSizeWidget {
  const AppBar({super.key, Widget? title});
}

class TextButton extends Widget {
  const TextButton({
    super.key,
    required VoidCallback? onPressed,
    required Widget child,
  });
}
