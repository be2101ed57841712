/// Reaches every library of the package and its example, so that a compiler
/// that is given this file checks the types of all.
library;

import 'package:printcam/printcam.dart';
import 'package:printcam/printcam_core.dart' as core;
import 'package:printcam/src/flutter/method_channel_platform.dart' as channel;
import 'package:printcam_example/main.dart' as example;

import 'end_to_end.dart' as end_to_end;
import 'old_code.dart' as old_code;
import 'unit.dart' as unit;

void main() => print(
  [
    PrintCameraView,
    core.RtspStreamController,
    channel.newPlatform,
    example.main,
    end_to_end.main,
    old_code.everyEvent,
    unit.main,
  ].length,
);
