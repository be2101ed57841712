/// A runner for tests in a bare Dart VM, where there is no package:test.
library;

import 'dart:async';
import 'dart:io';

typedef _Test = ({String name, FutureOr<void> Function() body});

final List<_Test> _tests = [];

/// Longer than any single test takes on a slow machine; beyond it one hangs.
const Duration _limit = Duration(seconds: 30);

/// Adds a test.
void test(String name, FutureOr<void> Function() body) =>
    _tests.add((name: name, body: body));

/// Runs all tests one after another and ends the program: with status 1 if any
/// failed, an error nobody caught included.
Future<void> runTests(String suite) async {
  var failed = 0;
  for (final (:name, :body) in _tests) {
    final uncaught = <Object>[];
    try {
      final done = Completer<void>();
      runZonedGuarded(() async {
        try {
          await body();
          done.complete();
        } on Object catch (error, stack) {
          done.completeError(error, stack);
        }
      }, (error, stack) => uncaught.add('nobody caught: $error\n$stack'));
      await done.future.timeout(_limit);
      await settle();
      if (uncaught.isNotEmpty) throw uncaught.first;
    } on Object catch (error, stack) {
      failed++;
      stdout.writeln('FAILED $suite: $name\n  $error\n$stack');
    }
  }
  stdout.writeln('$suite: ${_tests.length - failed} passed, $failed failed');
  await stdout.flush();
  exit(failed == 0 ? 0 : 1);
}

/// Lets everything happen that is due.
Future<void> settle() async {
  for (var turn = 0; turn < 20; turn++) {
    await Future<void>(() {});
  }
}

/// [actual] must be [wanted]; lists and records are compared by what they
/// print.
void expect(Object? actual, Object? wanted, [String row = '']) {
  if (actual == wanted || (actual is List && '$actual' == '$wanted')) return;
  throw StateError('${row.isEmpty ? '' : '$row: '}$actual instead of $wanted');
}

/// [body] must throw a [T], which is returned.
Future<T> expectThrows<T extends Object>(
  FutureOr<Object?> Function() body, [
  String row = '',
]) async {
  try {
    await body();
  } on T catch (error) {
    return error;
  }
  throw StateError('${row.isEmpty ? '' : '$row: '}did not throw a $T');
}
