package org.elasticsearch.node;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;

import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.KeyStoreWrapper;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.gateway.GatewayService;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.plugins.ClasspathPluginsService;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.plugins.PluginsService;

/**
 * One real Elasticsearch node in this JVM, with its plugins taken from the class path.
 * System properties: es.path.home (config/elasticsearch.yml and config/log4j2.properties lie there),
 * es.plugins (class names), es.secure.KEY (kept in the keystore), es.ready.file (gets ADDR:PORT of
 * HTTP once the node is ready). Arguments: key=value settings that override elasticsearch.yml.
 * Stops cleanly on SIGTERM. In this package because Node's constructor is not public.
 */
public final class EsNode extends Node {

    private static final String SECURE = "es.secure.";
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    private EsNode(Environment environment, PluginsLoader loader, List<Class<? extends Plugin>> plugins) {
        super(NodeConstruction.prepareConstruction(environment, loader, new NodeServiceProvider() {
            @Override
            PluginsService newPluginService(Environment e, PluginsLoader l) {
                return new ClasspathPluginsService(e.settings(), e.configDir(), l, plugins);
            }
        }, true));
    }

    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(System.getProperty("es.path.home")).toAbsolutePath();
        Path config = home.resolve("config");
        LogConfigurator.registerErrorListener();
        LogConfigurator.configureESLogging();
        Settings.Builder settings = Settings.builder().put("path.home", home.toString());
        KeyStoreWrapper keystore = keystore(config);
        if (keystore != null) {
            settings.setSecureSettings(keystore);
        }
        Environment environment = InternalSettingsPreparer.prepareEnvironment(
            settings.build(), overrides(arguments), config, () -> "node");
        Files.createDirectories(environment.logsDir());
        LogConfigurator.setNodeName(Node.NODE_NAME_SETTING.get(environment.settings()));
        LogConfigurator.configure(environment, true);

        List<Class<? extends Plugin>> plugins = new ArrayList<>();
        for (String name : System.getProperty("es.plugins").split(",")) {
            plugins.add(Class.forName(name.trim()).asSubclass(Plugin.class));
        }
        Node node = new EsNode(environment, ClasspathPluginsService.emptyLoader(), plugins);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.prepareForClose();
                node.close();
            } catch (Exception e) {
                e.printStackTrace();
            } finally {
                stopped.countDown();
            }
        }, "shutdown"));
        node.start();
        boolean alone = "single-node".equals(environment.settings().get("discovery.type"));
        boolean secured = plugins.stream().anyMatch(p -> p.getName().startsWith("org.elasticsearch.xpack.security."));
        awaitRecovery(node, alone && secured);
        sayReady(node);
        stopped.await();
    }

    private static Map<String, String> overrides(String[] arguments) {
        Map<String, String> found = new HashMap<>();
        for (String argument : arguments) {
            int at = argument.indexOf('=');
            found.put(argument.substring(0, at), argument.substring(at + 1));
        }
        return found;
    }

    private static KeyStoreWrapper keystore(Path config) throws Exception {
        KeyStoreWrapper keystore = KeyStoreWrapper.load(config);
        if (keystore != null) {
            keystore.decrypt(new char[0]);
        }
        Properties given = System.getProperties();
        List<String> secure = given.stringPropertyNames().stream().filter(name -> name.startsWith(SECURE)).toList();
        if (secure.isEmpty()) {
            return keystore;
        }
        if (keystore == null) {
            keystore = KeyStoreWrapper.create();
        }
        var setString = KeyStoreWrapper.class.getDeclaredMethod("setString", String.class, char[].class);
        setString.setAccessible(true);
        for (String name : secure) {
            setString.invoke(keystore, name.substring(SECURE.length()), given.getProperty(name).toCharArray());
        }
        keystore.save(config, new char[0]);
        return keystore;
    }

    /**
     * Node.start returns before the state on disk is recovered and primaries are started. Until then indices are
     * unknown, and security answers 401 even to the right password, since it cannot read its own index. A primary
     * that cannot be allocated must not hold the node up for ever.
     */
    private static void awaitRecovery(Node node, boolean secured) throws InterruptedException {
        ClusterService cluster = node.injector().getInstance(ClusterService.class);
        long until = System.nanoTime() + PATIENCE_NANOS;
        while (System.nanoTime() < until && recovered(cluster.state(), secured) == false) {
            Thread.sleep(20);
        }
    }

    private static boolean recovered(ClusterState state, boolean secured) {
        var indices = state.routingTable().indicesRouting();
        return state.blocks().hasGlobalBlock(GatewayService.STATE_NOT_RECOVERED_BLOCK) == false
            && (secured == false || indices.keySet().stream().anyMatch(name -> name.startsWith(".security-")))
            && indices.values().stream().allMatch(index -> index.allPrimaryShardsActive());
    }

    /** Written whole, then named: who waits for the file never reads half of it. */
    private static void sayReady(Node node) throws Exception {
        String address = node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress().toString();
        Path ready = Path.of(System.getProperty("es.ready.file"));
        Path part = Path.of(ready + ".part");
        Files.writeString(part, address);
        Files.move(part, ready, StandardCopyOption.ATOMIC_MOVE);
    }
}
