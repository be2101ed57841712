package com.printcam;

import android.content.Context;
import io.flutter.embedding.engine.plugins.FlutterPlugin;
import io.flutter.plugin.common.MethodCall;
import io.flutter.plugin.common.MethodChannel;
import io.flutter.view.TextureRegistry;
import java.io.File;
import java.util.HashMap;
import java.util.Map;

/** Answers the method channel {@code printcam/textures}: makes textures that show streams, and ends them. */
public final class PrintcamPlugin implements FlutterPlugin, MethodChannel.MethodCallHandler {
    /** The code of every error on the channel; Dart tells them apart by their sentence only. */
    private static final String ERROR_CODE = "texture";

    private final Map<Long, PrintcamTexture> textures = new HashMap<>();
    private Context context;
    private TextureRegistry registry;
    private MethodChannel channel;

    /** Called by Flutter. */
    public PrintcamPlugin() {}

    @Override
    public void onAttachedToEngine(FlutterPluginBinding binding) {
        context = binding.getApplicationContext();
        registry = binding.getTextureRegistry();
        channel = new MethodChannel(binding.getBinaryMessenger(), "printcam/textures");
        channel.setMethodCallHandler(this);
    }

    @Override
    public void onDetachedFromEngine(FlutterPluginBinding binding) {
        channel.setMethodCallHandler(null);
        for (PrintcamTexture texture : textures.values()) {
            texture.close();
        }
        textures.clear();
        channel = null;
        registry = null;
        context = null;
    }

    @Override
    public void onMethodCall(MethodCall call, MethodChannel.Result result) {
        switch (call.method) {
            case "create":
                create(number(call, "stream"), result);
                break;
            case "dispose":
                dispose(number(call, "texture"), result);
                break;
            case "storageDirectory":
                result.success(storageDirectory());
                break;
            default:
                result.notImplemented();
        }
    }

    /** The argument {@code api} is not used: Java reaches the library by its native methods. */
    private void create(Number stream, MethodChannel.Result result) {
        if (stream == null) {
            result.error(ERROR_CODE, "create needs the number stream.", null);
            return;
        }
        try {
            PrintcamTexture texture = PrintcamTexture.create(registry, stream.longValue());
            textures.put(texture.id(), texture);
            result.success(texture.id());
        } catch (PrintcamTexture.Refused refused) {
            result.error(ERROR_CODE, refused.getMessage(), null);
        } catch (LinkageError missing) {
            result.error(ERROR_CODE, "This app has no printcam library that suits this device and this plugin.", null);
        }
    }

    /** A texture that is gone already is no error: dispose may come twice. */
    private void dispose(Number id, MethodChannel.Result result) {
        if (id == null) {
            result.error(ERROR_CODE, "dispose needs the number texture.", null);
            return;
        }
        PrintcamTexture texture = textures.remove(id.longValue());
        if (texture != null) {
            texture.close();
        }
        result.success(null);
    }

    /** The app's private directory, which Android makes; null where there is none. */
    private String storageDirectory() {
        File directory = context.getFilesDir();
        return directory == null ? null : directory.getPath();
    }

    /** Null if the argument is missing or no number. The channel sends small numbers as Integer and others as Long. */
    private static Number number(MethodCall call, String name) {
        if (!(call.arguments instanceof Map)) {
            return null;
        }
        Object value = ((Map<?, ?>) call.arguments).get(name);
        return value instanceof Number ? (Number) value : null;
    }
}
