package android.view;

/** Stand-in for Android's class, which the plugin only passes on. */
public class Surface {
    private Surface() {}
}
