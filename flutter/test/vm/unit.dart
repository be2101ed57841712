import 'check.dart';
import 'controller.dart' as controller;
import 'decode.dart' as decode;
import 'options.dart' as options;
import 'view_model.dart' as view_model;
import 'widget.dart' as widget;

Future<void> main() {
  decode.tests();
  options.tests();
  controller.tests();
  view_model.tests();
  widget.tests();
  return runTests('unit tests');
}
