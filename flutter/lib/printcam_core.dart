/// Watches Bambu Lab printer cameras, without Flutter: events, pictures as
/// JPEG, statistics.
library;

export 'src/controller.dart' show RtspStreamController;
export 'src/events.dart';
export 'src/exception.dart' hide exceptionOf;
export 'src/logging.dart';
export 'src/native/library.dart' show PrintcamLibrary, PrintcamLibraryException;
export 'src/options.dart';
export 'src/platform.dart';
export 'src/statistics.dart';
export 'src/view_model.dart';
