package android.content;

import java.io.File;

/** Stand-in for Android's class: what the plugin uses, declared as in API 36. */
public abstract class Context {
    public abstract File getFilesDir();
}
