package io.flutter.plugin.common;

/** Stand-in for Flutter's interface, which the plugin only passes on. */
public interface BinaryMessenger {}
