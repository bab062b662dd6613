package org.elasticsearch.plugins;

import java.util.List;

/** What is said of a plugin from the class path; the constructor differs between the two majors. */
final class Descriptors {

    private Descriptors() {}

    static PluginDescriptor of(String name, String version, String className, List<String> extended) {
        return new PluginDescriptor(name, "classpath plugin", version, version,
            Integer.toString(Runtime.version().feature()), className, null, extended, false, false, false, false);
    }
}
