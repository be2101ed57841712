package io.flutter.plugin.common;

/** Stand-in for Flutter's class: what the plugin uses, declared as in Flutter 3.41. */
public final class MethodCall {
    public final String method;
    public final Object arguments;

    public MethodCall(String method, Object arguments) {
        this.method = method;
        this.arguments = arguments;
    }
}
