package vigietest;

import java.io.IOException;
import java.util.List;

import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.index.IndexVersion;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

/** GET / and HEAD /: in the distribution they come from the module rest-root, which is not on Maven Central. */
final class RootAction extends BaseRestHandler {

    private final ClusterService clusterService;

    RootAction(ClusterService clusterService) {
        this.clusterService = clusterService;
    }

    @Override
    public String getName() {
        return "main_action";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
        request.param("human");
        return channel -> {
            var state = clusterService.state();
            Build b = Build.current();
            XContentBuilder x = channel.newBuilder().prettyPrint().lfAtEnd();
            x.startObject();
            x.field("name", clusterService.getNodeName());
            x.field("cluster_name", state.getClusterName().value());
            x.field("cluster_uuid", state.metadata().clusterUUID());
            x.startObject("version");
            x.field("number", b.qualifiedVersion());
            x.field("build_flavor", b.flavor());
            x.field("build_type", b.type().displayName());
            x.field("build_hash", b.hash());
            x.field("build_date", b.date());
            x.field("build_snapshot", b.isSnapshot());
            x.field("lucene_version", IndexVersion.current().luceneVersion().toString());
            x.field("minimum_wire_compatibility_version", b.minWireCompatVersion());
            x.field("minimum_index_compatibility_version", b.minIndexCompatVersion());
            x.endObject();
            x.field("tagline", "You Know, for Search");
            x.endObject();
            channel.sendResponse(new RestResponse(RestStatus.OK, x));
        };
    }
}
