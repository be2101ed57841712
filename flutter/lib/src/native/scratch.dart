import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'bindings.dart';

/// Memory for the arguments of one call.
///
/// It comes from the native library, so that no other package is needed, and is
/// wiped before it goes back: access codes pass through it.
final class Scratch {
  Scratch._(this._bindings, this._buffer, this._bytes, this._next);

  /// Room for texts of together [textBytes] and a few structs.
  ///
  /// Throws an [ArgumentError] if that is more than the library gives.
  factory Scratch(Bindings bindings, int textBytes) {
    final buffer = bindings.buffer_new(textBytes + _structBytes);
    if (buffer.data == nullptr) {
      throw ArgumentError('the texts are too long: $textBytes bytes together');
    }
    final bytes = buffer.data.asTypedList(buffer.len);
    bytes.fillRange(0, bytes.length, 0);
    return Scratch._(bindings, buffer, bytes, 0);
  }

  final Bindings _bindings;
  final Buffer _buffer;
  final Uint8List _bytes;
  int _next;

  /// Zeroed memory for a struct of [size] bytes.
  Pointer<Void> struct(int size) {
    // The library promises no alignment; its structs need 8.
    final address = _buffer.data.address + _next;
    _next += (-address) & 7;
    return _take(size).cast();
  }

  /// [text] written to where it may be borrowed from, into [target].
  void write(Uint8List text, Text target) {
    final offset = _next;
    target.data = _take(text.length);
    target.len = text.length;
    _bytes.setAll(offset, text);
  }

  /// Wipes and gives back.
  void free() {
    _bytes.fillRange(0, _bytes.length, 0);
    _bindings.buffer_free(_buffer);
  }

  Pointer<Uint8> _take(int size) {
    if (_next + size > _bytes.length) throw StateError('scratch is too small');
    final taken = _buffer.data + _next;
    _next += size;
    return taken;
  }

  /// All structs that one call takes, with their alignment, and to spare.
  static const int _structBytes = 512;
}

/// [text] as the library takes it. What is no Unicode becomes U+FFFD.
Uint8List encodeText(String text) => utf8.encode(text);

/// A borrowed text as a string.
String decodeText(Text text) => text.data == nullptr
    ? ''
    : utf8.decode(text.data.asTypedList(text.len), allowMalformed: true);
