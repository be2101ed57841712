import 'check.dart';
import 'controller_dispose.dart' as controller_dispose;
import 'controller_events.dart' as controller_events;
import 'controller_pictures.dart' as controller_pictures;
import 'controller_start.dart' as controller_start;
import 'decode.dart' as decode;
import 'options.dart' as options;
import 'view_model.dart' as view_model;
import 'widget.dart' as widget;

Future<void> main() {
  decode.tests();
  options.tests();
  controller_start.tests();
  controller_events.tests();
  controller_pictures.tests();
  controller_dispose.tests();
  view_model.tests();
  widget.tests();
  return runTests('unit tests');
}
