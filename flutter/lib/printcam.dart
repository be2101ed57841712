/// Watches Bambu Lab printer cameras in Flutter apps.
library;

export 'printcam_core.dart';
export 'src/flutter/print_camera_view.dart';
