package org.elasticsearch.xpack.security;

import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.rest.RestHandler;

/**
 * The real security plugin less its SAML actions: they need OpenSAML, which is not on Maven Central.
 * In this package because ActionModule takes a REST interceptor only from a plugin under org.elasticsearch.xpack.
 */
public final class SecurityWithoutSaml extends Security {

    public SecurityWithoutSaml(Settings settings) {
        super(settings);
    }

    @Override
    public List<ActionHandler> getActions() {
        return super.getActions().stream().filter(a -> a.getTransportAction().getName().contains("Saml") == false).toList();
    }

    @Override
    public List<RestHandler> getRestHandlers(RestHandlersServices services, Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> has) {
        Collection<RestHandler> all = super.getRestHandlers(services, nodes, has);
        return all.stream().filter(h -> h.getClass().getName().contains("Saml") == false).toList();
    }
}
